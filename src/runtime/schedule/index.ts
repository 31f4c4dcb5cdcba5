/** The schedule as a file: its types (derived from schemas/), reading, checking, writing. */
export type { PassEntry, PipelineConfig } from '../../generated/pipeline.js';
export type { PlanFile } from '../../generated/plan.js';
export type {
  Constant,
  Cost,
  Dimension,
  ElementType,
  Loop,
  MacCounts,
  Model,
  Port,
  Program,
  Row,
  Rule,
  Run,
  Schedule,
  Shape,
  Site,
  Source,
  State,
  WeightsFile,
  Whole,
} from '../../generated/schedule.js';
export type { TimestepsFile } from '../../generated/timesteps.js';
export { type CallSequence, callsOf } from './calls.js';
export { type CheckResult, checkSchedule } from './check.js';
export { placeOf } from './check-states.js';
export { timestepProblems } from './check-timesteps.js';
export { counterOf, runAt, uncounted } from './counter.js';
export { carriedStates, fedBackAs } from './fed-back.js';
export { DEFAULTS_FILE, REPORT_FILE, SCHEDULE_FILE } from './file-names.js';
export { formatDefaults, formatPlan, formatSchedule, formatTimesteps } from './format.js';
export { freeDimensions } from './free-dimensions.js';
export * from './guidance.js';
export * from './loop/index.js';
export { callsNeedPairs, needsPairs } from './pairs.js';
export {
  parseDefaults,
  parsePipelineConfig,
  parsePlanFile,
  parseSchedule,
  parseTimestepsFile,
  read as readDocument,
  refuse as refuseDocument,
} from './parse.js';
export { planOfSchedule } from './plan-of.js';
export { pointer } from './pointer.js';
export { printDocument } from './print.js';
