export * from './cost.js';
export * from './find.js';
