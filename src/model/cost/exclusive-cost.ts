/** What falls away with each value of a graph when it is given instead of computed, all values at once. */
import { subgraphs } from '../ir/attribute.js';
import { storedTensor } from '../ir/constants.js';
import type { Dominance } from '../ir/dominance.js';
import type { Node } from '../ir/node.js';
import { elementCount } from '../ir/tensor.js';
import type { Value } from '../ir/value.js';
import { type Macs, NO_MACS, type ShapeOf } from '../operators/counts.js';
import { innerParameters, isParameter, regionCost } from './model-cost.js';

/**
 * MACs and parameters of what exists for a value alone, or without one of all that is needed. Costs one
 * walk over the graph, and nothing for each value.
 */
export function exclusiveCosts(
  dominance: Dominance,
  shapeOf: ShapeOf,
): (value?: Value) => { readonly macs: Macs; readonly parameters: number } {
  const macsOf = new Map<Node | Value, Macs>();
  const macs = (part: Node | Value): Macs => {
    if (!('opType' in part)) return NO_MACS;
    const known = macsOf.get(part) ?? regionCost([part], shapeOf).macs;
    macsOf.set(part, known);
    return known;
  };
  const all = dominance.sums((part) => macs(part).all);
  const layers = dominance.sums((part) => macs(part).layers);
  const parameters = dominance.sums((part) =>
    'opType' in part ? sum([...ownParameters(part)].map(elements)) : elements(part),
  );
  return (value) => ({
    macs: { all: all(value), layers: layers(value) },
    parameters: parameters(value),
  });
}

/** Weights of graphs inside a node that belong to those graphs. */
const ownParameters = (node: Node): Set<Value> =>
  new Set(
    subgraphs(node)
      .flatMap((inner) => [...innerParameters(inner)])
      .filter((value) => value.graph !== node.graph),
  );

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

const elements = (value: Value): number =>
  isParameter(value) ? elementCount(storedTensor(value)?.dims ?? []) : 0;
