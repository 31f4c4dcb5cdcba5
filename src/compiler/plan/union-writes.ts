/**
 * Fewer programs with the same results: calls that run the same but keep different states are made to
 * keep all that any of them must. What is kept for nothing costs the making of it, and is never read:
 * a union is not made where a call would read what another call than before wrote, or nothing.
 */
import type { CallFlow, LiveUnder } from './flow.js';
import { Histories, Writers } from './histories.js';
import type { FlatPlan } from './parts.js';

/** Calls that run the same and keep the same: one program. */
interface Variant {
  readonly calls: readonly number[];
  readonly flow: CallFlow;
}

/**
 * The calls of a plan, of which those with equal rows write the same wherever that is possible.
 * @param calls the flow of the plan
 * @param most stops as soon as there are no more than so many programs; the cheapest unions come first
 */
export function unionWrites(
  plan: FlatPlan,
  calls: readonly CallFlow[],
  liveUnder: LiveUnder,
  most = 1,
): CallFlow[] {
  let state: Joined = { flows: calls, variants: toVariants(calls) };
  while (state.variants.length > most) {
    const next = joinTwo(plan, state, sources(plan, calls), liveUnder);
    if (!next) break;
    state = next;
  }
  return [...state.flows];
}

/** The calls so far, and the same by program. */
interface Joined {
  readonly flows: readonly CallFlow[];
  readonly variants: readonly Variant[];
}

/** @param before what each call read at first */
function joinTwo(
  plan: FlatPlan,
  { flows, variants }: Joined,
  before: Sources,
  liveUnder: LiveUnder,
): Joined | undefined {
  for (const { joined, parts } of unions(plan, variants, liveUnder)) {
    const next = flows.map((flow, call) => (joined.calls.includes(call) ? joined.flow : flow));
    if (readsTheSame(before, sources(plan, next)))
      return {
        flows: next,
        variants: [...variants.filter((variant) => !parts.includes(variant)), joined],
      };
  }
  return undefined;
}

function toVariants(calls: readonly CallFlow[]): Variant[] {
  const variants = new Map<string, { calls: number[]; flow: CallFlow }>();
  for (const [call, flow] of calls.entries()) {
    const key = JSON.stringify([flow.row, flow.writes]);
    const variant = variants.get(key) ?? { calls: [], flow };
    variant.calls.push(call);
    variants.set(key, variant);
  }
  return [...variants.values()];
}

/** Every two variants that run the same once both write what either does; least to write first. */
function* unions(plan: FlatPlan, variants: readonly Variant[], liveUnder: LiveUnder) {
  const lacking = (a: Variant, b: Variant) =>
    a.calls.length * b.flow.writes.filter((state) => !a.flow.writes.includes(state)).length;
  const pairs = variants.flatMap((a, i) =>
    variants
      .slice(i + 1)
      .filter((b) => agree(a.flow.row, b.flow.row))
      .map((b) => ({ parts: [a, b], cost: lacking(a, b) + lacking(b, a) })),
  );
  for (const { parts } of pairs.sort((x, y) => x.cost - y.cost)) {
    const joined = union(plan, parts, liveUnder);
    if (joined) yield { joined, parts };
  }
}

/** A site that is live in one call only may become live in the other by what that has to write. */
const agree = (a: CallFlow['row'], b: CallFlow['row']): boolean =>
  a.every((name, s) => name === b[s] || name === undefined || b[s] === undefined);

function union(
  plan: FlatPlan,
  parts: readonly Variant[],
  liveUnder: LiveUnder,
): Variant | undefined {
  const calls = parts.flatMap((part) => part.calls);
  const writes = [...new Set(parts.flatMap((part) => part.flow.writes))].sort();
  // most of the calls have the same row, and a look into the graph takes its time
  const rows = new Map(calls.map((call) => [JSON.stringify(plan.rows[call]), plan.rows[call]!]));
  const flows = [...rows.values()].map((planned): CallFlow => {
    const { sites, states } = liveUnder(planned, writes);
    return {
      row: planned.map((name, s) => (sites.has(s) ? name : undefined)),
      reads: [...states],
      writes,
    };
  });
  const same = new Set(flows.map(({ row }) => JSON.stringify(row))).size === 1;
  return same ? { calls, flow: flows[0]! } : undefined;
}

/** For each call the states that it reads, and the calls that wrote what they hold. */
type Sources = readonly ReadonlyMap<string, string>[];

/** Of a state that was not written yet. */
const NOTHING = '';

function sources(plan: FlatPlan, calls: readonly CallFlow[]): Sources {
  const histories = new Histories(plan.sites);
  const writers = new Writers(histories);
  return calls.map(({ reads, writes }, call) => {
    const states = reads.filter((id) => !histories.isParameter(id));
    const found = new Map(states.map((state) => [state, writers.of(state).join()]));
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
