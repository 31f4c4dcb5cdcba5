/**
 * What a schema cannot say about a schedule: that every reference has its target, that a tensor is
 * made before it is used, within a call (wires) and across calls (states), and that each thing has
 * one source. Costs one walk over the programs and one over the calls.
 */
import type { Problem } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import { checkConstant } from './check-constant.js';
import { checkCounter, checkSymbols, checkWhole } from './check-counter.js';
import { checkAxes, checkHistories, checkInitial, checkParameters } from './check-histories.js';
import { checkLoop, checkRules } from './check-loop.js';
import { checkProgram } from './check-program.js';
import { checkStates } from './check-states.js';
import { timestepProblems } from './check-timesteps.js';
import { stepsOfCalls } from './guidance.js';
import { pointer } from './pointer.js';

export interface CheckResult {
  /** The schedule cannot be run, or contradicts itself. */
  readonly errors: readonly Problem[];
  /** It runs, but carries something for nothing. */
  readonly warnings: readonly Problem[];
}

/** Checks a schedule that fits its JSON Schema. */
export function checkSchedule(schedule: Schedule): CheckResult {
  const errors: Problem[] = [
    ...checkNames(schedule),
    ...Object.entries(schedule.programs).flatMap(([id, program]) =>
      checkProgram(schedule, id, program),
    ),
    ...constants(schedule),
    ...checkHistories(schedule),
    ...checkInitial(schedule),
    ...checkCounter(schedule),
    ...checkSymbols(schedule),
    ...checkWhole(schedule),
    ...checkAxes(schedule),
    ...checkParameters(schedule),
    ...checkCalls(schedule),
    ...checkTimesteps(schedule),
    ...checkPlan(schedule),
    ...checkCost(schedule),
    ...checkLoop(schedule),
  ];
  // Definite assignment assumes that references hold; without them it would report the same again.
  if (errors.length === 0) errors.push(...checkStates(schedule));
  if (errors.length === 0) errors.push(...checkRules(schedule));
  return { errors, warnings: warnings(schedule) };
}

function checkNames({ source, models, weights }: Schedule): Problem[] {
  return [
    ...repeated(source.inputs.map((p) => p.name)).map((i) => ({
      path: pointer('source', 'inputs', i, 'name'),
      message: 'is the name of another input too',
    })),
    ...repeated(source.outputs.map((p) => p.name)).map((i) => ({
      path: pointer('source', 'outputs', i, 'name'),
      message: 'is the name of another output too',
    })),
    ...repeated(weights.map((w) => w.file)).map((i) => ({
      path: pointer('weights', i, 'file'),
      message: 'is listed already',
    })),
    ...Object.entries(models)
      .filter(([, model]) => weights.some((w) => w.file === model.file))
      .map(([id]) => ({ path: pointer('models', id, 'file'), message: 'is a weights file too' })),
  ];
}

/** Indices of the entries that equal an earlier one. */
function repeated(names: readonly string[]): number[] {
  return names.flatMap((name, i) => (names.indexOf(name) < i ? [i] : []));
}

function constants({ programs }: Schedule): Problem[] {
  return Object.entries(programs).flatMap(([id, { runs }]) =>
    runs.flatMap((run, r) =>
      Object.entries(run.constants ?? {}).flatMap(([input, constant]) =>
        checkConstant(pointer('programs', id, 'runs', r, 'constants', input), constant),
      ),
    ),
  );
}

function checkCalls({ calls, programs }: Schedule): Problem[] {
  return calls.flatMap((program, call) =>
    Object.hasOwn(programs, program)
      ? []
      : [{ path: pointer('calls', call), message: `names no program: "${program}"` }],
  );
}

function checkTimesteps({ timesteps, calls, source }: Schedule): Problem[] {
  if (!timesteps) return [];
  const steps = stepsOfCalls(calls.length, source.guidance);
  const wrong = timestepProblems(timesteps).map(({ index, message }) => ({
    path: pointer('timesteps', index),
    message,
  }));
  if (timesteps.length === steps) return wrong;
  const message = `must be one for each of the ${steps} steps, found ${timesteps.length}`;
  return [{ path: pointer('timesteps'), message }, ...wrong];
}

function checkPlan({ sites = {}, calls }: Schedule): Problem[] {
  return Object.entries(sites)
    .filter(([, site]) => site.strategies.length !== calls.length)
    .map(([id, site]) => ({
      path: pointer('sites', id, 'strategies'),
      message: `must have a strategy for each of the ${calls.length} calls, found ${site.strategies.length}`,
    }));
}

function checkCost({ cost, programs }: Schedule): Problem[] {
  return Object.entries(cost?.macs?.convention ?? {}).flatMap(([convention, counts]) =>
    Object.keys(counts.programs)
      .filter((id) => !Object.hasOwn(programs, id))
      .map((id) => ({
        path: pointer('cost', 'macs', 'convention', convention, 'programs', id),
        message: 'is not the id of a program',
      })),
  );
}

function warnings({ models, states, programs, calls, loop, whole }: Schedule): Problem[] {
  const runs = Object.values(programs).flatMap((program) => program.runs);
  const called = new Set([...calls, ...(loop?.rows ?? []).flatMap((row) => row.programs.flat())]);
  const used = new Set([...runs.map((run) => run.model), ...(whole ? [whole.model] : [])]);
  const read = new Set(runs.flatMap((run) => Object.values(run.reads ?? {})));
  const unused = (kind: string, ids: readonly string[], has: ReadonlySet<string>, why: string) =>
    ids.filter((id) => !has.has(id)).map((id) => ({ path: pointer(kind, id), message: why }));
  return [
    ...unused('programs', Object.keys(programs), called, 'is run by no call'),
    ...unused('models', Object.keys(models), used, 'is run by no program'),
    ...unused('states', Object.keys(states), read, 'is read by no program'),
  ];
}
