/**
 * Attention of operator set 23 as onnxruntime's MultiHeadAttention, which its providers for graphics cards have
 * where they lack the other, or the other needs a newer operator set than they have of the rest. Equal up to
 * rounding.
 */
import { float, int, ints } from '../../../../model/ir/attribute.js';
import { MICROSOFT, type Node } from '../../../../model/ir/node.js';
import { int64Tensor } from '../../../../model/ir/tensor.js';
import type { Value } from '../../../../model/ir/value.js';
import type { NodeStep, Rewrite } from '../../../canonicalize/rewrite.js';
import type { Miss, TargetContext, TargetRule } from '../../target.js';
import { plainAttention } from './plain-attention.js';

/** Heads behind tokens, and back. */
const SWAP = { perm: ints([0, 2, 1, 3]) };

export const attentionMicrosoft: TargetRule = {
  name: 'attention-microsoft',
  description: "Attention as onnxruntime's own operator (MultiHeadAttention).",
  match(node: Node, { shapes }: TargetContext): Rewrite | Miss | undefined {
    const plain = plainAttention(node, shapes);
    if (typeof plain === 'string') return { node, reason: plain };
    if (!plain) return undefined;
    const { q, k, v, mask, heads, scale } = plain;
    if (plain.type !== 'float32')
      return {
        node,
        reason: `it is of type ${plain.type}, of which the CPU that proves it has none`,
      };
    // as the operator wants it: scores' axes, each of size 1 or the scores'
    if (mask && shapes.shape(mask)?.length !== 4)
      return { node, reason: 'its mask has not the axes of the scores' };
    const joined = (value: Value, at: number): NodeStep[] => [
      { opType: 'Transpose', inputs: [value], attributes: SWAP },
      { opType: 'Reshape', inputs: [{ step: at }, int64Tensor([0, 0, -1])] },
    ];
    const steps: NodeStep[] = [
      ...joined(q, 0),
      ...joined(k, 2),
      ...joined(v, 4),
      {
        opType: 'MultiHeadAttention',
        domain: MICROSOFT,
        inputs: [{ step: 1 }, { step: 3 }, { step: 5 }, null, null, mask ?? null],
        attributes: { num_heads: int(heads), scale: float(scale) },
      },
      { opType: 'Reshape', inputs: [{ step: 6 }, int64Tensor([0, 0, heads, -1])] },
      { opType: 'Transpose', inputs: [{ step: 7 }], attributes: SWAP },
    ];
    return {
      rule: 'attention-microsoft',
      node,
      why: `${heads} heads, scores times ${scale}`,
      replace: [{ from: node.output, to: { steps } }],
    };
  },
};
