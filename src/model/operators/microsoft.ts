/** The com.microsoft operators that onnxruntime's optimizer writes for diffusion models. */

import { constant, type DimExpr, multiply, toDim } from '../sizes/dim.js';
import { ceilDivide, divideExactly } from '../sizes/divide.js';
import { convolve } from './convolution.js';
import { sameAsFirst } from './elementwise.js';
import { gemm, matMul, matMulShape } from './product.js';
import { QUANTIZATION } from './quantization.js';
import type { Rule } from './rules/context.js';
import type { Shape } from './rules/facts.js';

const biasSplitGelu: Rule = (c) => {
  const input = c.shape(0);
  return { dtype: c.dtype(0), shape: [...input.slice(0, -1), ceilDivide(c.size(0, -1), 2)] };
};

/**
 * (batch, tokens, heads*width) of the values: apart as (batch, tokens, heads*width) or (batch, heads,
 * tokens, width), or packed with the keys as (batch, tokens, heads, 2, width), or with all three.
 */
const multiHeadAttention: Rule = (c) => {
  const query = c.shape(0);
  const values = c.has(2) ? c.shape(2) : c.has(1) ? c.shape(1) : query;
  const width =
    values.length === 5
      ? multiply(values[2] as DimExpr, values[4] as DimExpr)
      : values.length === 4
        ? multiply(values[1] as DimExpr, values[3] as DimExpr)
        : values[2];
  if (query.length < 3 || !width)
    return c.fail('its query or values have a rank that is not followed');
  return { dtype: c.dtype(0), shape: [...query.slice(0, 2), width] };
};

/** A weight (hidden, widths of q, k and v) over an input (batch, tokens, hidden). */
const packedAttention: Rule = (c) => {
  const input = c.shape(0);
  const sizes = c.numbers('qkv_hidden_sizes');
  const packed = c.size(1, 1);
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

/** (batch, spatial axes..., channels), with a weight (output channels, spatial axes..., channels). */
const nhwcConv: Rule = (c) => {
  const [input, weight] = [channelsSecond(c.shape(0)), channelsSecond(c.shape(1))];
  const [batch, channels, ...sizes] = convolve(c, input, weight) as [DimExpr, DimExpr, ...Shape];
  return { dtype: c.dtype(0), shape: [batch, ...sizes, channels] };
};

const channelsSecond = (shape: Shape): Shape => [
  shape[0] as DimExpr,
  shape.at(-1) as DimExpr,
  ...shape.slice(1, -1),
];

/** The norm of a sum, its statistics, and the sum. */
const skipLayerNormalization: Rule = (c) => {
  const input = c.shape(0);
  const statistics = { dtype: 'float32' as const, shape: [...input.slice(0, -1), constant(1)] };
  const same = { dtype: c.dtype(0), shape: input };
  return [same, statistics, statistics, same];
};

/** The norm of a sum, and the sum. */
const skipGroupNorm: Rule = (c) => {
  const same = { dtype: c.dtype(0), shape: c.shape(0) };
  return [same, same];
};

/** A weight in blocks of few bits, (N, blocks, bytes of a block), over (..., K). */
const matMulNBits: Rule = (c) => {
  const columns = c.number('N') ?? c.fail('its attribute N is missing');
  return { dtype: c.dtype(0), shape: [...c.shape(0).slice(0, -1), toDim(columns)] };
};

/** Integers in, floats out; the scale of the first operand tells the type. */
const matMulIntegerToFloat: Rule = (c) => ({
  dtype: c.dtype(2),
  shape: matMulShape(c, c.shape(0), c.shape(1)),
});

export const MICROSOFT: Readonly<Record<string, Rule>> = {
  BiasGelu: sameAsFirst,
  FastGelu: sameAsFirst,
  QuickGelu: sameAsFirst,
  Gelu: sameAsFirst,
  GroupNorm: sameAsFirst,
  BiasAdd: sameAsFirst,
  BiasSplitGelu: biasSplitGelu,
  SkipLayerNormalization: skipLayerNormalization,
  SkipSimplifiedLayerNormalization: skipLayerNormalization,
  SkipGroupNorm: skipGroupNorm,
  NhwcConv: nhwcConv,
  FusedConv: (c) => ({ dtype: c.dtype(0), shape: convolve(c, c.shape(0), c.shape(1)) }),
  FusedGemm: gemm,
  RotaryEmbedding: sameAsFirst,
  MatMulNBits: matMulNBits,
  MatMulIntegerToFloat: matMulIntegerToFloat,
  DynamicQuantizeMatMul: matMul,
  QuantizeLinear: QUANTIZATION.QuantizeLinear as Rule,
  DequantizeLinear: QUANTIZATION.DequantizeLinear as Rule,
  MultiHeadAttention: multiHeadAttention,
  Attention: packedAttention,
  FusedMatMul: fusedMatMul,
};
