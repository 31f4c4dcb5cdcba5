export * from './blocks.js';
export * from './range.js';
export { sameShape } from './residual.js';
export * from './stream-range.js';
export * from './table.js';
