/**
 * The compiler and all that needs neither a disk nor an engine of its own: it runs in Node, in browsers and
 * wherever else there is JavaScript. Files on disks, proofs and measurements are in `stepfold/node`, passes
 * and what it takes to write one in `stepfold/passes`, pictures in `stepfold/report`, the runtime alone in
 * `stepfold/runtime`.
 *
 * Every name is listed: what is not here, or in another entry point, is nobody's to rely on.
 *
 * @packageDocumentation
 */

export type {
  AttentionCost,
  AttentionInfo,
  BlockInfo,
  BranchInfo,
  InputRoles,
  LayerKind,
  ModuleInfo,
  ModuleKind,
  Refusal,
} from './compiler/analysis/index.js';
export {
  type CanonicalizeOptions,
  type CanonicalizeResult,
  canonicalize,
  type TraceEntry,
} from './compiler/canonicalize/index.js';
export type { BundleRecord } from './compiler/emit/assemble.js';
export {
  type BundleFile,
  type BundleFilesOptions,
  bundleFiles,
} from './compiler/emit/bundle-files.js';
export type { DefaultInput, LoopDefaults } from './compiler/emit/defaults.js';
export type { WeightsPlaced } from './compiler/emit/modes.js';
export type { BundleReport, TargetReport } from './compiler/emit/report.js';
export {
  type Inspected,
  type InspectedPort,
  type Inspection,
  type InspectOptions,
  inspectModel,
} from './compiler/inspect/inspect.js';
export type { EmitForm } from './compiler/lower/index.js';
export {
  type Compilation,
  type LoopDecoder,
  type ModelInCanonicalForm,
  Pipeline,
  type PipelineOptions,
  type Prepared,
  type PrepareOptions,
  prepare,
  type WholeLoop,
} from './compiler/pipeline/index.js';
export { type Plan, type PlanRecord, planToJson } from './compiler/plan/index.js';
export type { BrokenGraph, Stage, WatchOptions } from './compiler/stages/index.js';
export { type ErrorDetails, StepfoldError } from './errors/base.js';
export type { ErrorCode } from './errors/codes.js';
export { visibleLines } from './errors/visible.js';
export type {
  Calibration as PlanCalibration,
  Guidance as PlanGuidance,
  Model as PlanModel,
  PassEntry,
} from './generated/plan.js';
export type {
  Guidance as TimestepsGuidance,
  Model as TimestepsModel,
} from './generated/timesteps.js';
export type { Macs } from './model/cost/index.js';
export {
  type DiffOptions,
  diffModels,
  isSame,
  type KeptNode,
  type KeptPort,
  type ModelDifference,
  type PortDifference,
  type Region,
  regionsOf,
  type SameFile,
} from './model/diff/index.js';
export { blobFile, type OpenOptions, openModel, urlFile } from './model/files/index.js';
export type { Attribute, AttributeValue } from './model/ir/attribute.js';
export type {
  ByteSource,
  DataType,
  Dim,
  ExternalFiles,
  Graph,
  Model,
  Node,
  NodeSpec,
  Tensor,
  TensorData,
  TypedField,
  Use,
  Value,
  ValueType,
} from './model/ir/index.js';
export {
  attributes,
  constantTensor,
  float32Tensor,
  int64Tensor,
  isOp,
  readNumbers,
} from './model/ir/index.js';
export type { FileAccess } from './model/ir/tensor.js';
export type { Violation } from './model/ir/validate.js';
export { decodeModel, encodeModel } from './model/onnx/codec.js';
export { fromOnnxProto, type OnnxProtoModel, toOnnxProto } from './model/onnx/interchange.js';
export { type PrintOptions, parseModel, printModel } from './model/onnx/text/index.js';
export {
  type DimExpr,
  type InferOptions,
  inferShapes,
  type ShapeTable,
} from './model/shape/index.js';
export type { LoopPlaces, LoopShape } from './runtime/schedule/index.js';
export {
  formatPlan,
  formatTimesteps,
  type PlanFile,
  parsePlanFile,
  parseTimestepsFile,
  planOfSchedule,
  type TimestepsFile,
} from './runtime/schedule/index.js';
