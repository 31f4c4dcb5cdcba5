/** Engines that emitted models can be rewritten for. */

import { cudaGraph, directml, qnn, webnn } from './engines/index.js';
import type { TargetName } from './names.js';
import { onnxruntimeCpu } from './onnxruntime-cpu/index.js';
import type { Target } from './target.js';

export { checkFor, wordsOf } from './engines/check.js';
export type { Finding, Severity } from './engines/finding.js';
export { cudaGraph, directml, qnn, webnn } from './engines/index.js';
export { TARGET_NAMES, type TargetName } from './names.js';
export { onnxruntimeCpu } from './onnxruntime-cpu/index.js';
export {
  applyTarget,
  type Miss,
  type MissEntry,
  rewriteFor,
  type Target,
  type TargetContext,
  type TargetResult,
  type TargetRule,
} from './target.js';

/** By name, as `--target` and pipeline.json call them. */
export const targets: Readonly<Record<TargetName, Target>> = {
  'onnxruntime-cpu': onnxruntimeCpu,
  webnn,
  qnn,
  directml,
  'cuda-graph': cudaGraph,
};
