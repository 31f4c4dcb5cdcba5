/**
 * What needs Node: models and bundles on disks, onnxruntime-node, proofs, measurements and searches that
 * run models. The compiler itself is `stepfold`.
 */

import { passesWith } from '../passes/index.js';
import type { AnyPass } from './compiler/pass/index.js';
import { type ProveOptions, proveBundle, type VerifyReport } from './evidence/measure/index.js';

export {
  type BundleOptions,
  checkPlanSource,
  type PipelineFolderOptions,
  planSource,
  writeBundle,
  writePipelineFolder,
} from './compiler/emit/index.js';
export * from './evidence/calibrate/index.js';
export { type FillOptions, type FillReport, fillWeights } from './evidence/fill/fill.js';
export * from './evidence/measure/index.js';
export { sameFileOnDisk } from './model/diff/same-file.js';
export { nodeFile } from './model/files/node-file.js';
export { loadModel, saveModel } from './model/onnx/files.js';
export * from './runtime/model-folder/index.js';
export * from './runtime/node/index.js';

export interface VerifyOptions extends Omit<ProveOptions, 'known'> {
  /** Passes of one's own, whose strategies are to be proved beside those of ours. */
  readonly passes?: readonly AnyPass[];
}

/** Proves that a bundle computes what it should. */
export const verifyBundle = ({ passes, ...options }: VerifyOptions): Promise<VerifyReport> =>
  proveBundle({ ...options, known: passesWith(passes).strategies });
