/** What a pass is: its options, what it is told of a model, what it proposes. */
export * from './calibration.js';
export * from './options.js';
export * from './pass.js';
export * from './threshold.js';
