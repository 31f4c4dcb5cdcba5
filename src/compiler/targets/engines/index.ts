/**
 * Engines with limits: no control flow, fixed sizes, operators that they do not have. Each is a table of what it
 * takes (engines/ at the root), and rules that put in other words what it takes in those alone.
 */
import type { EngineName } from '../../../generated/engines.js';
import { ENGINE_TABLES } from '../../../generated/engines.js';
import type { Target, TargetRule } from '../target.js';
import { attentionMicrosoft } from './rules/attention-microsoft.js';
import { attentionProducts } from './rules/attention-products.js';
import { erfGelu } from './rules/erf-gelu.js';
import { groupNormalization } from './rules/group-normalization.js';
import { microsoftGelu } from './rules/microsoft-gelu.js';
import { narrowIndices } from './rules/narrow-indices.js';
import { positiveIndices } from './rules/positive-indices.js';
import { rmsNormalization } from './rules/rms-normalization.js';

const engine = (name: EngineName, what: string, rules: readonly TargetRule[]): Target => ({
  name,
  description: `${what}: write in operators that it takes, and say what it does not take.`,
  rules,
  engine: ENGINE_TABLES[name],
});

export const webnn = engine('webnn', 'WebNN in onnxruntime-web', [
  groupNormalization,
  rmsNormalization,
  attentionProducts,
  narrowIndices,
]);

export const qnn = engine('qnn', "Qualcomm's QNN in onnxruntime", [
  attentionProducts,
  erfGelu,
  positiveIndices,
  narrowIndices,
]);

export const directml = engine('directml', 'DirectML in onnxruntime', [
  groupNormalization,
  rmsNormalization,
  attentionMicrosoft,
  attentionProducts,
  microsoftGelu,
]);

export const cudaGraph = engine('cuda-graph', 'CUDA graphs in onnxruntime', [
  groupNormalization,
  rmsNormalization,
  attentionMicrosoft,
  attentionProducts,
]);
