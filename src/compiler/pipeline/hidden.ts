/** Passes that come to nothing, since another one removes for good what they would work on. */
import { planHidden } from '../../errors/index.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Instrumented } from '../lower/index.js';
import { reachNodes } from '../lower/region.js';
import { COMPUTE, type Plan, type Proposal, type Site } from '../plan/index.js';

/**
 * Some sites of a pass may be gone: attention in a part that is cut off leaves the rest to work on.
 * @param graph that the plan is for
 * @param proposals of each pass
 * @throws PLAN_HIDDEN naming a site of a pass of which no call needs any, and the site that hides it
 */
export function refuseHidden(
  graph: Graph,
  proposals: readonly Proposal[],
  plan: Plan,
  instrumented: Instrumented,
): void {
  const live = new Set(
    instrumented.sites
      .filter(({ outputs }) => outputs.length > 0)
      .map(({ site }) => site.parent ?? site.id),
  );
  const hidden = proposals.find(({ sites }) => sites.every((site) => !live.has(site.id)));
  const [first] = hidden?.sites ?? [];
  if (!hidden || !first) return;
  const replaced = plan.sites.filter(
    (site, s) => live.has(site.id) && plan.rows.every((row) => row[s] !== COMPUTE),
  );
  // not each of them removes what lies before it: a shared half is still computed
  const by = replaced.find((site) => hides(graph, site, hidden.sites)) ?? replaced[0];
  if (by) throw planHidden(first.id, by.id, plan.rows[0]![plan.sites.indexOf(by)]!);
}

/** Do the graph's outputs depend on none of the others, once the values of a site come from elsewhere? */
function hides(graph: Graph, by: Site, others: readonly Site[]): boolean {
  const reached = reachNodes({ from: graph.outputs, given: new Set(by.outputs) });
  return others.every(({ outputs }) =>
    outputs.every((v) => !v.producer || !reached.has(v.producer)),
  );
}
