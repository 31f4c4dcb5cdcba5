/** Topological order of a graph, captures of inner graphs counted as inputs of the node that holds them. */
import { graphCycle } from '../../errors/index.js';
import { subgraphs } from './attribute.js';
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Value } from './value.js';

/** Every value a node needs: its inputs, then what graphs inside it capture from outside. */
export function nodeDependencies(node: Node): Value[] {
  const inputs = node.inputs.filter((input): input is Value => input !== null);
  const inside = subgraphs(node);
  if (inside.length === 0) return inputs;
  const found = new Set(inputs);
  for (const inner of inside) collectCaptures(inner, inner, found);
  return [...found];
}

/** Values of outer graphs that a graph reads, in graphs inside it too. */
export function capturedValues(graph: Graph): Set<Value> {
  const found = new Set<Value>();
  collectCaptures(graph, graph, found);
  return found;
}

function collectCaptures(graph: Graph, whole: Graph, found: Set<Value>): void {
  for (const node of graph.nodes) {
    for (const value of node.inputs) if (value && !isWithin(value.graph, whole)) found.add(value);
    for (const inner of subgraphs(node)) collectCaptures(inner, whole, found);
  }
  for (const value of graph.outputs) if (!isWithin(value.graph, whole)) found.add(value);
}

/** Is a graph another one, or inside it? */
function isWithin(graph: Graph, whole: Graph): boolean {
  for (let g: Graph | undefined = graph; g; g = g.parent) if (g === whole) return true;
  return false;
}

/** Producers, in the same graph, of what a node needs. */
export function predecessors(node: Node): Node[] {
  const found: Node[] = [];
  for (const { producer, graph } of nodeDependencies(node))
    if (producer && graph === node.graph) found.push(producer);
  // few nodes need anything twice, and most need one or two
  return found.length < 2 ? found : [...new Set(found)];
}

/**
 * Nodes in topological order, as close to the present order as it allows: a graph that is sorted
 * already keeps its order exactly. Costs O(nodes + edges).
 * @param needs what must come before a node, when it is not just what the node reads
 * @throws GRAPH_CYCLE
 */
export function topologicalOrder(
  graph: Graph,
  needs: (node: Node) => Node[] = predecessors,
): Node[] {
  const order: Node[] = [];
  const done = new Set<Node>();
  const open = new Set<Node>();
  for (const root of graph.nodes) {
    if (done.has(root)) continue;
    // depth first without recursion: graphs are thousands of nodes deep
    const stack: { node: Node; needed: Node[]; at: number }[] = [
      { node: root, needed: needs(root), at: 0 },
    ];
    open.add(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.needed[top.at++];
      if (!next) {
        stack.pop();
        open.delete(top.node);
        done.add(top.node);
        order.push(top.node);
      } else if (open.has(next)) {
        const path = stack.map((entry) => entry.node);
        throw graphCycle([...path.slice(path.indexOf(next)), next]);
      } else if (!done.has(next)) {
        open.add(next);
        stack.push({ node: next, needed: needs(next), at: 0 });
      }
    }
  }
  return order;
}

/** Puts a graph's nodes, and those of graphs inside it, in topological order. */
export function sortNodes(graph: Graph): void {
  graph.reorder(topologicalOrder(graph));
  for (const node of graph.nodes) for (const inner of subgraphs(node)) sortNodes(inner);
}

/** The nodes of a cycle, in order, or undefined. */
export function findCycle(graph: Graph): Node[] | undefined {
  try {
    topologicalOrder(graph);
    return undefined;
  } catch (error) {
    const cycle = (error as { details?: { data?: { cycle?: Node[] } } }).details?.data?.cycle;
    if (!cycle) throw error;
    return cycle;
  }
}
