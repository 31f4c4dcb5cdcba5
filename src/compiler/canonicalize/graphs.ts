import { subgraphs } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';

/** A graph and all graphs inside it. */
export function* graphsOf(graph: Graph): Generator<Graph> {
  yield graph;
  for (const node of graph.nodes) for (const inner of subgraphs(node)) yield* graphsOf(inner);
}
