/**
 * Does rewrites. Inputs and outputs of the model keep their names: where a replaced value is a graph
 * output, its name moves to the value that takes its place.
 */
import { tensor as tensorAttribute } from '../../model/ir/attribute.js';
import { type CloneMap, cloneAttribute } from '../../model/ir/clone.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { topologicalOrder } from '../../model/ir/order.js';
import type { Tensor } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';
import { isTensor, type NodeStep, type Replacement, type Rewrite } from './rewrite.js';

/** Constants are initializers from this IR version on; before it those had to be graph inputs too. */
const FREE_INITIALIZERS = 4;

/** Are a model's constants initializers, or Constant nodes as in very old files? */
export const hasFreeInitializers = (model: Model): boolean => model.irVersion >= FREE_INITIALIZERS;

/** Puts a constant into a graph: an initializer, or in very old files a Constant node. */
export function addConstant(model: Model, graph: Graph, name: string, tensor: Tensor): Value {
  // the value's name wins; the tensor's own would only contradict it
  const { name: _, ...nameless } = tensor;
  if (hasFreeInitializers(model)) return graph.addInitializer(name, nameless);
  const attributes = { value: tensorAttribute(nameless) };
  return graph.addNode({ opType: 'Constant', inputs: [], outputs: [name], attributes }).output;
}

/** Does one rewrite. False when nothing could be changed, as every use is an interface to keep. */
export function applyRewrite(model: Model, rewrite: Rewrite): boolean {
  const { node, operands = [], inline } = rewrite;
  for (const { index, to } of operands) {
    const name = `${node.inputs[index]?.name ?? node.label}_constant`;
    node.setInput(index, to && isTensor(to) ? addConstant(model, node.graph, name, to) : to);
  }
  const replace = inline ? inlineGraph(model, node, inline) : (rewrite.replace ?? []);
  let changed = operands.length > 0;
  for (const { from, to } of replace) changed = replaceValue(model, from, to) || changed;
  return changed;
}

function replaceValue(model: Model, from: Value, to: Replacement): boolean {
  if (from.uses.size === 0) return false;
  const value = realize(model, from, to);
  // A constant cannot take an output's place, which a node has to make; its other uses can move.
  const movable = !from.isGraphOutput || canTakeOutput(from, value);
  if (!movable && from.uses.size === from.outputUses) return false;
  // What is made anew goes by the old name, so that the graph stays readable.
  if (from.isGraphOutput ? movable : !('value' in to)) takeName(from, value);
  from.graph.replaceUses(from, value, (use) => movable || 'opType' in use.user);
  return true;
}

function realize(model: Model, from: Value, to: Replacement): Value {
  if ('value' in to) return to.value;
  if ('steps' in to) return makeNodes(model, from.graph, from.name, to.steps);
  return addConstant(model, from.graph, `${from.name}_constant`, to.tensor);
}

function makeNodes(model: Model, graph: Graph, name: string, steps: readonly NodeStep[]): Value {
  const made: Value[] = [];
  for (const { opType, domain = '', inputs, attributes = {} } of steps) {
    const read = inputs.map((input) => {
      if (input === null) return null;
      if ('step' in input) return made[input.step]!;
      return isTensor(input) ? addConstant(model, graph, `${name}_constant`, input) : input;
    });
    const outputs = [`${name}_${opType.toLowerCase()}`];
    made.push(graph.addNode({ opType, domain, inputs: read, outputs, attributes }).output);
  }
  return made.at(-1) as Value;
}

/** An output has to be made by a node of its own graph, and can have one name only. */
function canTakeOutput(from: Value, to: Value): boolean {
  return to.producer !== undefined && to.graph === from.graph && !to.isGraphOutput;
}

function takeName(from: Value, to: Value): void {
  const { graph, name, type } = from;
  from.setName(graph.scope.fresh(`${name}_replaced`));
  to.setName(name);
  to.type = type;
  // an output carries its own declaration
  graph.declared.delete(to);
}

/** Gives values of graphs inside of one names of their own where they would hide those of the graphs around them. */
function renameHidden(outer: Graph, { values }: CloneMap): void {
  const inside = [...values.values()].filter((copy) => isInside(copy.graph, outer));
  // most functions have no such graphs, and models may call one thousands of times
  if (inside.length === 0) return;
  const around = new Set<string>();
  for (let graph: Graph | undefined = outer; graph; graph = graph.parent)
    for (const { name } of graph.values()) around.add(name);
  for (const copy of inside) if (around.has(copy.name)) copy.setName(outer.scope.fresh(copy.name));
}

function isInside(graph: Graph, outer: Graph): boolean {
  for (let at = graph.parent; at; at = at.parent) if (at === outer) return true;
  return false;
}

/** Copies a graph to where the node stands that it belongs to. The node itself dies with its uses. */
function inlineGraph(
  model: Model,
  node: Node,
  inner: Graph,
): readonly { from: Value; to: Replacement }[] {
  const outer = node.graph;
  const map: CloneMap = { values: new Map(), nodes: new Map() };
  const mapped = (value: Value) => map.values.get(value) ?? value;
  // a function's body belongs to no graph: it may be copied many times, and names of nodes are unique
  const nameOf = ({ name }: Node) =>
    inner.parent || name === '' ? name : `${node.name || node.output.name}/${name}`;
  inner.inputs.forEach((value, i) => {
    const given = node.inputs[i];
    if (given) map.values.set(value, given);
  });
  for (const value of inner.initializers)
    if (value.initializer)
      map.values.set(value, addConstant(model, outer, value.name, value.initializer));
  for (const source of topologicalOrder(inner)) {
    const copy = outer.addNode({
      opType: source.opType,
      domain: source.domain,
      name: nameOf(source),
      inputs: source.inputs.map((value) => value && mapped(value)),
      outputs: source.outputs.map((value) => value?.name ?? null),
    });
    copy.docString = source.docString;
    copy.extra = source.extra;
    for (const [name, attribute] of source.attributes)
      copy.attributes.set(name, cloneAttribute(attribute, outer, map));
    source.outputs.forEach((value, i) => {
      const twin = copy.outputs[i];
      if (!value || !twin) return;
      twin.type = value.type;
      map.values.set(value, twin);
    });
  }
  // names in the branches of a function's nodes were chosen without those around the call
  if (!inner.parent) renameHidden(outer, map);
  return node.outputs.flatMap((from, i) => {
    const made = inner.outputs[i];
    return from && made ? [{ from, to: { value: mapped(made) } }] : [];
  });
}
