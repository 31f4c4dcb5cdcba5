/**
 * Finds attention by dataflow, in any spelling: a Softmax between two products of activations, one
 * operator, or two such products in a row. Says of each Softmax and operator that is none why it is not.
 */
import { Dominance } from '../../../model/ir/dominance.js';
import type { Graph } from '../../../model/ir/graph.js';
import { isOp } from '../../../model/ir/node.js';
import { topologicalOrder } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';
import { type DimExpr, divideExactly, type ShapeTable } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import type { Attention, AttentionAnalysis } from './attention.js';
import { borders, type Surroundings } from './borders.js';
import { coreOfLinear } from './linear.js';
import { coreOfOperator, isWholeAttention } from './operator.js';
import { coreOfProducts } from './products.js';

/** Costs one walk over the graph, and one over each attention module. */
export function findAttention(graph: Graph, shapes: ShapeTable): AttentionAnalysis {
  const found: Attention[] = [];
  const refused: Refusal[] = [];
  const order = topologicalOrder(graph);
  const places = new Map(order.map((node, i) => [node, i]));
  const surroundings: Surroundings = {
    place: (node) => places.get(node)!,
    dominance: new Dominance(graph, order),
  };
  let selfAttentions = 0;
  for (const node of order) {
    const linear = coreOfLinear(node, shapes);
    const core = isOp(node, 'Softmax')
      ? coreOfProducts(node, shapes)
      : isWholeAttention(node)
        ? coreOfOperator(node, shapes)
        : linear?.core;
    if (!core) continue;
    if ('reason' in core) {
      refused.push(core);
      continue;
    }
    const { q, k, v, lead, queries, keys } = core;
    const ends = borders(core, surroundings, shapes, linear?.normalised);
    const isOfOne = ends.input !== undefined || sameValues(q.sources, k.sources);
    const pools = queries?.constant === 1 && keys?.constant !== 1;
    // what is multiplied with something of another sequence may be anything
    if (linear && !isOfOne) continue;
    const kind = linear ? 'linear' : !isOfOne ? 'cross' : pools ? 'pooling' : 'self';
    const isSite = kind === 'self' || kind === 'linear';
    found.push({
      ...core,
      ...ends,
      id: isSite ? `attention.${selfAttentions++}` : undefined,
      kind,
      packed:
        q.projections.length === 1 &&
        [...k.projections, ...v.projections].every((node) => node === q.projections[0]),
      heads: lead && headsOf(lead, ends.output, shapes),
    });
  }
  return { found, refused };
}

const sameValues = (a: readonly Value[], b: readonly Value[]): boolean =>
  a.length === b.length && a.every((value) => b.includes(value));

/** The batch is the first axis of the module's output, or in some layouts a later one. */
function headsOf(lead: DimExpr, output: Value, shapes: ShapeTable): DimExpr | undefined {
  for (const size of shapes.shape(output) ?? []) {
    const heads = divideExactly(lead, size);
    if (heads) return heads;
  }
  return undefined;
}
