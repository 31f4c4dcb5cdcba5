export * from './macs.js';
export * from './model-cost.js';
