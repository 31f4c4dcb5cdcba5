/** Sites, their strategies, which is used at which call, and what flows from call to call. */
export * from './exactness.js';
export * from './flow.js';
export * from './group.js';
export * from './half-calls.js';
export * from './half-kept.js';
export * from './histories.js';
export * from './in-turns.js';
export * from './name-variants.js';
export * from './pairs.js';
export * from './parts.js';
export * from './plan.js';
export * from './site.js';
export * from './site-cost.js';
export * from './strategies.js';
export * from './union-writes.js';
export * from './variants.js';
