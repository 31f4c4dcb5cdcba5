/**
 * Fewer variants with the same results: calls that run the same but keep different states are made to
 * keep all that any of them must. What is kept for nothing costs the making of it, and is never read:
 * a union is not made where a call would read what another call than before wrote, or nothing.
 */
import { groupBy } from '../../model/ir/group-by.js';
import type { LiveUnder } from './flow.js';
import { Histories, Writers } from './histories.js';
import type { FlatPlan } from './parts.js';
import { type Row, rowKey, type Variant, variantKey } from './variants.js';

/** Calls that run the same and keep the same. */
interface Alike {
  readonly calls: readonly number[];
  readonly variant: Variant;
}

/**
 * The calls of a plan, of which those with equal rows write the same wherever that is possible.
 * @param calls the variant of each call
 * @param most stops as soon as there are no more than so many variants; the cheapest unions come first
 */
export function unionWrites(
  plan: FlatPlan,
  calls: readonly Variant[],
  liveUnder: LiveUnder,
  most = 1,
): Variant[] {
  let state: Joined = { calls, groups: groupsOf(calls) };
  while (state.groups.length > most) {
    const next = joinTwo(plan, state, sources(plan, calls), liveUnder);
    if (!next) break;
    state = next;
  }
  return [...state.calls];
}

/** The calls so far, and the same by variant. */
interface Joined {
  readonly calls: readonly Variant[];
  readonly groups: readonly Alike[];
}

/** @param before what each call read at first */
function joinTwo(
  plan: FlatPlan,
  { calls, groups }: Joined,
  before: Sources,
  liveUnder: LiveUnder,
): Joined | undefined {
  for (const { joined, parts } of unions(plan, groups, liveUnder)) {
    const next = calls.map((own, call) => (joined.calls.includes(call) ? joined.variant : own));
    if (readsTheSame(before, sources(plan, next)))
      return { calls: next, groups: [...groups.filter((group) => !parts.includes(group)), joined] };
  }
  return undefined;
}

const groupsOf = (calls: readonly Variant[]): Alike[] =>
  [...groupBy(calls.entries(), ([, variant]) => variantKey(variant)).values()].map((group) => ({
    calls: group.map(([call]) => call),
    variant: group[0]![1],
  }));

/** Every two groups that run the same once both write what either does; least to write first. */
function* unions(plan: FlatPlan, groups: readonly Alike[], liveUnder: LiveUnder) {
  const lacking = (a: Alike, b: Alike) =>
    a.calls.length * b.variant.writes.filter((state) => !a.variant.writes.includes(state)).length;
  const pairs = groups.flatMap((a, i) =>
    groups
      .slice(i + 1)
      .filter((b) => agree(a.variant.row, b.variant.row))
      .map((b) => ({ parts: [a, b], cost: lacking(a, b) + lacking(b, a) })),
  );
  for (const { parts } of pairs.sort((x, y) => x.cost - y.cost)) {
    const joined = union(plan, parts, liveUnder);
    if (joined) yield { joined, parts };
  }
}

/** A site that is live in one call only may become live in the other by what that has to write. */
const agree = (a: Row, b: Row): boolean =>
  a.every((name, s) => name === b[s] || name === undefined || b[s] === undefined);

function union(plan: FlatPlan, parts: readonly Alike[], liveUnder: LiveUnder): Alike | undefined {
  const calls = parts.flatMap((part) => part.calls);
  const writes = [...new Set(parts.flatMap((part) => part.variant.writes))].sort();
  // most of the calls have the same row, and a look into the graph takes its time
  const rows = new Map(calls.map((call) => [rowKey(plan.rows[call]!), plan.rows[call]!]));
  const variants = [...rows.values()].map((planned): Variant => {
    const { sites, states } = liveUnder(planned, writes);
    return {
      row: planned.map((name, s) => (sites.has(s) ? name : undefined)),
      reads: [...states],
      writes,
    };
  });
  const same = new Set(variants.map(({ row }) => rowKey(row))).size === 1;
  return same ? { calls, variant: variants[0]! } : undefined;
}

/** For each call the states that it reads, and the calls that wrote what they hold. */
type Sources = readonly ReadonlyMap<string, string>[];

/** Of a state that was not written yet. */
const NOTHING = '';
/** Of one that holds its initial value. */
const INITIAL = 'initial';

function sources(plan: FlatPlan, calls: readonly Variant[]): Sources {
  const histories = new Histories(plan.sites);
  const writers = new Writers(histories);
  return calls.map(({ reads, writes }, call) => {
    const states = reads.filter((id) => !histories.isParameter(id));
    const found = new Map(
      states.map((state) => {
        const made = writers.of(state).join();
        return [state, made === NOTHING && histories.isInitial(state) ? INITIAL : made];
      }),
    );
    for (const state of writes) writers.write(state, call);
    return found;
  });
}

function readsTheSame(before: Sources, after: Sources): boolean {
  return after.every((reads, call) =>
    [...reads].every(
      ([state, made]) =>
        made !== NOTHING && (!before[call]!.has(state) || before[call]!.get(state) === made),
    ),
  );
}
