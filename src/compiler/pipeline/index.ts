/** From a model and passes to a compilation, in memory. */
export * from './bindings.js';
export type { Compilation } from './compilation.js';
export type { LoopDecoder, PipelineOptions, PrepareOptions, WholeLoop } from './options.js';
export * from './pipeline.js';
export { prepare } from './prepare.js';
export type { ModelInCanonicalForm, Prepared } from './prepared.js';
export * from './use-pass.js';
