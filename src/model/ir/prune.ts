/** Removal of what no output needs. */

import { subgraphs } from './attribute.js';
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import { nodeDependencies } from './order.js';
import { pushAll } from './push-all.js';
import type { Value } from './value.js';

/**
 * Removes nodes that no graph output depends on, then initializers that nothing reads; graph inputs
 * stay, being the interface. Goes into graphs inside nodes. Returns how many nodes went.
 */
export function removeDeadNodes(graph: Graph): number {
  return removeUnneeded(graph, graph.outputs);
}

/** The same for values of one's own choice: removes what none of them depends on. */
export function removeUnneeded(graph: Graph, values: readonly Value[]): number {
  let removed = 0;
  // inner graphs first: what only their dead nodes captured is then dead here as well
  for (const node of graph.nodes)
    for (const inner of subgraphs(node)) removed += removeDeadNodes(inner);
  // what a graph captures from outside is none of its own
  const live = liveNodes(values, (value) => value.graph !== graph);
  const dead = new Set([...graph.nodes].filter((n) => !live.has(n)));
  graph.removeNodes(dead);
  removed += dead.size;
  for (const value of [...graph.initializers])
    if (value.uses.size === 0 && !value.isGraphInput) graph.removeInitializer(value);
  return removed;
}

/** Nodes of one graph that the given values depend on. */
export function liveNodes(
  values: Iterable<Value>,
  stop: (value: Value) => boolean = () => false,
): Set<Node> {
  const live = new Set<Node>();
  const stack = [...values];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (stop(value) || !node || live.has(node)) continue;
    live.add(node);
    pushAll(stack, nodeDependencies(node));
  }
  return live;
}

/**
 * Removes what made some values that nobody reads any more, as far as nothing else needs it. Costs a walk
 * over what goes; graphs inside nodes and initializers are left to `removeDeadNodes`.
 * @param isNeeded for values that are to stay though nothing in the graph reads them
 */
export function removeUnused(
  graph: Graph,
  values: Iterable<Value>,
  isNeeded: (value: Value) => boolean,
): void {
  const stack = [...values];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (!node || !graph.nodes.has(node)) continue;
    if (node.outputs.some((made) => made && (made.uses.size > 0 || isNeeded(made)))) continue;
    const needed = nodeDependencies(node);
    graph.removeNode(node);
    pushAll(stack, needed);
  }
}
