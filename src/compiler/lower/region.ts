/**
 * Which nodes a value stands for: those that some program needs to have it, and among them those
 * that exist for the sake of a site's strategy. "Some program" means that a site's
 * value is followed into every strategy that can stand in for it.
 */

import type { Node } from '../../model/ir/node.js';
import { nodeDependencies } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Value } from '../../model/ir/value.js';

/** For the values of sites: what else, beside their producer, may be needed to have them. */
export type Alternatives = (value: Value) => readonly Value[];

export interface Reach {
  /** Where to begin. */
  readonly from: Iterable<Value>;
  /** Values at which to stop, since they are given. */
  readonly given?: ReadonlySet<Value>;
  readonly alternatives?: Alternatives;
  /** Values that stand for others. */
  readonly instead?: ReadonlyMap<Value, Value>;
  /** Nodes at which to stop. */
  readonly known?: ReadonlySet<Node>;
  /** Where given, all others are nodes at which to stop. */
  readonly within?: ReadonlySet<Node>;
}

/** Nodes that can be needed to have values. Costs O(nodes + edges) of those found. */
export function reachNodes(reach: Reach): Set<Node> {
  const { from, given, alternatives, instead, known, within } = reach;
  const nodes = new Set<Node>();
  const seen = new Set<Value>();
  const stack = [...from];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value) || given?.has(value)) continue;
    seen.add(value);
    const other = instead?.get(value);
    if (other && other !== value) {
      stack.push(other);
      continue;
    }
    if (alternatives) pushAll(stack, alternatives(value));
    const node = value.producer;
    if (!node || nodes.has(node) || known?.has(node) || within?.has(node) === false) continue;
    nodes.add(node);
    pushAll(stack, nodeDependencies(node));
  }
  return nodes;
}

/**
 * One strategy of a site: the values it makes, and those it keeps as states. The values it makes come
 * first in the order of the site's.
 */
export interface StrategyValues {
  readonly makes: readonly Value[];
  readonly keeps: readonly Value[];
}

/**
 * For each strategy of a site, the nodes that it needs and not all of them do. No node outside reads
 * one inside except through the site's own values. Two of three strategies may need the same node: it
 * is then in the region of both, to be had twice, for outside it would run for the third as well.
 * @param outputs the site's values as computed; whoever else reads them is given them
 * @param own nodes that are not needed in any case; with each that is, all that it needs is as well
 */
export function regionsOf(
  outputs: readonly Value[],
  strategies: readonly StrategyValues[],
  own: ReadonlySet<Node>,
  alternatives?: Alternatives,
): Set<Node>[] {
  const needed = strategies.map(({ makes, keeps }) =>
    reachNodes({
      from: [...makes, ...keeps],
      ...(alternatives && { alternatives }),
      // one of the site's values may be made of another
      instead: new Map(outputs.map((v, k) => [v, makes[k]!])),
      within: own,
    }),
  );
  return needed.map((nodes, i) => {
    const others = needed.filter((_, j) => j !== i);
    if (others.length === 0) return nodes;
    return new Set([...nodes].filter((node) => !others.every((other) => other.has(node))));
  });
}
