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
export { type Goal, readErrorGoal } from './goal.js';
export { hasSearch, readSearch, writeSearch } from './search-file.js';
export { loopTitle, type Setting, settingTitle, stepsIn } from './setting.js';
export type { StartingPoint } from './starting-points.js';
export type { LoopSubject } from './subject.js';
export type { Tried } from './table.js';
export { type Judged, MOST_STEPS, type Tuned, type TuneOptions, tune } from './tune.js';
export { work } from './work.js';
