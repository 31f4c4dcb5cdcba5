/**
 * A graph cut at its sites, so that after a change at one site nothing is run again that the change
 * cannot reach. A segment holds the nodes that descend from the same sites; it must be run again when
 * one of them changes, and only then. In a chain of L blocks these are L + 1 segments, but nothing
 * here asks for a chain: branches side by side are segments side by side.
 *
 * It costs O(sites x nodes of a site + edges).
 */
import { sitesNested } from '../../errors/index.js';
import { constantTensor } from '../../model/ir/constants.js';
import { between } from '../../model/ir/extract.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { nodeDependencies, topologicalOrder } from '../../model/ir/order.js';
import type { Value } from '../../model/ir/value.js';
import { inputsOf } from './pieces.js';

export interface Segment {
  /** The last site that its nodes descend from, -1 for none. */
  readonly level: number;
  readonly nodes: ReadonlySet<Node>;
}

export interface Partition {
  /** In an order in which they can run, where each site is settled before segments of its level. */
  readonly segments: readonly Segment[];
  /**
   * Values that may be handed from model to model: those of sites, what is made outside of sites, and
   * what segments hand each other.
   */
  readonly borders: ReadonlySet<Value>;
  /** The last site that a value descends from, -1 for none; of a site's own value the site. */
  level(value: Value): number;
}

/**
 * @param sites values of each site, in topological order
 * @throws CALIBRATE_NESTED when a site needs what descends from itself
 */
export function partition(
  graph: Graph,
  sites: readonly (readonly Value[])[],
  ids: readonly string[],
): Partition {
  const insides = insideSites(graph, sites);
  const order = topologicalOrder(graph).filter((node) => insides.has(node));
  const given = new Set(sites.flat());
  /** By value, the sites that it descends from, as bits. */
  const ancestors = new Map(
    sites.flatMap((values, s) => values.map((value) => [value, 1n << BigInt(s)] as const)),
  );
  const segments = new Map<bigint, Set<Node>>();
  const borders = new Set<Value>(given);
  for (const node of order) {
    const own = nodeDependencies(node).reduce(
      (all, value) => all | (ancestors.get(value) ?? 0n),
      0n,
    );
    const site = insides.get(node);
    if (site !== undefined && last(own) >= site)
      throw sitesNested(
        ids[site]!,
        ids.filter((_, s) => s !== site && s <= last(own)),
      );
    segments.set(own, (segments.get(own) ?? new Set()).add(node));
    for (const output of node.outputs) {
      if (!output) continue;
      const itself = given.has(output) ? ancestors.get(output)! : 0n;
      ancestors.set(output, own | itself);
      if (site === undefined && !constantTensor(output)) borders.add(output);
    }
  }
  const sorted = [...segments]
    .map(([sites, nodes]) => ({ sites, level: last(sites), nodes }))
    .sort((a, b) => a.level - b.level || count(a.sites) - count(b.sites));
  for (const { nodes } of sorted) for (const value of inputsOf(nodes)) borders.add(value);
  return { segments: sorted, borders, level: (value) => last(ancestors.get(value) ?? 0n) };
}

/** The nodes that run when every site is computed, with the site that each of them is run for alone. */
function insideSites(
  graph: Graph,
  sites: readonly (readonly Value[])[],
): Map<Node, number | undefined> {
  const given = new Set(sites.flat());
  const homes = new Map<Node, number | undefined>();
  for (const node of between(graph.outputs, given).nodes) homes.set(node, undefined);
  for (const [s, values] of sites.entries()) {
    const others = new Set(given);
    for (const value of values) others.delete(value);
    // what two sites need is no more inside of one than of the other
    for (const node of between(values, others).nodes)
      homes.set(node, homes.has(node) ? undefined : s);
  }
  return homes;
}

/** The highest bit, -1 where there is none. */
const last = (bits: bigint): number => (bits === 0n ? -1 : bits.toString(2).length - 1);

const count = (bits: bigint): number => bits.toString(2).replaceAll('0', '').length;
