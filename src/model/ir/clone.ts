/** Copies of graphs and models. Tensors, attributes and types are immutable and shared. */
import type { Attribute } from './attribute.js';
import { Graph } from './graph.js';
import type { Model } from './model.js';
import type { Node } from './node.js';
import type { Value } from './value.js';

/** From values and nodes of the original to those of the copy. */
export interface CloneMap {
  readonly values: Map<Value, Value>;
  readonly nodes: Map<Node, Node>;
}

/** Copies a model; names, order and everything the file carried stay the same. */
export function cloneModel(model: Model): { model: Model; map: CloneMap } {
  const map: CloneMap = { values: new Map(), nodes: new Map() };
  const graph = cloneGraph(model.graph, undefined, map);
  return { model: withGraph(model, graph), map };
}

/** The model around another graph; what edits may change is copied. */
export function withGraph(model: Model, graph: Graph): Model {
  return { ...model, graph, opsets: new Map(model.opsets), metadata: new Map(model.metadata) };
}

/** A copy of a value in another graph, under the same name: an output of `producer`, if given. */
export function copyValue(value: Value, graph: Graph, map: CloneMap, producer?: Node): Value {
  const copy = graph.newValue(value.name, producer, producer ? value.outputIndex : 0);
  copy.type = value.type;
  copy.extra = value.extra;
  map.values.set(value, copy);
  return copy;
}

/**
 * A copy of a node and its outputs in another graph. Its inputs and attributes are left to
 * `wireCopy`, so that nodes can be copied in any order.
 */
export function copyNode(
  node: Node,
  graph: Graph,
  map: CloneMap,
  copyOutput = (output: Value, copy: Node) => copyValue(output, graph, map, copy),
): Node {
  const { opType, domain, name } = node;
  const copy = graph.addNode({ opType, domain, name, inputs: [], outputs: [] });
  copy.docString = node.docString;
  copy.extra = node.extra;
  for (const output of node.outputs) copy.outputList.push(output && copyOutput(output, copy));
  map.nodes.set(node, copy);
  return copy;
}

/** Gives a copied node its inputs and attributes; values that were not copied are shared. */
export function wireCopy(node: Node, copy: Node, map: CloneMap): void {
  node.inputs.forEach((value, i) => {
    copy.setInput(i, value && (map.values.get(value) ?? value));
  });
  for (const [name, attribute] of node.attributes)
    copy.attributes.set(name, cloneAttribute(attribute, copy.graph, map));
}

export function cloneGraph(source: Graph, parent: Graph | undefined, map: CloneMap): Graph {
  const graph = new Graph(source.name, parent);
  graph.docString = source.docString;
  graph.extra = source.extra;
  for (const input of source.inputs) graph.listInput(copyValue(input, graph, map));
  for (const value of source.initializers)
    graph.setInitializer(map.values.get(value) ?? copyValue(value, graph, map), value.initializer!);
  for (const [value, data] of source.sparseInitializers)
    graph.sparseInitializers.set(map.values.get(value) ?? copyValue(value, graph, map), data);
  for (const node of source.nodes) copyNode(node, graph, map);
  // wired in a second round, so that the order of the nodes does not matter
  for (const node of source.nodes) wireCopy(node, map.nodes.get(node)!, map);
  const mapped = (value: Value) => map.values.get(value) ?? value;
  for (const output of source.outputs) graph.addOutput(mapped(output));
  for (const value of source.declared) graph.declared.add(mapped(value));
  return graph;
}

/** An attribute for another graph: only graphs in it are copied. */
export function cloneAttribute(attribute: Attribute, parent: Graph, map: CloneMap): Attribute {
  if (attribute.type === 'graph')
    return { ...attribute, value: cloneGraph(attribute.value, parent, map) };
  if (attribute.type === 'graphs')
    return { ...attribute, value: attribute.value.map((g) => cloneGraph(g, parent, map)) };
  return attribute;
}
