/**
 * What needs Node: models and bundles on disks, onnxruntime-node, proofs, measurements and searches that
 * run models. The compiler itself is `stepfold`.
 *
 * @packageDocumentation
 */

export type { Problem } from './errors/schedule.js';

import { passesWith } from '../passes/table.js';
import type { AnyPass } from './compiler/pass/index.js';
import { proveBundle, type VerdictOptions, type VerifyReport } from './evidence/measure/index.js';

export {
  type BundleOptions,
  type Original,
  type PipelineFolderOptions,
  type PipelineFolderRecord,
  writeBundle,
  writePipelineFolder,
} from './compiler/emit/index.js';
export type { WeightsMode } from './compiler/emit/modes.js';
export {
  exportTriton,
  type TritonModel,
  type TritonOptions,
} from './compiler/export/triton/index.js';
export {
  type Asked,
  type Calibrated,
  type CalibrateOptions,
  type Candidate,
  calibrate,
  type DecidedCall,
  type ForecastChoice,
  type LoopGuidance,
  type OptimizedTimesteps,
  type OptimizeTimestepsOptions,
  optimizeTimesteps,
  type Placed,
  type PlacedCalls,
  type Placement,
  type PlacementRule,
  type PlaceOptions,
  placeFullCalls,
  type RulePlan,
  type SamplerChoice,
  type SearchKind,
  type SearchMemory,
  type SizeOptions,
  type TimestepLoopOptions,
  type Tried,
  type Worth,
} from './evidence/calibrate/index.js';
export { type FillOptions, type FillReport, fillWeights } from './evidence/fill/fill.js';
export {
  type BenchOptions,
  type BenchReport,
  benchBundle,
  type Check,
  type ComparedWeights,
  compareLoops,
  type DenoiserPorts,
  type Difference,
  type Feeds,
  type Generated,
  type GenerateOptions,
  type GivenFeeds,
  type GivenGuidance,
  type GivenInputs,
  generate,
  type LoopControl,
  type LoopDenoiser,
  type LoopHandOver,
  type LoopImageOptions,
  type LoopModelOptions,
  type LoopOptions,
  type LoopParts,
  loopImage,
  type OptimizationLevel,
  openLoopBundle,
  openLoopModel,
  type ProofOptions,
  type RecordedLoop,
  recordLoop,
  type VerdictOptions,
  type VerifyReport,
} from './evidence/measure/index.js';
export {
  forDecoder,
  type Images,
  openDecoder,
  openEncoder,
  type Vae,
} from './evidence/measure/vae.js';
export type { Nearness, Yardstick, YardstickRow } from './evidence/yardstick/index.js';
export type { DefaultsFile } from './generated/defaults.js';
export { sameFileOnDisk } from './model/diff/same-file.js';
export { nodeFile } from './model/files/node-file.js';
export { loadModel, saveModel } from './model/onnx/files.js';
export {
  type FoundModel,
  type FoundVae,
  findBundle,
  findModel,
  findVae,
  readScheduler,
  type SchedulerSettings,
  type SchedulerUse,
  type VaeScale,
} from './runtime/model-folder/index.js';
export {
  type OpenBundleOptions,
  openBundle,
  readDefaults,
  readSchedule,
} from './runtime/node/index.js';

export interface VerifyOptions extends VerdictOptions {
  /** Passes of one's own, whose strategies are to be proved beside those of ours. */
  readonly passes?: readonly AnyPass[];
}

/** Proves that a bundle computes what it should. */
export const verifyBundle = ({ passes, ...options }: VerifyOptions): Promise<VerifyReport> =>
  proveBundle({ ...options, known: passesWith(passes).strategies });
