/** What a search has decided, as a plan of the whole loop. */
import { COMPUTE, makePlan, type Plan } from '../../compiler/plan/index.js';
import type { DecidedCall } from './search.js';
import type { SearchSpace } from './space.js';

export interface Outcome {
  readonly plan: Plan;
  /** By site id: of each call the loss of the strategy that was taken, null where it is computed. */
  readonly losses: Readonly<Record<string, readonly (number | null)[]>>;
  readonly evaluations: { readonly done: number; readonly plain: number };
}

/** The calls of the whole loop: those that it leaves out, or that are another model's, are computed. */
export function wholeLoop(
  { sites }: SearchSpace,
  decided: readonly DecidedCall[],
  calls: number,
  first: number,
): DecidedCall[] {
  const computed: DecidedCall = {
    row: sites.map(() => COMPUTE),
    losses: sites.map(() => null),
    attempts: 0,
    evaluations: 0,
  };
  const whole = Array<DecidedCall>(calls).fill(computed);
  whole.splice(first, decided.length, ...decided);
  return whole;
}

/** Columns in the order in which the pass lists its sites. */
export function outcomeOf(
  space: SearchSpace,
  calls: number,
  ids: readonly string[],
  decided: readonly DecidedCall[],
): Outcome {
  const sites = ids.map((id) => space.sites.find((site) => site.id === id)!);
  const column = <T>(id: string, of: (call: DecidedCall) => readonly T[]) => {
    const at = space.sites.findIndex((site) => site.id === id);
    return decided.map((call) => of(call)[at]!);
  };
  const entries = Object.fromEntries(ids.map((id) => [id, column(id, (call) => call.row)]));
  const sum = (of: (call: DecidedCall) => number) => decided.reduce((total, c) => total + of(c), 0);
  return {
    plan: makePlan(calls, [{ sites, entries }]),
    losses: Object.fromEntries(ids.map((id) => [id, column(id, (call) => call.losses)])),
    evaluations: {
      done: sum((call) => call.evaluations),
      // the reference, the candidates, and the call itself; the first is only run, and others not at all
      plain: decided.filter((call) => call.evaluations > 0).length * 2 + sum((c) => c.attempts) - 1,
    },
  };
}
