/** The com.microsoft operators that onnxruntime's optimizer writes for diffusion models. */

import { constant, type DimExpr } from '../sizes/dim.js';
import { ceilDivide } from '../sizes/divide.js';
import { conv, convolve } from './convolution.js';
import {
  type BatchFlow,
  elementwise,
  type Operator,
  type Operators,
  operator,
  type Product,
  product,
} from './operator.js';
import { gemm, matMulShape } from './product.js';
import type { Rule } from './rules/context.js';
import type { Shape } from './rules/facts.js';
import { convolutionMacs, gemmMacs, transposableMatrixMacs } from './rules/macs.js';
import { sameAsFirst } from './rules/same.js';

const biasSplitGelu: Rule = (c) => {
  const input = c.shape(0);
  return { dtype: c.dtype(0), shape: [...input.slice(0, -1), ceilDivide(c.size(0, -1), 2)] };
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

const light = (required: number, batch: BatchFlow, facets: Partial<Operator> = {}) =>
  operator({ required, shape: sameAsFirst, batch, elements: 'computed', ...facets });

/** Between the values and the sum that they are of lie statistics. */
const SKIPPING = {
  shape: skipLayerNormalization,
  types: (_, output, input) => (output === 0 || output === 3 ? input(0) : 'float32'),
} satisfies Partial<Operator>;

const fused = (shape: Rule, macs: Product['macs'], batch: BatchFlow) =>
  product(macs, { required: 2, shape, batch });

export const MICROSOFT: Operators = {
  BiasGelu: elementwise(2, sameAsFirst),
  FastGelu: elementwise(1, sameAsFirst),
  QuickGelu: elementwise(1, sameAsFirst),
  Gelu: elementwise(1, sameAsFirst),
  GroupNorm: light(3, 'outermost'),
  BiasAdd: light(3, 'outermost-summed'),
  BiasSplitGelu: light(2, 'outermost', { shape: biasSplitGelu }),
  SkipLayerNormalization: light(3, 'normalized-sum', SKIPPING),
  SkipSimplifiedLayerNormalization: light(3, 'normalized-sum', SKIPPING),
  SkipGroupNorm: light(4, 'outermost-summed', { shape: skipGroupNorm }),
  RotaryEmbedding: light(4, 'unknown'),
  NhwcConv: fused(nhwcConv, convolutionMacs(), 'outermost'),
  FusedConv: fused(conv, convolutionMacs(), 'outermost-added'),
  FusedGemm: fused(gemm, gemmMacs, 'general-product'),
  FusedMatMul: fused(fusedMatMul, transposableMatrixMacs, 'matrix-product'),
};
