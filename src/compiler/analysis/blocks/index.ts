export * from './blocks.js';
export * from './range.js';
export * from './stream-range.js';
export * from './table.js';
