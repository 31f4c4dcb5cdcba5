/**
 * Follows the batch through a region of a graph: on which axis each value carries the images. Where
 * every value does so on one axis, and no operator mixes images, the region gives for some of the
 * images what it gives for all of them, so it can be run on half a guidance pair.
 *
 * Assumes that images lie outermost in whatever axis they are folded into (batch * heads).
 */
import type { Node } from '../../../model/ir/node.js';
import { topologicalOrder } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';
import { operatorOf, readsNoElements } from '../../../model/operators/index.js';
import type { DimExpr, ShapeTable } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import { FLOWS } from './flows.js';
import { type Carrier, Step } from './step.js';

/** Values that carry the batch, with the axis; the others are the same for every image. */
export type BatchAxes = ReadonlyMap<Value, number>;

/**
 * @param region the nodes to follow it through
 * @param from where it starts, on axis 0
 */
export function followBatch(
  region: ReadonlySet<Node>,
  from: Value,
  shapes: ShapeTable,
): BatchAxes | Refusal {
  const axes = new Map<Value, number>([[from, 0]]);
  const graph = [...region][0]?.graph;
  for (const node of graph ? topologicalOrder(graph) : []) {
    if (!region.has(node)) continue;
    const result = through(node, axes, shapes.shape(from)?.[0], shapes);
    if (result === undefined) continue;
    if (typeof result === 'string') return { reason: result, node: node.label };
    for (const output of node.outputs) if (output) axes.set(output, result);
  }
  return axes;
}

export const carriersOf = (node: Node, axes: BatchAxes): Carrier[] =>
  node.inputs.flatMap((v, index) => (v && axes.has(v) ? [{ index, axis: axes.get(v)! }] : []));

/**
 * On which axis the outputs of a node carry the batch, or why that cannot be said; undefined where they do not.
 * @param images how many there are
 * @param carrying inputs that carry them, or are taken to
 */
export function through(
  node: Node,
  axes: BatchAxes,
  images: DimExpr | undefined,
  shapes: ShapeTable,
  carrying = carriersOf(node, axes),
): number | string | undefined {
  // a shape is known to the program in another way: it follows its tensor
  if (carrying.length === 0 || readsNoElements(node)) return undefined;
  return FLOWS[operatorOf(node)?.batch ?? 'unknown'](
    new Step(node, carrying, images, shapes, (value) => axes.has(value)),
  );
}
