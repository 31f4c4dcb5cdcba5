/** What falls away where a module is not computed. */
import { exclusiveCosts, type Macs, regionCost, type ShapeOf } from '../../../model/cost/index.js';
import { Dominance } from '../../../model/ir/dominance.js';
import type { Graph } from '../../../model/ir/graph.js';
import { liveNodes } from '../../../model/ir/prune.js';
import type { BlockModule } from './module.js';

/**
 * MACs of what exists for a module alone: its layers, and of norm and modulation what it does not share. Costs a walk over the
 * graph, and one more for each module of several outputs.
 */
export function moduleCosts(graph: Graph, shapeOf: ShapeOf): (module: BlockModule) => Macs {
  const costs = exclusiveCosts(new Dominance(graph), shapeOf);
  const all = liveNodes(graph.outputs);
  return ({ outputs }) => {
    const [only, other] = outputs;
    if (!other) return costs(only).macs;
    const rest = liveNodes(graph.outputs, (value) => outputs.includes(value));
    return regionCost(
      [...all].filter((node) => !rest.has(node)),
      shapeOf,
    ).macs;
  };
}
