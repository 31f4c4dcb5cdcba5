export * from './flow.js';
export * from './plan.js';
export * from './site.js';
