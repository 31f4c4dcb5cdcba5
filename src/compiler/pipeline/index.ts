/** From a model and passes to a compilation, in memory. */
export * from './bindings.js';
export * from './pipeline.js';
export * from './use-pass.js';
