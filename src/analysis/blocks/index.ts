export * from './blocks.js';
export * from './range.js';
export * from './table.js';
