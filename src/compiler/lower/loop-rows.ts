/**
 * What steps can be in any loop, and the variants that run them. Of each row there is at least one that keeps all that
 * some row reads of what this one can keep, so that whatever follows in a loop finds it; whether a call has to keep it is
 * found when the loop is known.
 */
import {
  type Choices,
  type FlatPlan,
  Histories,
  type LiveUnder,
  type Variant,
} from '../plan/index.js';

/** What a step can be: a choice of each rule, and by call of the step the variants that run it. */
export interface LoopRow<V> {
  readonly choices: Choices;
  readonly variants: readonly (readonly V[])[];
}

/**
 * @param plan whose steps are the rows
 * @param rows the choices of each
 * @param known for each call of it, the variants that there are
 */
export function loopRows(
  plan: FlatPlan,
  rows: readonly Choices[],
  known: readonly (readonly Variant[])[],
  live: LiveUnder,
): LoopRow<Variant>[] {
  const complete = keepingAll(plan, live);
  const perStep = plan.rows.length / rows.length;
  return rows.map((choices, step) => ({
    choices,
    variants: Array.from({ length: perStep }, (_, half) => {
      const call = step * perStep + half;
      const whole = complete[call]!;
      const own = known[call]!;
      const isKnown = own.some(({ writes }) =>
        whole.writes.every((state) => writes.includes(state)),
      );
      return [...own, ...(isKnown ? [] : [whole])].sort(
        (a, b) => a.writes.length - b.writes.length,
      );
    }),
  }));
}

/** For each call the variant that writes every state that any call reads and this one can write. */
function keepingAll(plan: FlatPlan, live: LiveUnder): Variant[] {
  const histories = new Histories(plan.sites);
  let calls: Variant[] = plan.rows.map(() => ({ row: [], reads: [], writes: [] }));
  for (;;) {
    const before = calls;
    const read = new Set(
      plan.rows
        .flatMap((row, call) => [...live(row, before[call]!.writes).states])
        .filter((id) => !histories.isParameter(id))
        .map((id) => histories.placeOf(id).root),
    );
    calls = plan.rows.map((row, call) => {
      const { sites } = live(row, before[call]!.writes);
      const possible = plan.sites.flatMap((site, s) =>
        sites.has(s) ? Object.keys(site.strategies[row[s] as string]?.writes ?? {}) : [],
      );
      const kept = [...before[call]!.writes, ...possible.filter((state) => read.has(state))];
      const writes = [...new Set(kept)].sort();
      const under = live(row, writes);
      return {
        row: row.map((name, s) => (under.sites.has(s) ? name : undefined)),
        reads: [...under.states],
        writes,
      };
    });
    // only ever more, so that the rounds come to an end
    if (calls.every(({ writes }, call) => writes.length === before[call]!.writes.length))
      return calls;
  }
}
