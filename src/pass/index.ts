export * from './calibration.js';
export * from './options.js';
export * from './pass.js';
export * from './threshold.js';
