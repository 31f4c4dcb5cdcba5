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
  return {
    model: {
      ...model,
      graph,
      opsets: new Map(model.opsets),
      metadata: new Map(model.metadata),
    } as Model,
    map,
  };
}

export function cloneGraph(source: Graph, parent: Graph | undefined, map: CloneMap): Graph {
  const graph = new Graph(source.name, parent);
  graph.docString = source.docString;
  graph.extra = source.extra;
  const copyValue = (value: Value, producer?: Node): Value => {
    const copy = graph.newValue(value.name, producer, value.outputIndex);
    copy.type = value.type;
    copy.extra = value.extra;
    map.values.set(value, copy);
    return copy;
  };
  for (const input of source.inputs) graph.inputList.push(copyValue(input));
  for (const value of source.initializers)
    graph.setInitializer(map.values.get(value) ?? copyValue(value), value.initializer!);
  for (const [value, data] of source.sparseInitializers)
    graph.sparseInitializers.set(map.values.get(value) ?? copyValue(value), data);
  for (const node of source.nodes) {
    const copy = graph.addNode({ ...spec(node), inputs: [], outputs: [] });
    copy.docString = node.docString;
    copy.extra = node.extra;
    for (const output of node.outputs) copy.outputList.push(output && copyValue(output, copy));
    map.nodes.set(node, copy);
  }
  // wired in a second round, so that the order of the nodes does not matter
  const mapped = (value: Value) => map.values.get(value) ?? value;
  for (const node of source.nodes) {
    const copy = map.nodes.get(node)!;
    node.inputs.forEach((value, i) => {
      copy.setInput(i, value && mapped(value));
    });
    for (const [name, attribute] of node.attributes)
      copy.attributes.set(name, cloneAttribute(attribute, graph, map));
  }
  for (const output of source.outputs) graph.addOutput(mapped(output));
  for (const value of source.declared) graph.declared.add(mapped(value));
  return graph;
}

function spec(node: Node) {
  return { opType: node.opType, domain: node.domain, name: node.name };
}

/** An attribute for another graph: only graphs in it are copied. */
export function cloneAttribute(attribute: Attribute, parent: Graph, map: CloneMap): Attribute {
  if (attribute.type === 'graph')
    return { ...attribute, value: cloneGraph(attribute.value, parent, map) };
  if (attribute.type === 'graphs')
    return { ...attribute, value: attribute.value.map((g) => cloneGraph(g, parent, map)) };
  return attribute;
}
