/**
 * What flows from call to call: which sites are live in each call, which states each call reads,
 * and which it must write because a later call reads them. A call may read only what an earlier
 * call wrote since the start of the image; that is checked here.
 */
import { planKeptTwice, planUnassigned } from '../../errors/index.js';
import { Histories, Writers } from './histories.js';
import type { FlatPlan } from './parts.js';
import { type Variant, variantKey } from './variants.js';

/** What the outputs of a call, and the states it writes, depend on. */
export interface Liveness {
  /** Indices of sites. */
  readonly sites: ReadonlySet<number>;
  /** Ids of states. */
  readonly states: ReadonlySet<string>;
}

/** @param writes states that the call writes, beside having the model's outputs */
export type LiveUnder = (row: readonly string[], writes: readonly string[]) => Liveness;

/**
 * Writing a state may need values that the outputs do not, and so further states: rounds are made
 * until nothing changes. In most plans the second round finds that nothing did.
 *
 * @throws PLAN_UNASSIGNED naming call, site and state; PLAN_CONFLICT where two sites of a call keep a state that
 *   is read
 */
export function analyzeFlow(plan: FlatPlan, liveUnder: LiveUnder): Variant[] {
  const live = memoize(liveUnder);
  let writes: readonly (readonly string[])[] = plan.rows.map(() => []);
  for (;;) {
    const calls = flowRound(plan, live, writes);
    // only ever more, so that the rounds come to an end
    const next = calls.map((call, t) => [...new Set([...writes[t]!, ...call.writes])].sort());
    if (next.every((states, t) => states.length === writes[t]!.length)) return calls;
    writes = next;
  }
}

function flowRound(
  plan: FlatPlan,
  live: LiveUnder,
  writes: readonly (readonly string[])[],
): Variant[] {
  const histories = new Histories(plan.sites);
  const writers = new Writers(histories);
  const needed: Set<string>[] = plan.rows.map(() => new Set());
  /** By call, the sites that keep a state, in the order of the plan. */
  const keepers: Map<string, string[]>[] = plan.rows.map(() => new Map());
  const calls = plan.rows.map((row, call) => {
    const { sites, states } = live(row, writes[call]!);
    const alive = plan.sites.flatMap((site, s) =>
      sites.has(s) ? [{ site, name: row[s] as string }] : [],
    );
    for (const state of states) {
      if (histories.isParameter(state)) continue;
      const made = writers.of(state);
      if (made.length === 0 && !histories.isInitial(state)) {
        const reader = alive.find((a) => a.site.strategies[a.name]?.reads.includes(state));
        throw planUnassigned(
          call,
          reader?.site.parent ?? reader?.site.id ?? '',
          reader?.name ?? '',
          state,
        );
      }
      for (const writer of made) needed[writer]!.add(histories.placeOf(state).root);
    }
    for (const { site, name } of alive)
      for (const state of Object.keys(site.strategies[name]?.writes ?? {})) {
        writers.write(state, call);
        keepers[call]!.set(state, [...(keepers[call]!.get(state) ?? []), site.id]);
      }
    return { row: row.map((name, s) => (sites.has(s) ? name : undefined)), reads: [...states] };
  });
  for (const [call, states] of needed.entries())
    for (const state of states) {
      const [first, second] = keepers[call]!.get(state)!;
      if (second !== undefined) throw planKeptTwice(call, second, first!, state);
    }
  return calls.map((call, t) => ({ ...call, writes: [...(needed[t] ?? [])].sort() }));
}

function memoize(liveUnder: LiveUnder): LiveUnder {
  const known = new Map<string, Liveness>();
  return (row, writes) => {
    const key = variantKey({ row, writes });
    const result = known.get(key) ?? liveUnder(row, writes);
    known.set(key, result);
    return result;
  };
}
