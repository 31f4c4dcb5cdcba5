/** From a model and passes to a compilation, in memory. */
export * from './bindings.js';
export type { Compilation } from './compilation.js';
export type { LoopDecoder, PipelineOptions, WholeLoop } from './options.js';
export * from './pipeline.js';
export { type Prepared, prepare } from './prepare.js';
export * from './use-pass.js';
