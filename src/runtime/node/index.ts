/** The runtime on disk: opens a bundle's folder with onnxruntime-node, here or in a worker thread. */
export { describeChange } from './changed-weights.js';
export { checkFiles } from './check-files.js';
export { openBundle } from './open-bundle.js';
export type { OpenBundleOptions } from './open-here.js';
export { readDefaults } from './read-defaults.js';
export { readSchedule } from './read-schedule.js';
