/** What is fastest at the least error: settings of all methods, searched on the user's own model and machine. */
export { Bundles, pipelineOf } from './bundles.js';
export {
  type CostTable,
  formatCosts,
  measureCosts,
  readCosts,
} from './cost-table.js';
export { COST_BASES, type CostBasis } from './costs.js';
export { type Spread, spreadOf } from './distance.js';
export { ERROR_TO, type ErrorTo } from './error-to.js';
export { FEWER } from './fewer.js';
export { TuningFolder } from './folder.js';
export { FolderShare } from './folder-share.js';
export { type Goal, readErrorGoal } from './goal.js';
export { connectQueue, type QueueAt } from './queue/connect.js';
export { QueueShare } from './queue/queue-share.js';
export { QueueSource } from './queue/queue-source.js';
export {
  describeSearch,
  hasSearch,
  readSearch,
  type WorkerModel,
  type WrittenSearch,
  writeSearch,
} from './search-file.js';
export { loopTitle, type Setting, samplerIn, settingTitle, stepsIn } from './setting.js';
export type { TrialShare } from './share.js';
export type { StartingPoint } from './starting-points.js';
export type { LoopSubject } from './subject.js';
export type { Tried } from './table.js';
export { type Judged, MOST_STEPS, type Tuned, type TuneOptions, tune } from './tune.js';
export { folderSource, type TrialSource, work } from './work.js';
