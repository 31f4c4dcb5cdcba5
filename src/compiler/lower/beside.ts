/** What a value takes beside others that are made anyway. */

import { isHeavy } from '../../model/cost/index.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { nodeDependencies, topologicalOrder } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Value } from '../../model/ir/value.js';
import { reachNodes } from './region.js';

/** Of each node, in topological order. */
export const placesOf = (graph: Graph): Map<Node, number> =>
  new Map(topologicalOrder(graph).map((node, i) => [node, i]));

/**
 * Is a value to be had besides others for nothing, or by element-wise work, which is nothing beside the
 * products that the others take? Not from an input that the others do not read: a call that need not
 * keep the value may have been given a placeholder there.
 * @param place of each node in topological order
 */
export function costsNothing(
  value: Value,
  others: readonly Value[],
  place: ReadonlyMap<Node, number>,
): boolean {
  if (others.includes(value)) return true;
  if (!takesProduct(others)) return false;
  const more = nodesBeside(value, others, place);
  if (more.some(isHeavy)) return false;
  const given = more
    .flatMap(nodeDependencies)
    .filter((v) => v.producer === undefined && v.initializer === undefined);
  if (given.length === 0) return true;
  const read = new Set([...reachNodes({ from: others })].flatMap(nodeDependencies));
  return given.every((v) => read.has(v));
}

/** Costs a walk back to the first product. */
function takesProduct(values: readonly Value[]): boolean {
  const seen = new Set<Node>();
  const stack = [...values];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (!node || seen.has(node)) continue;
    if (isHeavy(node)) return true;
    seen.add(node);
    pushAll(stack, nodeDependencies(node));
  }
  return false;
}

/** Is a value made on the way to others, if nothing but them is wanted? */
export const isMadeFor = (
  others: readonly Value[],
  value: Value,
  place: ReadonlyMap<Node, number>,
): boolean => nodesBeside(value, others, place).length === 0;

/**
 * Nodes that a value needs and others do not. Costs a walk from both, last nodes first, to where nothing is
 * left that only the value needs.
 */
function nodesBeside(
  value: Value,
  others: readonly Value[],
  place: ReadonlyMap<Node, number>,
): Node[] {
  /** Nodes to look at, in their order, and whether the others need them. */
  const open: Node[] = [];
  const shared = new Map<Node, boolean>();
  let alone = 0;
  const add = (node: Node | undefined, isShared: boolean) => {
    if (!node) return;
    const before = shared.get(node);
    shared.set(node, before || isShared);
    if (before === undefined) {
      open.splice(firstBehind(open, place.get(node)!, place), 0, node);
      if (!isShared) alone++;
    } else if (!before && isShared) alone--;
  };
  add(value.producer, false);
  for (const other of others) add(other.producer, true);
  const found: Node[] = [];
  while (alone > 0) {
    const node = open.pop()!;
    const isShared = shared.get(node)!;
    if (!isShared) {
      found.push(node);
      alone--;
    }
    for (const { producer } of nodeDependencies(node)) add(producer, isShared);
  }
  return found;
}

function firstBehind(nodes: readonly Node[], at: number, place: ReadonlyMap<Node, number>): number {
  let [low, high] = [0, nodes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place.get(nodes[middle]!)! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
