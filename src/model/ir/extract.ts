/** Cutting a sub-graph out: a new graph from given inputs to given outputs. */

import { unboundedCut } from '../../errors/index.js';
import { type CloneMap, copyNode, copyValue, wireCopy, withGraph } from './clone.js';
import { Graph } from './graph.js';
import type { Model } from './model.js';
import type { Node } from './node.js';
import { nodeDependencies } from './order.js';
import { pushAll } from './push-all.js';
import type { Value } from './value.js';

export interface Cut {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /**
   * Take in graph inputs that the cut reaches without listing them. Off by default: a cut whose
   * inputs do not bound it is refused.
   */
  readonly openInputs?: boolean;
}

/**
 * A model with only the nodes between `inputs` and `outputs`. Initializers come along. The inputs of
 * the new model are the cut's inputs it really reads, in the order given, then (with `openInputs`)
 * the source's own, in the source's order.
 * @throws GRAPH_UNBOUNDED_CUT listing the graph inputs that the cut needs and does not list
 */
export function extract(model: Model, cut: Cut): { model: Model; map: CloneMap } {
  const source = model.graph;
  const given = new Set(cut.inputs);
  const { nodes, leaves } = between(cut.outputs, given);
  const open = source.inputs.filter((v) => leaves.has(v) && !given.has(v));
  const loose = open.filter((v) => !v.initializer);
  if (loose.length > 0 && !cut.openInputs) throw unboundedCut(loose.map((v) => v.name));

  const map: CloneMap = { values: new Map(), nodes: new Map() };
  const graph = new Graph(cut.name);
  const copied = (value: Value) => copyValue(value, graph, map);
  for (const value of new Set([...cut.inputs, ...open]))
    if (leaves.has(value)) graph.listInput(copied(value));
  for (const value of source.initializers)
    if (leaves.has(value) && value.initializer && !given.has(value))
      graph.setInitializer(map.values.get(value) ?? copied(value), value.initializer);
  for (const [value, data] of source.sparseInitializers)
    if (leaves.has(value))
      graph.sparseInitializers.set(map.values.get(value) ?? copied(value), data);
  for (const node of source.nodes) {
    if (!nodes.has(node)) continue;
    // an output that the cut feeds from outside keeps its name for the input
    copyNode(node, graph, map, (output, copy) =>
      given.has(output)
        ? graph.newValue(graph.scope.fresh(output.name), copy, output.outputIndex)
        : copyValue(output, graph, map, copy),
    );
  }
  for (const node of source.nodes) if (nodes.has(node)) wireCopy(node, map.nodes.get(node)!, map);
  for (const output of cut.outputs) graph.addOutput(map.values.get(output)!);
  for (const value of source.declared) {
    const copy = map.values.get(value);
    if (copy?.producer) graph.declared.add(copy);
  }
  return { model: withGraph(model, graph), map };
}

/** Nodes needed for `outputs` when `inputs` are given, and the producer-less values they read. */
export function between(
  outputs: readonly Value[],
  inputs: ReadonlySet<Value>,
): { nodes: Set<Node>; leaves: Set<Value> } {
  const nodes = new Set<Node>();
  const leaves = new Set<Value>();
  const stack = [...outputs];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (inputs.has(value) || !node) leaves.add(value);
    else if (!nodes.has(node)) {
      nodes.add(node);
      pushAll(stack, nodeDependencies(node));
    }
  }
  return { nodes, leaves };
}
