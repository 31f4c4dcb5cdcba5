/** The schedule of a compilation. */

import { concreteShapes, graphCost, type Macs } from '../../model/cost/index.js';
import type { Value } from '../../model/ir/value.js';
import { bytesOfAll } from '../../model/shape/index.js';
import { fedParameters, runAt, type Schedule, type State } from '../../runtime/schedule/index.js';
import { VERSION } from '../../version.js';
import { type Lowered, type StateInfo, withFollowed } from '../lower/index.js';
import type { Compilation } from '../pipeline/index.js';
import { COMPUTE, type Plan, planWith, type Site, variantsForPairs } from '../plan/index.js';
import { loopOfPlan } from './loop.js';
import { axesOf, parametersOf, recordOf, withParameters } from './parameters.js';
import { elementType, statedPort } from './ports.js';
import { type ProgramMacs, programMacs } from './program-macs.js';
import { wholeOf } from './whole-loop/of-schedule.js';

export interface ScheduleFiles {
  readonly sourceFile: string;
  readonly sourceHash: string;
  readonly models: Schedule['models'];
  readonly weights: Schedule['weights'];
}

/** @throws SCHEDULE_ELEMENT_TYPE when a value that crosses a border has a type JavaScript cannot carry */
export function makeSchedule(compilation: Compilation, files: ScheduleFiles): Schedule {
  const { canonical, lowered, instrumented, plan, shapes, roles } = compilation;
  const port = (value: Value) => statedPort(shapes, value);
  const used = withFollowed(
    [...lowered.programs.values()].flatMap((runs) =>
      runs.flatMap((r) => [
        ...Object.values({ ...r.reads, ...r.unused }),
        ...Object.keys(r.writes ?? {}),
      ]),
    ),
    instrumented.states,
  );
  const states = [...instrumented.states.values()].filter((s) => used.has(s.id) && !s.parameter);
  const parameters = parametersOf(compilation);
  const axes = axesOf(plan);
  const inBatch = compilation.guidance?.mode === 'batch';
  const macs = macsOf(compilation);
  const forPairs = pairsOf(compilation);
  const schedule: Schedule = {
    format: 'stepfold.schedule',
    version: 2,
    producer: `stepfold ${VERSION}`,
    source: {
      file: files.sourceFile,
      sha256: files.sourceHash,
      inputs: canonical.graph.inputs.filter((v) => !v.initializer).map(port),
      // an output that the model lists twice is one of its results
      outputs: [...new Set(canonical.graph.outputs)].map(port),
      ...(compilation.guidance && { guidance: compilation.guidance }),
      ...(compilation.followers?.size && {
        follows: Object.fromEntries(
          [...compilation.followers].map(([name, size]) => [name, size.stated]),
        ),
      }),
      roles: {
        ...(roles.latent !== undefined && { latent: roles.latent }),
        ...(roles.timestep !== undefined && { timestep: roles.timestep }),
        ...(roles.prediction !== undefined && { prediction: roles.prediction }),
      },
    },
    emit: lowered.emit,
    ...(compilation.target && { target: compilation.target.name }),
    models: files.models,
    weights: files.weights,
    states: Object.fromEntries(
      states.map(({ id, type, shape, follows, initial, counts }) => [
        id,
        {
          type: elementType(id, type),
          shape: [...shape],
          ...(follows !== undefined && { follows }),
          ...(initial && { initial: [...initial] }),
          ...(counts && { counts }),
          ...symbolsOf(lowered, id),
        },
      ]),
    ),
    ...(Object.keys(axes).length > 0 && { axes }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    loop: loopOfPlan(compilation, macs),
    ...wholeOf(compilation),
    programs: Object.fromEntries(
      [...lowered.programs].map(([name, runs]) => [
        name,
        {
          runs: runs.map((run) => withParameters(compilation, run)),
          ...(inBatch && { pairs: forPairs.has(name) }),
        },
      ]),
    ),
    calls: [...instrumented.calls],
    ...(compilation.timesteps && { timesteps: [...compilation.timesteps] }),
    ...(compilation.sampler && { sampler: structuredClone(compilation.sampler) }),
    sites: Object.fromEntries(
      plan.sites.map((site, s) => [
        site.id,
        {
          description: site.description,
          values: site.outputs.map((v) => v.name),
          strategies: plan.rows.map((row) => row[s] as string),
          ...(site.attention && { attention: attentionOf(site.attention) }),
          ...(site.invariant && { invariant: [...site.invariant] }),
          ...(site.ranges && { ranges: rangesOf(site.ranges) }),
          ...(site.forecast && { forecast: recordOf(site.forecast) }),
        },
      ]),
    ),
    cost: cost(compilation, macs, states),
  };
  return schedule.parameters ? { ...schedule, parameters: fedParameters(schedule) } : schedule;
}

/** Nothing of states whose sizes are numbers. */
function symbolsOf({ symbols }: Lowered, id: string): Pick<State, 'symbols'> {
  const own = symbols?.get(id);
  return own?.some((symbol) => symbol !== null) ? { symbols: [...own] } : {};
}

/** The variants that need pairs, whether a call of this loop is one or of others alone. */
function pairsOf({ plan, instrumented, guidance }: Compilation): Set<string> {
  const { variants, calls, rows = [] } = instrumented;
  const found = variantsForPairs(plan, variants, calls);
  for (const { choices, variants: byCall } of rows) {
    const row = planWith(plan, [choices], guidance);
    const most = Math.max(...byCall.map(({ length }) => length));
    for (let i = 0; i < most; i++) {
      const own = byCall.map((names) => names[Math.min(i, names.length - 1)]!);
      for (const name of variantsForPairs(row, variants, own)) found.add(name);
    }
  }
  return found;
}

/** One stream's part stands by itself, as most models have but one. */
const rangesOf = (ranges: NonNullable<Site['ranges']>) =>
  Object.fromEntries(
    Object.entries(ranges).map(([strategy, streams]) => [
      strategy,
      streams.length === 1 ? streams[0]! : [...streams],
    ]),
  );

function attentionOf(attention: NonNullable<Site['attention']>) {
  const { window } = attention;
  if (!('grid' in window)) return { ...attention, window };
  const { from, sizes, extents } = window.grid;
  const grid = { from, sizes: [...sizes], extents: [...extents] };
  return { ...attention, window: { grid } };
}

export function macsOf({
  lowered,
  instrumented,
  bindings,
}: Compilation): ReadonlyMap<string, ProgramMacs> {
  const states = [...instrumented.states].map(([id, { shape }]) => [id, shape]);
  const counter = [...instrumented.states.values()].find(({ counts }) => counts)?.id;
  const programs = [...lowered.programs].map(([name, runs]) => {
    const call = instrumented.calls.indexOf(name);
    const at = counter === undefined ? runs : runs.map((run) => runAt(run, counter, call));
    return [name, at] as const;
  });
  const { models } = lowered;
  return programMacs({ models, programs, states: Object.fromEntries(states) }, bindings);
}

function cost(
  { canonical, shapes, bindings, instrumented, plan }: Compilation,
  programs: ReadonlyMap<string, Macs>,
  states: readonly StateInfo[],
): NonNullable<Schedule['cost']> {
  const source = graphCost(canonical.graph, concreteShapes(shapes, bindings)).macs;
  const counts = (convention: keyof Macs) => ({
    source: source[convention],
    programs: Object.fromEntries([...programs].map(([name, macs]) => [name, macs[convention]])),
    perCall:
      instrumented.calls.reduce((sum, name) => sum + (programs.get(name)?.[convention] ?? 0), 0) /
      instrumented.calls.length,
  });
  const bytes = bytesOfAll(states, bindings);
  return {
    macs: {
      convention: { all: counts('all'), layers: counts('layers') },
      bindings: Object.fromEntries(bindings),
    },
    ...siteMacs(plan),
    ...(bytes !== undefined && { stateBytes: bytes }),
  };
}

/** Nothing where some strategy does not say what it costs. */
function siteMacs({ sites, rows }: Plan): Pick<NonNullable<Schedule['cost']>, 'sites'> {
  const costs = rows.flatMap((row) =>
    sites.map(({ strategies }, s) => ({
      computed: strategies[COMPUTE]?.cost,
      planned: strategies[row[s] as string]?.cost,
    })),
  );
  if (costs.length === 0) return {};
  const sum = (which: 'computed' | 'planned') =>
    costs.reduce((total, cost) => total + (cost[which] ?? Number.NaN), 0);
  const [computed, planned] = [sum('computed'), sum('planned')];
  return Number.isNaN(computed + planned) ? {} : { sites: { computed, planned } };
}
