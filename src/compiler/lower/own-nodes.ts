/**
 * Nodes that only some values are to be had for. From these values back, a node joins when the last of
 * those who need it has, so that a walk looks at what it finds and no further: to ask instead what everybody
 * else needs is a walk over the whole graph for each site.
 */

import type { Node } from '../../model/ir/node.js';
import { nodeDependencies } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Use, Value } from '../../model/ir/value.js';
import type { Alternatives } from './region.js';

export interface Owning {
  /** From where to look, back. */
  readonly from: Iterable<Value>;
  /** Values that are given to whoever needs them. */
  readonly given: ReadonlySet<Value>;
  /** Is a value needed whoever reads it? Outputs of the graph are. */
  readonly isRoot: (value: Value) => boolean;
  /** Does a node that reads a value need it? All do that are not told apart. */
  readonly isLive?: (node: Node) => boolean;
  /**
   * Is a node there to have what may stand for other values, and for nothing else? It needs what it reads
   * only where one of those values is needed: what is kept of a value is made of that value itself.
   * This and `standsFor` count for the size of a site's region, by which sites are put in order, and so for
   * how Ifs nest, not for what is computed.
   */
  readonly isAside?: (node: Node) => boolean;
  /** The node of the graph that a use belongs to; undefined for an output of the graph. */
  readonly holderOf: (use: Use) => Node | undefined;
  /** What else may be needed to have a value. */
  readonly alternatives?: Alternatives;
  /** The other way round: values that another may be needed for. */
  readonly standsFor?: Alternatives;
}

/**
 * Nodes that are needed for the sake of values and of nothing else. Costs O(nodes + edges) of those found,
 * and of a value that others read as well no more than its uses up to the first of them.
 */
export function ownNodes(owning: Owning): Set<Node> {
  const { from, given, isRoot, isLive, isAside, holderOf, alternatives, standsFor } = owning;
  const own = new Set<Node>();
  const isNeeded = (value: Value): boolean => {
    // values of one site may each stand for the other
    const seen = new Set([value]);
    for (const next of seen) {
      if (given.has(next)) continue;
      if (isRoot(next)) return true;
      for (const use of next.uses) {
        const user = holderOf(use);
        if (!user) return true;
        if (own.has(user) || (isLive && !isLive(user))) continue;
        if (!isAside?.(user)) return true;
        for (const made of user.outputs) if (made) seen.add(made);
      }
      for (const other of standsFor?.(next) ?? []) seen.add(other);
    }
    return false;
  };
  const followed = new Set<Value>();
  const stack = [...from];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const others = alternatives?.(value) ?? [];
    // most values have none, and to ask who needs a weight goes through all of its readers
    if (others.length > 0 && !followed.has(value) && !isNeeded(value)) {
      followed.add(value);
      pushAll(stack, others);
    }
    const node = value.producer;
    if (!node || own.has(node) || node.outputs.some((made) => made && isNeeded(made))) continue;
    own.add(node);
    pushAll(stack, nodeDependencies(node));
  }
  return own;
}
