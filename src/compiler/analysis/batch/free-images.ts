/**
 * As `freeBatch`, for a whole model whose batch is written down as a number: what an exporter wrote into targets of
 * Reshape, Expand and Resize follows the tensor instead.
 */
import type { Graph } from '../../../model/ir/graph.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import type { BatchAxes } from './follow.js';
import { editsOf, freeTarget } from './free.js';
import { type Edit, replaceSize } from './sizes.js';

/** The edit, to be applied by calling it, or why there is none. */
export function freeImages(graph: Graph, axes: BatchAxes, shapes: ShapeTable): Refusal | Edit {
  return editsOf(graph.nodes, axes, (node, from, axis) => editOf(node, from, axis, shapes));
}

function editOf(
  node: Node,
  from: number,
  axis: number,
  shapes: ShapeTable,
): Edit | string | undefined {
  if (isOp(node, 'Reshape')) return freeTarget(node, from, axis, shapes);
  // a 1 broadcasts to whatever the tensor has
  if (isOp(node, 'Expand')) return replaceSize(node, 1, axis, () => 1, shapes);
  if (isOp(node, 'Resize') && node.inputs[3])
    return replaceSize(node, 3, axis, () => runTimeSize(node, from), shapes);
  return undefined;
}

function runTimeSize(node: Node, axis: number): Value {
  const { graph } = node;
  const shape = graph.addNode({
    opType: 'Shape',
    inputs: [node.inputs[0]!],
    outputs: ['stepfold.sizes.shape'],
  }).output;
  return graph.addNode({
    opType: 'Gather',
    inputs: [shape, graph.addInitializer('stepfold.sizes.axis', int64Tensor([axis]))],
    outputs: ['stepfold.size'],
  }).output;
}
