/**
 * Writes schedules and plans as text. What a reader would refuse is refused here, so that no such
 * file is ever written.
 */
import type { PlanFile } from '../generated/plan.js';
import type { Schedule } from '../generated/schedule.js';
import { planSchema, scheduleSchema } from '../generated/schemas.js';
import { parsePlanFile, parseSchedule } from './parse.js';
import { printDocument } from './print.js';

/**
 * The text of schedule.json.
 * @throws StepfoldError SCHEDULE_INVALID when a reader would refuse it
 */
export function formatSchedule(schedule: Schedule, file = 'schedule.json'): string {
  parseSchedule(schedule, file);
  return printDocument(schedule, scheduleSchema);
}

/**
 * The text of plan.json.
 * @throws StepfoldError PLAN_INVALID when a reader would refuse it
 */
export function formatPlan(plan: PlanFile, file = 'plan.json'): string {
  parsePlanFile(plan, file);
  return printDocument(plan, planSchema);
}
