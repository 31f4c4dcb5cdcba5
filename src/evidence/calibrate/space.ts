/**
 * What a search ranges over: the sites in topological order, the modes of each, and a plan that goes
 * through all of them. Both ways to run the search begin here.
 */

import type { PassCalibration } from '../../compiler/pass/index.js';
import { Histories, partsOf, type Site } from '../../compiler/plan/index.js';
import { noSites, sitesNested } from '../../errors/index.js';
import { between } from '../../model/ir/extract.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { topologicalOrder } from '../../model/ir/order.js';
import { type Covering, coverModes } from './covering.js';
import { allModes, type Mode } from './modes.js';

export interface SearchSpace {
  /** In topological order, which is the order of the search. */
  readonly sites: readonly Site[];
  /** Of each site; the computed ones first. */
  readonly modes: readonly (readonly Mode[])[];
  readonly covering: Covering;
  readonly histories: Histories;
}

/**
 * @param model canonical, as the sites speak of it
 * @throws CALIBRATE_NO_SITES, CALIBRATE_NESTED, CALIBRATE_CANDIDATE, CALIBRATE_STATE
 */
export function searchSpace<O>(
  model: Model,
  proposed: readonly Site[],
  search: {
    readonly pass: string;
    readonly calls: number;
    readonly calibration: PassCalibration<O>;
    readonly options: O;
  },
): SearchSpace {
  if (proposed.length === 0) throw noSites(search.pass);
  const sites = inOrder(model.graph, proposed);
  refuseNested(model.graph, sites);
  const modes = sites.map((site) =>
    allModes(site, search.calls, search.calibration, search.options),
  );
  const histories = new Histories(sites.flatMap(partsOf));
  return { sites, modes, covering: coverModes(sites, modes), histories };
}

function inOrder(graph: Graph, sites: readonly Site[]): Site[] {
  const place = new Map(topologicalOrder(graph).map((node, i) => [node, i]));
  const last = (site: Site) =>
    Math.max(...site.outputs.map((value) => place.get(value.producer as Node) ?? -1));
  return [...sites].sort((a, b) => last(a) - last(b));
}

/** Every site must matter whatever becomes of the others; in a residual network each does. */
function refuseNested(graph: Graph, sites: readonly Site[]): void {
  const { leaves } = between(graph.outputs, new Set(sites.flatMap((site) => site.outputs)));
  for (const site of sites)
    if (!site.outputs.some((value) => leaves.has(value)))
      throw sitesNested(
        site.id,
        sites.filter((other) => other !== site).map((other) => other.id),
      );
}
