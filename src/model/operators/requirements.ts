/**
 * What analyses and rewrites rely on, and loading does not ask for, since a file is kept as it is: operators
 * have the inputs that they cannot do without, which are read by their place, and tensors have no negative
 * sizes. onnxruntime refuses such models too. Operators without a record are not looked into.
 */
import { missingInput, missingOutput, negativeDimension } from '../../errors/index.js';
import { subgraphs } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import { operatorOf } from './index.js';

/**
 * Checks a graph and the graphs inside it.
 * @throws GRAPH_MISSING_INPUT, GRAPH_MISSING_OUTPUT, TENSOR_DIMENSION
 */
export function checkRequirements(graph: Graph): void {
  for (const { initializer, name } of graph.initializers)
    if (initializer) checkDimensions(initializer, name);
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values())
      if (attribute.type === 'tensor') checkDimensions(attribute.value, node.label);
    for (const inner of subgraphs(node)) checkRequirements(inner);
    checkNode(node);
  }
}

function checkNode(node: Node): void {
  const operator = operatorOf(node);
  if (!operator) return;
  const { required } = operator;
  for (let index = 0; index < required; index++)
    if (!node.inputs[index]) throw missingInput(node, index, required);
  if (!node.outputs[0]) throw missingOutput(node);
}

/** @throws TENSOR_DIMENSION */
export function checkDimensions({ dims }: Tensor, name: string): void {
  const wrong = dims.find((dim) => dim < 0);
  if (wrong !== undefined) throw negativeDimension(name, wrong);
}
