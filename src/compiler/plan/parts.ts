/**
 * Sites with parts, taken apart: the plan that lowering works on has a column for each part. Only
 * reports and the strategy inputs of a merged model still speak of the site as a whole.
 */
import type { Plan } from './plan.js';
import { COMPUTE, type Site } from './site.js';

/** The plan with every site that has parts replaced by them. */
export function expandParts(plan: Plan): Plan {
  if (plan.sites.every((site) => !site.parts)) return plan;
  const sites = plan.sites.flatMap((site): readonly Site[] =>
    site.parts ? site.parts.map((part) => ({ ...part, parent: site.id })) : [site],
  );
  const rows = plan.rows.map((row, call) =>
    plan.sites.flatMap((site, s) => {
      const name = row[s] as string;
      if (!site.parts) return [name];
      const choices = site.strategies[name]?.parts?.(call) ?? {};
      return site.parts.map((part) => choices[part.id] ?? COMPUTE);
    }),
  );
  return { calls: plan.calls, sites, rows };
}
