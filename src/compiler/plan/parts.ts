/**
 * Sites with parts, taken apart: the plan that lowering works on has a column for each part. Only
 * reports and the strategy inputs of a merged model still speak of the site as a whole.
 */
import { halfCalls, onOneHalf } from './half-calls.js';
import type { Plan } from './plan.js';
import type { PlainSite } from './site.js';
import { chosenAt, partsOf } from './strategies.js';

/** A plan of sites without parts. */
export type FlatPlan = Plan<PlainSite>;

/** The plan with every site that has parts replaced by them. */
export function expandParts(plan: Plan): FlatPlan {
  const halves = halfCalls(plan);
  const rows = plan.rows.map((row, call) =>
    plan.sites.flatMap((site, s) => {
      const strategy = halves?.isHalf[call] ? onOneHalf(site, row[s]!) : row[s]!;
      return chosenAt(site, strategy, call).map(([, { name }]) => name);
    }),
  );
  return { calls: plan.calls, sites: plan.sites.flatMap(partsOf), rows };
}
