/** What an attention module costs: projections and products apart. */
import { nodeMacs, type ShapeOf } from '../../../model/cost/index.js';
import type { Attention } from './attention.js';

export interface AttentionCost {
  /** MACs of the projections of q, k, v and of the output, and of adapters beside them. */
  readonly projections: number;
  /** MACs of q k^T and of the product with v. */
  readonly products: number;
}

/** Undefined when a shape is not known. A projection that several operands share counts once. */
export function attentionCost(attention: Attention, shapeOf: ShapeOf): AttentionCost | undefined {
  const { q, k, v, outputProjection, outputAdapters, streams, scores, mix } = attention;
  const nodes = new Set([
    ...[q, k, v].flatMap(({ projections, adapters }) => [...projections, ...adapters]),
    outputProjection,
    ...outputAdapters,
    ...streams.flatMap((end) => [end.outputProjection, ...end.outputAdapters]),
    scores,
    mix,
  ]);
  let projections = 0;
  let products = 0;
  for (const node of nodes) {
    if (!node) continue;
    const macs = nodeMacs(node, shapeOf);
    if (!macs) return undefined;
    projections += macs.layers;
    products += macs.all - macs.layers;
  }
  return { projections, products };
}
