/**
 * Attention of operator set 23 where it is no more than softmax(scale q kᵀ + mask) v: heads with an axis of their
 * own, as many of keys as of queries, a mask that is added or none.
 */
import { attrNumber } from '../../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../../model/ir/node.js';
import { dataTypeCode } from '../../../../model/ir/types.js';
import type { Value } from '../../../../model/ir/value.js';
import type { ShapeTable } from '../../../../model/shape/index.js';

export interface PlainAttention {
  /** [batch, heads, tokens, size], keys and values with tokens of their own. */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly mask: Value | undefined;
  readonly heads: number;
  readonly scale: number;
  readonly type: 'float32' | 'float16';
}

/** @returns a text where it is more: why it is, as the end of "… is left, since"; nothing of any other node */
export function plainAttention(
  node: Node,
  shapes: ShapeTable,
): PlainAttention | string | undefined {
  const [q, k, v, mask, ...past] = node.inputs;
  if (!isOp(node, 'Attention') || !q || !k || !v) return undefined;
  if (past.some((input) => input)) return 'it reads keys of earlier calls';
  if (node.outputs.slice(1).some((output) => output?.uses.size))
    return 'more than its output is read';
  const operands = [q, k, v];
  if (operands.some((value) => shapes.shape(value)?.length !== 4))
    return 'its heads have no axis of their own';
  const type = shapes.dtype(q);
  if (type !== 'float32' && type !== 'float16') return `it is of type ${type}`;
  if (operands.some((value) => shapes.dtype(value) !== type)) return 'its operands differ in type';
  const [heads, ...others] = operands.map((value) => shapes.shape(value)?.[1]?.constant);
  if (heads === undefined || others.some((number) => number !== heads))
    return 'keys are shared among heads';
  if (mask && shapes.dtype(mask) !== type) return 'its mask is not added';
  const sums = attrNumber(node, 'softmax_precision', dataTypeCode(type));
  if (sums !== dataTypeCode(type)) return 'its softmax is of another type';
  if (attrNumber(node, 'is_causal', 0) !== 0) return 'it is causal';
  if (attrNumber(node, 'softcap', 0) !== 0) return 'its scores are capped';
  const size = shapes.shape(q)?.[3]?.constant;
  const scale = attrNumber(node, 'scale') ?? (size === undefined ? Number.NaN : size ** -0.5);
  if (!(scale > 0)) return 'the size of its heads is not known, and no scale is given';
  return { q, k, v, mask: mask ?? undefined, heads, scale, type };
}
