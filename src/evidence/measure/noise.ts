/** Operators that draw random numbers: with one of them inside, no two runs of a model agree. */
import { subgraphs } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { operatorOf } from '../../model/operators/index.js';

/** The first such node, in the graphs inside nodes too. */
export function findNoise(graph: Graph): Node | undefined {
  for (const node of graph.nodes) {
    const random = operatorOf(node)?.random;
    if (random === 'always' || random === 'in training') return node;
    for (const inner of subgraphs(node)) {
      const found = findNoise(inner);
      if (found) return found;
    }
  }
  return undefined;
}
