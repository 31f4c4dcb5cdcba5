/**
 * Divides things into at most so many groups at the least cost. Up to 12 things: the best there is,
 * by dynamic programming over subsets (3^12 / 2 steps). More: from several beginnings, single things
 * are moved as long as that helps; a few hundred things take about a second.
 */

/** What a group costs is known from a summary of it, which can be joined with that of another. */
export interface Grouping<Summary> {
  join(a: Summary, b: Summary): Summary;
  cost(summary: Summary): number;
}

/** Indices into the things that were given. */
export type Partition = readonly (readonly number[])[];

const MOST_EXACT = 12;

/** @param most groups, 1 or more */
export function bestPartition<S>(things: readonly S[], most: number, how: Grouping<S>): Partition {
  if (things.length <= most) return things.map((_, i) => [i]);
  return things.length <= MOST_EXACT
    ? exactPartition(things, most, how)
    : soughtPartition(things, most, how);
}

/** A good division, which need not be the best; one improved by joining or by cutting, whichever is better. */
export function soughtPartition<S>(
  things: readonly S[],
  most: number,
  how: Grouping<S>,
): Partition {
  const price = (partition: Partition) =>
    partition.reduce((sum, group) => sum + how.cost(summarize(things, group, how)), 0);
  return [agglomerate(things, most, how), cutInOrder(things, most, how)]
    .map((start) => improve(things, start, how))
    .reduce((best, next) => (price(next) < price(best) ? next : best));
}

const summarize = <S>(things: readonly S[], group: readonly number[], how: Grouping<S>): S =>
  group.map((i) => things[i] as S).reduce((a, b) => how.join(a, b));

/**
 * Subsets are sets of bits; the group that holds a subset's lowest thing is tried in every form. Far more
 * things than are worth the time still fit the 31 bits there are.
 */
export function exactPartition<S>(things: readonly S[], most: number, how: Grouping<S>): Partition {
  if (things.length > 30) throw new RangeError(`${things.length} things have too many subsets`);
  const all = (1 << things.length) - 1;
  const summaries: S[] = [];
  const costs = new Float64Array(all + 1);
  for (let set = 1; set <= all; set++) {
    const lowest = things[31 - Math.clz32(set & -set)] as S;
    const rest = set & (set - 1);
    summaries[set] = rest === 0 ? lowest : how.join(lowest, summaries[rest] as S);
    costs[set] = how.cost(summaries[set] as S);
  }
  /** Least cost of each subset in so many groups, and the group that holds its lowest thing. */
  let best = costs;
  const choice = [Int32Array.from(costs, (_, set) => set)];
  for (let groups = 2; groups <= most; groups++) {
    const next = best.slice();
    const taken = Int32Array.from(choice.at(-1)!);
    for (let set = 1; set <= all; set++) {
      const lowest = set & -set;
      const others = set ^ lowest;
      for (let more = (others - 1) & others; ; more = (more - 1) & others) {
        const total = costs[lowest | more]! + best[others ^ more]!;
        if (total < next[set]!) {
          next[set] = total;
          taken[set] = lowest | more;
        }
        if (more === 0) break;
      }
    }
    best = next;
    choice.push(taken);
  }
  const groups: number[][] = [];
  for (let set = all, left = most; set !== 0; left--) {
    const group = choice[left - 1]![set]!;
    groups.push(things.flatMap((_, i) => ((group >> i) & 1 ? [i] : [])));
    set ^= group;
  }
  return groups;
}

/** Joins the two groups whose joining costs least, until they are few enough. */
function agglomerate<S>(things: readonly S[], most: number, how: Grouping<S>): Partition {
  const groups = things.map((summary, i) => ({ members: [i], summary, cost: how.cost(summary) }));
  const increase = (a: (typeof groups)[number], b: (typeof groups)[number]) =>
    how.cost(how.join(a.summary, b.summary)) - a.cost - b.cost;
  /** `increases[i][j]` for j < i. */
  const increases = groups.map((a, i) =>
    Float64Array.from(groups.slice(0, i), (b) => increase(a, b)),
  );
  const alive = new Set(groups.keys());
  while (alive.size > most) {
    let [from, into, least] = [-1, -1, Infinity];
    for (const i of alive)
      for (const j of alive) {
        if (j >= i) break;
        if (from >= 0 && increases[i]![j]! >= least) continue;
        [from, into, least] = [i, j, increases[i]![j]!];
      }
    const summary = how.join(groups[into]!.summary, groups[from]!.summary);
    const members = [...groups[into]!.members, ...groups[from]!.members];
    groups[into] = { members, summary, cost: how.cost(summary) };
    alive.delete(from);
    for (const k of alive)
      if (k !== into)
        increases[Math.max(k, into)]![Math.min(k, into)] = increase(groups[into]!, groups[k]!);
  }
  return [...alive].map((i) => groups[i]!.members);
}

/** The best division of the things, as they are ordered, into runs. */
function cutInOrder<S>(things: readonly S[], most: number, how: Grouping<S>): Partition {
  const n = things.length;
  /** `runs[i][j - i]`: cost of the run from i to j. */
  const runs = things.map((first, i) => {
    let summary = first;
    return Float64Array.from({ length: n - i }, (_, k) => {
      if (k > 0) summary = how.join(summary, things[i + k] as S);
      return how.cost(summary);
    });
  });
  /** Least cost of the things before each place, and where the last run begins. */
  let best = Float64Array.from({ length: n + 1 }, (_, end) => (end === 0 ? 0 : runs[0]![end - 1]!));
  const begins: Int32Array[] = [new Int32Array(n + 1)];
  for (let groups = 2; groups <= most; groups++) {
    const next = best.slice();
    const begin = new Int32Array(n + 1);
    for (let end = 1; end <= n; end++) {
      begin[end] = begins.at(-1)![end]!;
      for (let from = 1; from < end; from++) {
        const total = best[from]! + runs[from]![end - from - 1]!;
        if (total >= next[end]!) continue;
        next[end] = total;
        begin[end] = from;
      }
    }
    best = next;
    begins.push(begin);
  }
  const groups: number[][] = [];
  for (let end = n, left = most; end > 0; left--) {
    const from = begins[left - 1]![end]!;
    groups.unshift(Array.from({ length: end - from }, (_, k) => from + k));
    end = from;
  }
  return groups;
}

/** Moves one thing at a time to the group where it costs least, until none moves. */
function improve<S>(things: readonly S[], start: Partition, how: Grouping<S>): Partition {
  const grouped = (members: readonly number[]) => {
    const summary = summarize(things, members, how);
    return { members, summary, cost: how.cost(summary) };
  };
  const groups = start.map(grouped);
  for (let moved = true; moved; ) {
    moved = false;
    for (const [i, thing] of things.entries()) {
      const home = groups.findIndex((group) => group.members.includes(i));
      const { members, cost } = groups[home]!;
      if (members.length === 1) continue;
      const rest = grouped(members.filter((member) => member !== i));
      // a gain within rounding would go back and forth
      let most = 1e-9 * Math.abs(cost);
      let target = home;
      for (const [g, group] of groups.entries()) {
        if (g === home) continue;
        const gain = cost - rest.cost + group.cost - how.cost(how.join(group.summary, thing));
        if (gain > most) [most, target] = [gain, g];
      }
      if (target === home) continue;
      groups[home] = rest;
      groups[target] = grouped([...groups[target]!.members, i]);
      moved = true;
    }
  }
  return groups.map((group) => group.members);
}
