/** What an attention module costs: projections and products apart. */
import { nodeMacs, type ShapeOf } from '../../cost/index.js';
import type { Attention } from './find.js';

export interface AttentionCost {
  /** MACs of the projections of q, k, v and of the output. */
  readonly projections: number;
  /** MACs of q k^T and of the product with v. */
  readonly products: number;
}

/** Undefined when a shape is not known. A projection that several operands share counts once. */
export function attentionCost(attention: Attention, shapeOf: ShapeOf): AttentionCost | undefined {
  const { q, k, v, outputProjection, scores, mix } = attention;
  const total = (nodes: Iterable<Parameters<typeof nodeMacs>[0] | undefined>) => {
    let sum = 0;
    for (const node of nodes) {
      const macs = node ? nodeMacs(node, shapeOf) : { all: 0 };
      if (!macs) return undefined;
      sum += macs.all;
    }
    return sum;
  };
  const projections = total(new Set([q.projection, k.projection, v.projection, outputProjection]));
  const products = total([scores, mix]);
  return projections === undefined || products === undefined
    ? undefined
    : { projections, products };
}
