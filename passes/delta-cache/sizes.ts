/**
 * Sizes that are read off a value inside of blocks, such as the length of a text that a joint sequence
 * is parted by, would keep the blocks running though nothing reads an element. They are read off a value
 * of the same shape before the blocks instead, which the inner one is computed from in any case. Costs
 * one look at every node for each such size.
 */
import { nodesOfRange, type StreamRange, sameShape } from '../../src/compiler/analysis/index.js';
import { between } from '../../src/model/ir/extract.js';
import type { Graph } from '../../src/model/ir/graph.js';
import { isOp, type Node } from '../../src/model/ir/node.js';
import { nodeDependencies, topologicalOrder } from '../../src/model/ir/order.js';
import { liveNodes } from '../../src/model/ir/prune.js';
import type { Value } from '../../src/model/ir/value.js';
import type { ShapeTable } from '../../src/model/shape/index.js';

/** Edits the graph, but nothing that it computes. */
export function readSizesBefore(graph: Graph, shapes: ShapeTable, range: StreamRange): void {
  const inputs = range.streams.map(({ input }) => input);
  const outputs = range.streams.map(({ output }) => output);
  const { nodes: needed } = between(outputs, new Set(inputs));
  const own = nodesOfRange(graph, range);
  const order = topologicalOrder(graph);
  const behind = nodesBehind(inputs, order);
  for (const node of order) {
    const [value] = node.inputs;
    const producer = value?.producer;
    if (!isOp(node, 'Shape') || !producer || own.has(node)) continue;
    if (!needed.has(producer) || !behind.has(producer)) continue;
    const before = firstLike(value, order, behind, shapes);
    if (before) node.setInput(0, before);
  }
}

/** Of nodes in topological order, those that some values flow into. */
function nodesBehind(values: readonly Value[], order: readonly Node[]): Set<Node> {
  const reached = new Set<Value>(values);
  const found = new Set<Node>();
  for (const node of order) {
    if (!nodeDependencies(node).some((value) => reached.has(value))) continue;
    found.add(node);
    for (const made of node.outputs) if (made) reached.add(made);
  }
  return found;
}

/** The first value of the same shape that a value is computed from, but for what some nodes make. */
function firstLike(
  value: Value,
  order: readonly Node[],
  behind: ReadonlySet<Node>,
  shapes: ShapeTable,
): Value | undefined {
  const above = liveNodes([value]);
  for (const node of order)
    for (const made of above.has(node) && !behind.has(node) ? node.outputs : []) {
      if (made && sameShape(value, made, shapes)) return made;
    }
  return undefined;
}
