/**
 * Costs, counted again: of the source in its canonical form, of each program as its runs go through the
 * models, on average over the calls, and of the states.
 */

import { type ProgramMacs, programMacs } from '../../../compiler/emit/program-macs.js';
import { prepare } from '../../../compiler/pipeline/index.js';
import type { Problem } from '../../../errors/index.js';
import { concreteShapes, graphCost, type Macs } from '../../../model/cost/index.js';
import type { Model } from '../../../model/ir/model.js';
import { bytesOfAll } from '../../../model/shape/index.js';
import {
  type CallSequence,
  callsOf,
  type MacCounts,
  type Schedule,
  uncounted,
} from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';

/** An average is a sum in some order. */
const ROUNDING = 1e-9;

/**
 * @param models by id; their nodes are put in order
 * @param note is told what could not be counted
 * @throws what `prepare` throws
 */
export async function costProblems(
  schedule: Schedule,
  source: Model,
  models: ReadonlyMap<string, Model>,
  note: (sentence: string) => void = () => {},
): Promise<Problem[]> {
  const { macs } = schedule.cost ?? {};
  if (!macs) return [];
  const bindings = new Map(Object.entries(macs.bindings));
  const ofSource = await sourceMacs(schedule, source, bindings);
  const ofPrograms = programMacs(
    {
      models,
      programs: Object.entries(uncounted(schedule).programs).map(
        ([name, { runs }]) => [name, runs] as const,
      ),
      states: Object.fromEntries(
        Object.entries({ ...schedule.states, ...schedule.parameters }).map(([id, { shape }]) => [
          id,
          shape,
        ]),
      ),
    },
    bindings,
  );
  const partly = [...ofPrograms].filter(([, { isWhole }]) => !isWhole).map(([name]) => name);
  if (partly.length > 0)
    note(
      `the MACs of ${partly.map((name) => `"${name}"`).join(', ')} were not compared: sizes that other models compute are not known in theirs`,
    );
  return [
    ...Object.entries(macs.convention).flatMap(([convention, counts]) =>
      countProblems(callsOf(schedule), convention as keyof Macs, counts, ofSource, ofPrograms),
    ),
    ...bytesProblems(schedule, bindings),
  ];
}

/** As the bundle was made: sizes that were fixed are numbers there. */
async function sourceMacs(
  { source: { inputs } }: Schedule,
  source: Model,
  bindings: ReadonlyMap<string, number>,
): Promise<Macs> {
  const fixed = inputs.map(({ name, shape }) => [
    name,
    shape.map((dim) => (typeof dim === 'number' ? dim : null)),
  ]);
  const { canonical, shapes } = await prepare(source, { shapes: Object.fromEntries(fixed) });
  return graphCost(canonical.graph, concreteShapes(shapes, bindings)).macs;
}

function bytesProblems(
  { states, cost }: Schedule,
  bindings: ReadonlyMap<string, number>,
): Problem[] {
  const says = cost?.stateBytes;
  if (says === undefined) return [];
  const counted = bytesOfAll(Object.values(states), bindings);
  const path = pointer('cost', 'stateBytes');
  return counted === undefined || counted === says
    ? []
    : [{ path, message: `says ${says}, where ${counted} are counted` }];
}

function countProblems(
  calls: CallSequence,
  convention: keyof Macs,
  { source, programs, perCall }: MacCounts,
  ofSource: Macs,
  ofPrograms: ReadonlyMap<string, ProgramMacs>,
): Problem[] {
  const at = (...keys: string[]) => pointer('cost', 'macs', 'convention', convention, ...keys);
  const compare = (path: string, says: number | undefined, counted: number): Problem[] =>
    says !== undefined && Math.abs(says - counted) <= ROUNDING * Math.abs(counted)
      ? []
      : [{ path, message: `says ${says}, where ${counted} are counted` }];
  const average = calls.inOrder
    .map((name) => programs[name] ?? Number.NaN)
    .reduce((sum, macs) => sum + macs, 0);
  return [
    ...compare(at('source'), source, ofSource[convention]),
    ...[...ofPrograms].flatMap(([name, macs]) =>
      macs.isWhole ? compare(at('programs', name), programs[name], macs[convention]) : [],
    ),
    ...compare(at('perCall'), perCall, average / calls.length),
  ];
}
