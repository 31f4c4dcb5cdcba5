/**
 * RMSNormalization of operator set 23 under the name that onnxruntime gave it before, SimplifiedLayerNormalization,
 * which more engines have. The same sums; equal up to rounding.
 */
import { isOp, type Node } from '../../../../model/ir/node.js';
import type { Rewrite } from '../../../canonicalize/rewrite.js';
import type { TargetRule } from '../../target.js';

export const rmsNormalization: TargetRule = {
  name: 'rms-normalization',
  description: 'RMSNormalization by its older name (SimplifiedLayerNormalization).',
  match(node: Node): Rewrite | undefined {
    if (!isOp(node, 'RMSNormalization')) return undefined;
    const step = {
      opType: 'SimplifiedLayerNormalization',
      inputs: node.inputs,
      attributes: Object.fromEntries(node.attributes),
    };
    return {
      rule: 'rms-normalization',
      node,
      why: 'the same operator',
      replace: [{ from: node.output, to: { steps: [step] } }],
    };
  },
};
