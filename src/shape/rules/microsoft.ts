/** The com.microsoft operators that onnxruntime's optimizer writes for diffusion models. */
import type { Rule } from '../context.js';
import { type DimExpr, toDim } from '../dim.js';
import { ceilDivide, divideExactly } from '../divide.js';
import { sameAsFirst } from './elementwise.js';
import { matMulShape } from './product.js';

const biasSplitGelu: Rule = (c) => {
  const input = c.shape(0);
  const last = input.at(-1) as DimExpr;
  return { dtype: c.dtype(0), shape: [...input.slice(0, -1), ceilDivide(last, 2)] };
};

/** Query (batch, tokens, hidden); the value's hidden size wins where it is given apart. */
const multiHeadAttention: Rule = (c) => {
  const query = c.shape(0);
  if (query.length !== 3) c.fail('only queries of rank 3 are followed');
  const value = c.has(2) ? c.shape(2) : query;
  if (value.length !== 3) c.fail('only values of rank 3 are followed');
  return { dtype: c.dtype(0), shape: [...query.slice(0, 2), value[2] as DimExpr] };
};

/** Packed weight (hidden, 3*hidden) over an input (batch, tokens, hidden). */
const packedAttention: Rule = (c) => {
  const input = c.shape(0);
  const sizes = c.numbers('qkv_hidden_sizes');
  const packed = c.shape(1)[1] as DimExpr;
  const hidden = sizes ? sizes[2] : undefined;
  const width = hidden ?? divideExactly(packed, 3) ?? c.fail('its packed weight is not three wide');
  return { dtype: c.dtype(0), shape: [...input.slice(0, 2), toDim(width)] };
};

const fusedMatMul: Rule = (c) => {
  const swap = (name: string, input: number) => {
    const shape = [...c.shape(input)];
    if (c.number(name, 0) === 1 && shape.length > 1) shape.push(...shape.splice(-2).reverse());
    return shape;
  };
  return { dtype: c.dtype(0), shape: matMulShape(c, swap('transA', 0), swap('transB', 1)) };
};

export const MICROSOFT: Readonly<Record<string, Rule>> = {
  BiasGelu: sameAsFirst,
  FastGelu: sameAsFirst,
  QuickGelu: sameAsFirst,
  Gelu: sameAsFirst,
  GroupNorm: sameAsFirst,
  BiasAdd: sameAsFirst,
  BiasSplitGelu: biasSplitGelu,
  SkipLayerNormalization: sameAsFirst,
  SkipSimplifiedLayerNormalization: sameAsFirst,
  MultiHeadAttention: multiHeadAttention,
  Attention: packedAttention,
  FusedMatMul: fusedMatMul,
};
