/**
 * Writes schedules, plans, defaults and lists of timesteps as text. What a reader would refuse is refused here, so that no such
 * file is ever written.
 */
import type { DefaultsFile } from '../../generated/defaults.js';
import type { PlanFile } from '../../generated/plan.js';
import type { Schedule } from '../../generated/schedule.js';
import {
  defaultsSchema,
  planSchema,
  scheduleSchema,
  timestepsSchema,
} from '../../generated/schemas.js';
import type { TimestepsFile } from '../../generated/timesteps.js';
import { parseDefaults, parsePlanFile, parseSchedule, parseTimestepsFile } from './parse.js';
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

/**
 * The text of timesteps.json.
 * @throws StepfoldError TIMESTEPS_INVALID when a reader would refuse it
 */
export function formatTimesteps(list: TimestepsFile, file = 'timesteps.json'): string {
  parseTimestepsFile(list, file);
  return printDocument(list, timestepsSchema);
}

/**
 * The text of defaults.json.
 * @throws StepfoldError DEFAULTS_INVALID when a reader would refuse it
 */
export function formatDefaults(defaults: DefaultsFile, file = 'defaults.json'): string {
  parseDefaults(defaults, file);
  return printDocument(defaults, defaultsSchema);
}
