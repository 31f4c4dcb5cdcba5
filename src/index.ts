/**
 * Stepfold as a library: everything that the command line does, by program. The runtime alone, for
 * browsers, is `stepfold/runtime`; the passes are `stepfold/passes`.
 */

export { canonicalize, type TraceEntry } from '../passes/canonicalize/index.js';
export * from './analysis/index.js';
export * from './calibrate/index.js';
export * from './cost/index.js';
export {
  type BundleOptions,
  checkPlanSource,
  type PipelineFolderOptions,
  planSource,
  type Report,
  writeBundle,
  writePipelineFolder,
} from './emit/index.js';
export * from './errors/index.js';
export { type FillOptions, type FillReport, fillWeights } from './fill/fill.js';
export { decodePng, encodePng, type Picture, pictureGrid, toPictures } from './io/images.js';
export { type NumericArray, readNpy, writeNpy } from './io/npy.js';
export * from './ir/index.js';
export { EMIT_FORMS, type EmitForm, type Lowered } from './lower/index.js';
export * from './measure/index.js';
export * from './model-folder/index.js';
export { loadModel, saveModel } from './onnx/files.js';
export * from './onnx/index.js';
export { fromOnnxProto, toOnnxProto } from './onnx/interchange.js';
export { type PrintOptions, parseModel, printGraph, printModel } from './onnx/text/index.js';
export * from './pass/index.js';
export * from './pipeline/index.js';
export * from './plan/index.js';
export * from './report/index.js';
export * from './runtime/index.js';
export * from './runtime-node/index.js';
export * from './samplers/index.js';
export {
  checkSchedule,
  formatPlan,
  formatSchedule,
  formatTimesteps,
  type PipelineConfig,
  type PlanFile,
  parsePipelineConfig,
  parsePlanFile,
  parseSchedule,
  parseTimestepsFile,
  planOfSchedule,
  type Schedule,
  type TimestepsFile,
} from './schedule/index.js';
export * from './shape/index.js';
export { VERSION } from './version.js';
