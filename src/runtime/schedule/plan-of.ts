/** The plan that a schedule was made from. */
import type { PlanFile } from '../../generated/plan.js';
import type { Schedule } from '../../generated/schedule.js';

/**
 * The plan as a file, for the model that the schedule was made from; undefined where the schedule
 * does not record it.
 */
export function planOfSchedule({ sites, calls, source }: Schedule): PlanFile | undefined {
  if (!sites) return undefined;
  return {
    format: 'stepfold.plan',
    version: 1,
    model: { file: source.file, sha256: source.sha256 },
    ...(source.guidance && { guidance: source.guidance }),
    calls: calls.length,
    sites: Object.fromEntries(Object.entries(sites).map(([id, site]) => [id, site.strategies])),
  };
}
