/**
 * Which nodes a value stands for: those that some program needs to have it, and among them those
 * that exist for the sake of one strategy of one site alone. "Some program" means that a site's
 * value is followed into every strategy that can stand in for it.
 */
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
}

/** Nodes that can be needed to have values. Costs O(nodes + edges). */
export function reachNodes({ from, given, alternatives }: Reach): Set<Node> {
  const nodes = new Set<Node>();
  const seen = new Set<Value>();
  const stack = [...from];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value) || given?.has(value)) continue;
    seen.add(value);
    stack.push(...(alternatives?.get(value) ?? []));
    const node = value.producer;
    if (!node || nodes.has(node)) continue;
    nodes.add(node);
    stack.push(...nodeDependencies(node));
  }
  return nodes;
}

/** One strategy of a site: the values it makes, and those it keeps as states. */
export interface StrategyValues {
  readonly makes: readonly Value[];
  readonly keeps: readonly Value[];
}

/**
 * Nodes that only one strategy of a site needs. No node outside reads one inside except through the
 * site's own values.
 * @param outputs the site's values as computed; whoever else reads them is given them
 * @param roots what must be had in any case
 * @param others the site's other strategies
 */
export function strategyRegion(
  outputs: readonly Value[],
  own: StrategyValues,
  others: readonly StrategyValues[],
  roots: readonly Value[],
  alternatives: Alternatives,
): Set<Node> {
  const outside = [
    reachNodes({ from: roots, given: new Set(outputs), alternatives }),
    // another strategy may need the computed values themselves, so nothing is given to it
    reachNodes({ from: others.flatMap((o) => [...o.makes, ...o.keeps]), alternatives }),
  ];
  const region = reachNodes({ from: [...own.makes, ...own.keeps], alternatives });
  for (const nodes of outside) for (const node of nodes) region.delete(node);
  return region;
}
