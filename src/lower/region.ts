/**
 * Which nodes a value stands for: those that some program needs to have it, and among them those
 * that exist for the sake of a site's strategy. "Some program" means that a site's
 * value is followed into every strategy that can stand in for it.
 */
import { subgraphs } from '../ir/attribute.js';
import type { Node } from '../ir/node.js';
import { nodeDependencies } from '../ir/order.js';
import type { Value } from '../ir/value.js';

/** For the values of sites: what else, beside their producer, may be needed to have them. */
export type Alternatives = ReadonlyMap<Value, readonly Value[]>;

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
  /** What a node needs, where that is remembered. */
  readonly needs?: (node: Node) => readonly Value[];
}

/**
 * What nodes need, remembered for those that hold graphs: to look through all that lies in an If is
 * what a walk over a merged graph would spend its time on.
 */
export class Needs {
  private readonly known = new Map<Node, readonly Value[]>();

  readonly of = (node: Node): readonly Value[] => {
    const before = this.known.get(node);
    if (before) return before;
    const values = nodeDependencies(node);
    if (subgraphs(node).length > 0) this.known.set(node, values);
    return values;
  };

  /** To be called when other values have taken the place of these. */
  forget(values: readonly Value[]): void {
    for (const [node, needed] of this.known)
      if (values.some((value) => needed.includes(value))) this.known.delete(node);
  }
}

/** Nodes that can be needed to have values. Costs O(nodes + edges). */
export function reachNodes(reach: Reach): Set<Node> {
  const { from, given, alternatives, instead, known, needs = nodeDependencies } = reach;
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
    stack.push(...(alternatives?.get(value) ?? []));
    const node = value.producer;
    if (!node || nodes.has(node) || known?.has(node)) continue;
    nodes.add(node);
    stack.push(...needs(node));
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
 * @param outside nodes that are needed in any case, and with each all that it needs
 */
export function regionsOf(
  outputs: readonly Value[],
  strategies: readonly StrategyValues[],
  outside: ReadonlySet<Node>,
  alternatives: Alternatives,
  needs?: (node: Node) => readonly Value[],
): Set<Node>[] {
  const needed = strategies.map(({ makes, keeps }) =>
    reachNodes({
      from: [...makes, ...keeps],
      alternatives,
      // one of the site's values may be made of another
      instead: new Map(outputs.map((v, k) => [v, makes[k]!])),
      known: outside,
      ...(needs && { needs }),
    }),
  );
  return needed.map((own, i) => {
    const others = needed.filter((_, j) => j !== i);
    if (others.length === 0) return own;
    return new Set([...own].filter((node) => !others.every((nodes) => nodes.has(node))));
  });
}
