/**
 * The compiler and all that needs neither a disk nor an engine of its own: it runs in Node, in browsers and
 * wherever else there is JavaScript. Files on disks, engines, proofs and measurements are in
 * `stepfold/node`, the passes in `stepfold/passes`, pictures in `stepfold/report`, the runtime alone in
 * `stepfold/runtime`.
 */

export * from './compiler/analysis/index.js';
export { canonicalize, type TraceEntry } from './compiler/canonicalize/index.js';
export type { Bundle } from './compiler/emit/assemble.js';
export {
  type BundleFile,
  type BundleFilesOptions,
  bundleFiles,
} from './compiler/emit/bundle-files.js';
export type { Report } from './compiler/emit/report.js';
export * from './compiler/forecast/index.js';
export {
  type Inspected,
  type Inspection,
  type InspectOptions,
  inspectModel,
} from './compiler/inspect/inspect.js';
export { EMIT_FORMS, type EmitForm, type Lowered } from './compiler/lower/index.js';
export * from './compiler/pass/index.js';
export * from './compiler/pipeline/index.js';
export * from './compiler/plan/index.js';
export * from './errors/index.js';
export { decodePng, encodePng, type Picture, pictureGrid, toPictures } from './io/images.js';
export { type NumericArray, readNpy, writeNpy } from './io/npy.js';
export * from './model/cost/index.js';
export * from './model/diff/index.js';
export * from './model/files/index.js';
export * from './model/ir/index.js';
export * from './model/onnx/index.js';
export { fromOnnxProto, toOnnxProto } from './model/onnx/interchange.js';
export { type PrintOptions, parseModel, printGraph, printModel } from './model/onnx/text/index.js';
export * from './model/shape/index.js';
export * from './runtime/samplers/index.js';
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
} from './runtime/schedule/index.js';
export * from './runtime/session/index.js';
export { VERSION } from './version.js';
