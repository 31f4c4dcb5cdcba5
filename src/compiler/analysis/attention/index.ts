export * from './attention.js';
export * from './cost.js';
export { findAttention } from './find.js';
export { raiseCore } from './raise.js';
export type { RaisedCore } from './raised-core.js';
export * from './table.js';
