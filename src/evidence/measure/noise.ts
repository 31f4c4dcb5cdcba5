/** Operators that draw random numbers: with one of them inside, no two runs of a model agree. */
import { isRandom } from '../../compiler/canonicalize/deterministic.js';
import { subgraphs } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';

/** The first such node, in the graphs inside nodes too. */
export function findNoise(graph: Graph): Node | undefined {
  for (const node of graph.nodes) {
    // a Dropout does so where training mode is on
    if (isRandom(node) || isOp(node, 'Dropout')) return node;
    for (const inner of subgraphs(node)) {
      const found = findNoise(inner);
      if (found) return found;
    }
  }
  return undefined;
}
