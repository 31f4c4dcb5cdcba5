export * from './exactness.js';
export * from './flow.js';
export * from './group.js';
export * from './guidance.js';
export * from './parts.js';
export * from './plan.js';
export * from './site.js';
export * from './union-writes.js';
