/**
 * Attention of operator set 23 as the products and the softmax that define it, for engines without the operator.
 * Equal up to rounding.
 */

import { toFloat16Bits } from '../../../../io/float16.js';
import { int, ints } from '../../../../model/ir/attribute.js';
import type { Node } from '../../../../model/ir/node.js';
import { float32Tensor, type Tensor } from '../../../../model/ir/tensor.js';
import type { NodeStep, Rewrite } from '../../../canonicalize/rewrite.js';
import type { Miss, TargetContext, TargetRule } from '../../target.js';
import { type PlainAttention, plainAttention } from './plain-attention.js';

function scalar(value: number, type: PlainAttention['type']): Tensor {
  if (type === 'float32') return float32Tensor([value], []);
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setUint16(0, toFloat16Bits(value), true);
  return { dtype: type, dims: [], data: { kind: 'bytes', bytes } };
}

export const attentionProducts: TargetRule = {
  name: 'attention-products',
  description: 'Attention as two products with a softmax between, as it is defined.',
  match(node: Node, { shapes }: TargetContext): Rewrite | Miss | undefined {
    const plain = plainAttention(node, shapes);
    if (typeof plain === 'string') return { node, reason: plain };
    if (!plain) return undefined;
    const { q, k, v, mask, scale, type } = plain;
    // of each operand a root of it, as the operator is defined
    const root = scalar(Math.sqrt(scale), type);
    const steps: NodeStep[] = [
      { opType: 'Mul', inputs: [q, root] },
      { opType: 'Transpose', inputs: [k], attributes: { perm: ints([0, 1, 3, 2]) } },
      { opType: 'Mul', inputs: [{ step: 1 }, root] },
      { opType: 'MatMul', inputs: [{ step: 0 }, { step: 2 }] },
    ];
    if (mask) steps.push({ opType: 'Add', inputs: [{ step: 3 }, mask] });
    steps.push({
      opType: 'Softmax',
      inputs: [{ step: steps.length - 1 }],
      attributes: { axis: int(-1) },
    });
    steps.push({ opType: 'MatMul', inputs: [{ step: steps.length - 1 }, v] });
    return {
      rule: 'attention-products',
      node,
      why: `scores times ${scale}`,
      replace: [{ from: node.output, to: { steps } }],
    };
  },
};
