/** Bundles on disk: models, weights, schedule and report, complete or not at all. */
export * from './bundle.js';
export * from './defaults.js';
export { checkDump, Dump } from './dump.js';
export * from './folder.js';
export * from './keep-defaults.js';
export { macRatio } from './mac-ratio.js';
export type { Original } from './original.js';
export * from './pipeline-folder.js';
export * from './plan-source.js';
export type { BundleReport, TargetReport } from './report.js';
