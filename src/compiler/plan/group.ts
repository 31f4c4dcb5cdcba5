/**
 * Fewer distinct rows: calls are grouped, and the calls of a group share one row in which each site
 * has a strategy at least as exact as the plan asks of any of them. The grouping that costs least is
 * found exactly for up to 12 distinct rows, and sought by moving rows about for more.
 *
 * Calls with equal rows may still be different programs, since later calls read different states from
 * them; `unionWrites` mends that.
 */
import { badMaxPrograms, tooFewPrograms } from '../../errors/index.js';
import { bestPartition } from './partition.js';
import type { Plan } from './plan.js';
import { rowJoins } from './row-joins.js';
import type { Site } from './site.js';

export interface GroupingOptions {
  /** Distinct rows that may be left. */
  readonly maxPrograms: number;
  /** MACs of a site under one of its strategies, or any other measure that adds up over sites. */
  readonly cost: (site: Site, strategy: string) => number;
}

/**
 * A plan with at most `maxPrograms` distinct rows, in which no call has a less exact strategy than
 * before at any site. A plan that has no more is returned as it is. Where strategies mean something
 * else in every second call (a guidance pair in two calls), rows count by what they mean.
 * @throws PLAN_MAX_PROGRAMS
 */
export function groupRows(plan: Plan, { maxPrograms, cost }: GroupingOptions): Plan {
  if (!Number.isInteger(maxPrograms) || maxPrograms < 1) throw badMaxPrograms(maxPrograms);
  const joins = rowJoins(plan, cost);
  if (joins.distinct.length <= maxPrograms) return plan;
  if (joins.phases > maxPrograms) throw tooFewPrograms(maxPrograms, joins.phases);
  const sets = joins.distinct.map((calls) => joins.callSet(calls));
  const rows = [...plan.rows];
  for (const group of bestPartition(sets, maxPrograms, joins)) {
    if (group.length === 1) continue;
    const row = joins.row(group.map((i) => sets[i]!).reduce((a, b) => joins.join(a, b)));
    for (const i of group) for (const call of joins.distinct[i]!) rows[call] = row;
  }
  return { ...plan, rows };
}
