export * from './calibration.js';
export * from './options.js';
export * from './pass.js';
