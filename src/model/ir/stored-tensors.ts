/**
 * The tensors of a model whose bytes may lie in a file: initializers, those of graphs inside nodes as
 * well, and what Constant nodes hold in external data. Tensors are immutable, so they are replaced.
 */
import { subgraphs } from './attribute.js';
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Tensor } from './tensor.js';

/**
 * @param name what the tensor goes by
 * @param inNode it belongs to a graph inside a node, such as a branch of an If
 * @returns what takes its place, or nothing
 */
export type TensorVisit = (tensor: Tensor, name: string, inNode: boolean) => Tensor | undefined;

export function replaceTensors(graph: Graph, visit: TensorVisit): void {
  for (const value of graph.initializers) {
    const by =
      value.initializer && visit(value.initializer, value.name, graph.parent !== undefined);
    if (by) value.initializer = by;
  }
  for (const node of graph.nodes) {
    if (node.attributes.size === 0) continue;
    replaceInAttributes(node, visit);
    for (const inner of subgraphs(node)) replaceTensors(inner, visit);
  }
}

/** Data inside the model file stay there: an attribute is small, or meant to be. */
function replaceInAttributes(node: Node, visit: TensorVisit): void {
  const name = node.outputs[0]?.name ?? node.name;
  const replaced = (tensor: Tensor) =>
    (tensor.data.kind === 'external' && visit(tensor, name, node.graph.parent !== undefined)) ||
    tensor;
  for (const [key, attribute] of node.attributes) {
    if (attribute.type === 'tensor') {
      const value = replaced(attribute.value);
      if (value !== attribute.value) node.attributes.set(key, { ...attribute, value });
    } else if (attribute.type === 'tensors')
      node.attributes.set(key, { ...attribute, value: attribute.value.map(replaced) });
  }
}
