export { moduleCosts } from './costs.js';
export { findModules } from './find.js';
export * from './module.js';
export * from './table.js';
