/** What is fastest at the least error: settings of all methods, searched on the user's own model and machine. */
export { Bundles, pipelineOf } from './bundles.js';
export { type Spread, spreadOf } from './distance.js';
export { ERROR_TO, type ErrorTo } from './error-to.js';
export { TuningFolder } from './folder.js';
export { type Goal, readErrorGoal } from './goal.js';
export { FEWER } from './search.js';
export { hasSearch, readSearch, writeSearch } from './search-file.js';
export { loopTitle, type Setting, settingTitle, stepsIn } from './setting.js';
export type { LoopSubject } from './subject.js';
export type { Tried } from './table.js';
export { type Judged, type Tuned, type TuneOptions, tune } from './tune.js';
export { work } from './work.js';
