export * from './bindings.js';
export * from './pipeline.js';
