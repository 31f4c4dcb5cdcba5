/** Which nodes exist only for the sake of some values: the region behind a site. */
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { nodeDependencies } from '../ir/order.js';
import type { Value } from '../ir/value.js';

/**
 * Nodes needed for `values` and for nothing else: what remains needed when `roots` are to be had and
 * `values` are given stays outside. No node of the result feeds one outside it except by `values`.
 */
export function exclusiveRegion(
  graph: Graph,
  values: readonly Value[],
  roots: readonly Value[],
): Set<Node> {
  const given = new Set(values);
  const outside = reach(roots, given);
  const region = new Set<Node>();
  for (const node of reachProducers(values)) if (!outside.has(node)) region.add(node);
  for (const node of region) if (node.graph !== graph) region.delete(node);
  return region;
}

function reach(roots: readonly Value[], given: ReadonlySet<Value>): Set<Node> {
  const seen = new Set<Node>();
  const stack = [...roots];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (given.has(value) || !node || seen.has(node)) continue;
    seen.add(node);
    stack.push(...nodeDependencies(node));
  }
  return seen;
}

const reachProducers = (values: readonly Value[]): Set<Node> => reach(values, new Set());
