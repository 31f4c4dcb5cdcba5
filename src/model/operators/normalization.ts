/** Normalizations: the first output is shaped like the input, the others hold statistics. */

import { constant, type DimExpr } from '../sizes/dim.js';
import { sameAsFirst } from './elementwise.js';
import type { Rule } from './rules/context.js';

const batchNormalization: Rule = (c) => {
  const input = c.shape(0);
  // before opset 14 all inputs are of one type
  const perChannel = { dtype: c.dtype(3), shape: [input[1] as DimExpr] };
  return [{ dtype: c.dtype(0), shape: input }, perChannel, perChannel, perChannel, perChannel];
};

export const layerNormalization: Rule = (c) => {
  const input = c.shape(0);
  const axis = c.axis(c.number('axis', -1), input.length);
  const statistics = input.map((size, i) => (i < axis ? size : constant(1)));
  const stash = c.typeAttribute('stash_type') ?? 'float32';
  return [
    { dtype: c.dtype(0), shape: input },
    { dtype: stash, shape: statistics },
    { dtype: stash, shape: statistics },
  ];
};

export const NORMALIZATION: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: sameAsFirst,
  GroupNormalization: sameAsFirst,
  LayerNormalization: layerNormalization,
  RMSNormalization: sameAsFirst,
  // onnxruntime's own, though it stands among the standard operators
  SimplifiedLayerNormalization: layerNormalization,
  LpNormalization: sameAsFirst,
  MeanVarianceNormalization: sameAsFirst,
  LRN: sameAsFirst,
};
