export type * from './attention.js';
export * from './cost.js';
export { findAttention } from './find.js';
export { type RaisedCore, raiseCore } from './raise.js';
export * from './table.js';
