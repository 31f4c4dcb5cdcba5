/**
 * A list of sizes put together element by element (Shape, Gather, Unsqueeze, Concat), all of which
 * are sizes of one tensor, becomes that tensor's `Shape`, with a `Gather` where the order differs.
 * Only tensors that the list is computed from anyway are considered, so that no value comes to
 * depend on a region of the graph that it did not depend on before.
 */
import { int } from '../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import { type DimExpr, equal, type ShapeTable } from '../../../model/shape/index.js';
import { chain, type NodeStep, type Rewrite, type Rule } from '../rewrite.js';

export const localShape: Rule = (node, { shapes, opset }): Rewrite | undefined => {
  if (!isOp(node, 'Concat')) return undefined;
  const sizes = shapes.contents(node.output);
  if (!sizes || sizes.every((s) => s.constant !== undefined)) return undefined;
  if (shapes.dtype(node.output) !== 'int64' || shapes.shape(node.output)?.length !== 1)
    return undefined;
  for (const source of shapeSources(node)) {
    const steps = fromShapeOf(source, sizes, shapes, opset);
    if (!steps) continue;
    const why = `all its sizes are sizes of "${source.name}"`;
    return {
      rule: 'local-shape',
      node,
      why,
      replace: [{ from: node.output, to: { steps: chain(...steps) } }],
    };
  }
  return undefined;
};

function fromShapeOf(
  source: Value,
  sizes: readonly DimExpr[],
  shapes: ShapeTable,
  opset: number,
): NodeStep[] | undefined {
  const available = shapes.shape(source);
  if (!available) return undefined;
  const places = sizes.map((size, i) => {
    const same = available[i];
    return same && equal(same, size) ? i : available.findIndex((a) => equal(a, size));
  });
  if (places.includes(-1)) return undefined;
  const shape: NodeStep = { opType: 'Shape', inputs: [source] };
  const inOrder = places.every((place, i) => place === i);
  if (inOrder && places.length === available.length) return [shape];
  if (inOrder && opset >= 15) return [{ ...shape, attributes: { end: int(places.length) } }];
  const gather = { opType: 'Gather', inputs: [int64Tensor(places)], attributes: { axis: int(0) } };
  return [shape, gather];
}

/** Few lists of sizes are computed from more nodes; beyond this the search is not worth its time. */
const MAX_CONE = 64;

/** Tensors whose `Shape` the node's value is computed from, nearest first. */
function shapeSources(node: Node): Value[] {
  const sources = new Set<Value>();
  const seen = new Set<Node>([node]);
  for (const current of seen) {
    if (seen.size > MAX_CONE) break;
    for (const input of current.inputs) {
      const producer = input?.producer;
      if (!producer) continue;
      if (!isOp(producer, 'Shape')) seen.add(producer);
      else if (producer.inputs[0]) sources.add(producer.inputs[0]);
    }
  }
  return [...sources];
}
