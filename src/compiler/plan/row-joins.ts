/**
 * The cheapest plan row that several calls can share when none of them may get a less exact strategy
 * than it has: at each site the cheapest strategy that is at least as exact as all that the calls have
 * there, and whose states were written before the first of them.
 *
 * Assumes that a more exact strategy writes every state that a less exact one does, so that what an
 * earlier call of the plan could write is written whatever that call gets instead. Of a site that
 * lies inside another it is assumed that it ran when the plan says so; lowering checks it.
 */
import { groupBy } from '../../model/ir/group-by.js';
import { addBit, bitSet, covers, equals, layBits, union } from './bit-sets.js';
import { moreExactThan } from './exactness.js';
import { Histories } from './histories.js';
import type { Plan } from './plan.js';
import type { Site } from './site.js';
import { chosenAt, partsOf, statesAt } from './strategies.js';

/** What must be known of a set of calls to choose a row for them. */
export interface CallSet {
  readonly calls: number;
  /** Which way the calls take strategies apart into parts; undefined when they differ in it. */
  readonly phase: number | undefined;
  /** The earliest of them. */
  readonly first: number;
  /** For each site the strategies that the calls have, as sets of bits. */
  readonly wanted: Int32Array;
}

export interface RowJoins {
  /** Number of ways in which calls take strategies apart. */
  readonly phases: number;
  /** Calls of a phase whose rows mean the same; in order. */
  readonly distinct: readonly (readonly number[])[];
  /** @param calls of one phase */
  callSet(calls: readonly number[]): CallSet;
  join(a: CallSet, b: CallSet): CallSet;
  /** Cost of all calls of the set when they share a row; infinite for calls of several phases. */
  cost(set: CallSet): number;
  /** The row that they share. */
  row(set: CallSet): string[];
}

/** A strategy of one site, ready to be chosen. */
interface Candidate {
  readonly name: string;
  readonly cost: number;
  /** Itself alone, as a set of the site's strategies. */
  readonly alone: Int32Array;
  /** The strategies that it is at least as exact as, itself among them. */
  readonly standsFor: Int32Array;
  /** The first call by which the states that it reads are written. */
  readonly readable: number;
}

/** @param cost MACs of a site under a strategy, or any other measure that adds up over sites */
export function rowJoins(plan: Plan, cost: (site: Site, strategy: string) => number): RowJoins {
  const phases = callsByPhase(plan);
  const numbers = plan.sites.map(
    ({ strategies }) => new Map(Object.keys(strategies).map((name, i) => [name, i])),
  );
  const { starts, words } = layBits(numbers.map(({ size }) => size));
  const columns = phases.map(([first]) =>
    plan.sites.map((_, s) => candidates(plan, s, first as number, cost)),
  );
  const choices = ({ phase, first, wanted }: CallSet) =>
    columns[phase ?? 0]!.map((column, s) => choose(column, first, wanted, starts[s]!));
  const meaning = (call: number) =>
    plan.rows[call]!.map((name, s) =>
      chosenAt(plan.sites[s]!, name, call).map(([, strategy]) => strategy.name),
    );
  const strategiesOf = (calls: readonly number[]): Int32Array => {
    const wanted = new Int32Array(words);
    for (const call of calls)
      for (const [s, name] of plan.rows[call]!.entries())
        addBit(wanted, starts[s]!, numbers[s]!.get(name)!);
    return wanted;
  };
  return {
    phases: phases.length,
    distinct: phases.flatMap((calls) => alike(calls, meaning)),
    callSet: (calls) => ({
      calls: calls.length,
      phase: phases.findIndex((phase) => phase.includes(calls[0]!)),
      first: Math.min(...calls),
      wanted: strategiesOf(calls),
    }),
    join: (a, b) => ({
      calls: a.calls + b.calls,
      phase: a.phase === b.phase ? a.phase : undefined,
      first: Math.min(a.first, b.first),
      wanted: union(a.wanted, b.wanted),
    }),
    cost: (set) =>
      set.phase === undefined
        ? Infinity
        : set.calls * choices(set).reduce((sum, c) => sum + c.cost, 0),
    row: (set) => choices(set).map((c) => c.name),
  };
}

/** Calls of one phase can share a program; in those of another, strategies choose other parts. */
function callsByPhase({ sites, calls }: Plan): number[][] {
  const divided = sites.flatMap((site) =>
    site.parts ? Object.values(site.strategies).map(({ parts }) => parts) : [],
  );
  return alike(Array(calls).keys(), (call) => divided.map((parts) => parts(call)));
}

const alike = (calls: Iterable<number>, keyOf: (call: number) => unknown): number[][] => [
  ...groupBy(calls, (call) => JSON.stringify(keyOf(call))).values(),
];

/**
 * @param column cheapest first
 * @param start where the set of the site's strategies lies in `wanted`
 */
function choose(
  column: readonly Candidate[],
  first: number,
  wanted: Int32Array,
  start: number,
): Candidate {
  return (
    // what all of the calls have already stays: that its states are there is the plan's doing
    column.find((c) => equals(c.alone, wanted, start)) ??
    // computing is as exact as all, and reads nothing
    column.find((c) => c.readable <= first && covers(c.standsFor, wanted, start))!
  );
}

/** @param call any of its phase */
function candidates(
  plan: Plan,
  s: number,
  call: number,
  cost: (site: Site, strategy: string) => number,
): Candidate[] {
  const site = plan.sites[s]!;
  const written = firstWritten(plan, s);
  const histories = new Histories(partsOf(site));
  const names = Object.keys(site.strategies);
  const above = new Map(names.map((name) => [name, moreExactThan(site, name)]));
  return names
    .map((name, own) => {
      const { reads } = statesAt(site, name, call);
      return {
        name,
        cost: cost(site, name),
        alone: bitSet(names.length, [own]),
        standsFor: bitSet(
          names.length,
          [...names.keys()].filter((other) => other === own || above.get(names[other]!)!.has(name)),
        ),
        readable: Math.max(
          0,
          ...reads
            .filter((id) => !histories.isParameter(id))
            .map((id) =>
              histories.isInitial(id)
                ? 0
                : (written.get(histories.placeOf(id).root) ?? Infinity) + 1,
            ),
        ),
      };
    })
    .sort((a, b) => a.cost - b.cost || above.get(a.name)!.size - above.get(b.name)!.size);
}

/** For each state the first call of the plan that can write it. */
function firstWritten(plan: Plan, s: number): Map<string, number> {
  const first = new Map<string, number>();
  for (const [call, row] of plan.rows.entries())
    for (const state of statesAt(plan.sites[s]!, row[s] as string, call).writes)
      if (!first.has(state)) first.set(state, call);
  return first;
}
