/** Operators that draw random numbers: with one of them inside, no two runs of a model agree. */
import { subgraphs } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import { isOp, type Node } from '../ir/node.js';

const RANDOM = [
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
  // where training mode is on
  'Dropout',
];

/** The first such node, in the graphs inside nodes too. */
export function findNoise(graph: Graph): Node | undefined {
  for (const node of graph.nodes) {
    if (isOp(node, ...RANDOM)) return node;
    for (const inner of subgraphs(node)) {
      const found = findNoise(inner);
      if (found) return found;
    }
  }
  return undefined;
}
