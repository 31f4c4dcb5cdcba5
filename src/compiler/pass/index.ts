/** What a pass is: its options, what it is told of a model, what it proposes. */
export * from './calibration.js';
export * from './check.js';
export * from './full-steps.js';
export * from './made-outputs.js';
export * from './meaning.js';
export * from './options.js';
export * from './pass.js';
export * from './table.js';
export * from './threshold.js';
export * from './trials.js';
