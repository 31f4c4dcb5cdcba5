/**
 * What a site costs under each of its strategies, for weighing strategies against one another. A
 * strategy that states no cost is taken to compute nothing, as a kept value or zeros do; computing
 * the site costs what would fall away without it. One walk over the graph per site.
 */

import { graphCost, regionCost, type ShapeOf } from '../../model/cost/index.js';
import type { Graph } from '../../model/ir/graph.js';
import { liveNodes } from '../../model/ir/prune.js';
import { COMPUTE, type Site } from './site.js';

/** MACs (products of attention included) of a site of this graph under a strategy. */
export function siteCosts(
  graph: Graph,
  shapeOf: ShapeOf,
): (site: Site, strategy: string) => number {
  let all: number | undefined;
  const computed = new Map<Site, number>();
  const computeCost = (site: Site) => {
    all ??= graphCost(graph, shapeOf).macs.all;
    const rest = liveNodes(graph.outputs, (value) => site.outputs.includes(value));
    return all - regionCost(rest, shapeOf).macs.all;
  };
  return (site, strategy) => {
    const { cost } = site.strategies[strategy]!;
    if (cost !== undefined || strategy !== COMPUTE) return cost ?? 0;
    if (!computed.has(site)) computed.set(site, computeCost(site));
    return computed.get(site)!;
  };
}
