export * from './options.js';
export * from './pass.js';
