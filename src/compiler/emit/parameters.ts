/** The parameters of a schedule: what strategies are fed at each call, as the calls that wrote states have it. */

import { elementCount } from '../../model/ir/tensor.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Run } from '../lower/index.js';
import type { Compilation } from '../pipeline/index.js';
import {
  expandParts,
  type ForecastRecord,
  Histories,
  type ParameterSpec,
  type Plan,
  Writers,
} from '../plan/index.js';

type Parameters = NonNullable<Schedule['parameters']>;

/** A forecast as the schedule has it; where steps lie stands once for all of them. */
export const recordOf = <F extends ForecastRecord>({ axis, ...forecast }: F) => ({
  ...forecast,
  ...(axis && { axis: axis.name }),
});

/** Positions on the axes by which some forecast goes. */
export const axesOf = ({ sites }: Pick<Plan, 'sites'>): NonNullable<Schedule['axes']> =>
  Object.fromEntries(
    sites.flatMap(({ forecast }) =>
      forecast?.axis ? [[forecast.axis.name, [...forecast.axis.positions]]] : [],
    ),
  );

const isParameter = ({ instrumented }: Compilation, id: string): boolean =>
  instrumented.states.get(id)?.parameter !== undefined;

/**
 * By id, with the numbers of each call that takes them; left out where there are none. Of forecasts they follow from the
 * rule, once the schedule has its calls (`fedParameters`).
 */
export function parametersOf(compilation: Compilation): Parameters {
  const { instrumented, lowered } = compilation;
  const specs = [...instrumented.states.values()].flatMap(({ parameter }) => parameter ?? []);
  const fed = new Set([...lowered.programs.values()].flatMap((runs) => runs.flatMap(readBy)));
  const numbers = numbersOf(
    compilation,
    specs.filter(({ forecast }) => !forecast),
  );
  return Object.fromEntries(
    specs
      .filter(({ id }) => fed.has(id))
      .map(({ id, shape, forecast }) => [
        id,
        {
          shape: [...shape],
          ...(forecast && { forecast: recordOf(forecast) }),
          calls: numbers.get(id) ?? [],
        },
      ]),
  );
}

const readBy = ({ reads = {} }: Run): string[] => Object.values(reads);

/** By id, what whoever made a parameter says that it is at each call. */
function numbersOf(
  { instrumented, lowered, plan }: Compilation,
  specs: readonly ParameterSpec[],
): ReadonlyMap<string, (number[] | null)[]> {
  const values = new Map(specs.map(({ id }) => [id, [] as (number[] | null)[]]));
  if (specs.length === 0) return values;
  const writers = new Writers(new Histories(expandParts(plan).sites));
  for (const [call, program] of instrumented.calls.entries()) {
    const runs = lowered.programs.get(program)!;
    const read = new Set(runs.flatMap(readBy));
    for (const { id, at } of specs)
      values.get(id)!.push(read.has(id) ? [...at(writers.at(call))] : null);
    for (const { writes = {} } of runs)
      for (const state of Object.keys(writes)) writers.write(state, call);
  }
  return values;
}

/** A run with parameters apart from states; one that it does not depend on is fed zeros. */
export function withParameters(compilation: Compilation, run: Run): Run {
  const { reads = {}, unused = {}, constants = {}, ...rest } = run;
  const [taken, read] = apart(compilation, reads);
  const [idle, open] = apart(compilation, unused);
  if (taken.length + idle.length === 0) return run;
  const zeros = idle.map(([input, id]) => {
    const { shape } = compilation.instrumented.states.get(id)!.parameter!;
    const data = Array<number>(elementCount(shape)).fill(0);
    return [input, { type: 'float32' as const, shape: [...shape], data }] as const;
  });
  const fed = [...Object.entries(constants), ...zeros];
  return {
    ...rest,
    ...(fed.length > 0 && { constants: Object.fromEntries(fed) }),
    ...(read.length > 0 && { reads: Object.fromEntries(read) }),
    ...(taken.length > 0 && { parameters: Object.fromEntries(taken) }),
    ...(open.length > 0 && { unused: Object.fromEntries(open) }),
  };
}

/** Inputs of parameters, and those of states. */
function apart(compilation: Compilation, inputs: Readonly<Record<string, string>>) {
  const entries = Object.entries(inputs);
  const of = (wanted: boolean) =>
    entries.filter(([, id]) => isParameter(compilation, id) === wanted);
  return [of(true), of(false)] as const;
}
