/** Normalizations, and softmaxes: the first output is shaped like the input, the others hold statistics. */

import { constant, type DimExpr } from '../sizes/dim.js';
import { type Operators, operator } from './operator.js';
import type { Rule } from './rules/context.js';
import { sameAsFirst } from './rules/same.js';
import { always, byAttribute, like, type OutputType } from './rules/types.js';

const batchNormalization: Rule = (c) => {
  const input = c.shape(0);
  // before opset 14 all inputs are of one type
  const perChannel = { dtype: c.dtype(3), shape: [input[1] as DimExpr] };
  return [{ dtype: c.dtype(0), shape: input }, perChannel, perChannel, perChannel, perChannel];
};

/** @param typedBy the input that the values are of the type of */
const layerNormalization =
  (typedBy: number): Rule =>
  (c) => {
    const input = c.shape(0);
    const axis = c.axis(c.number('axis', -1), input.length);
    const statistics = input.map((size, i) => (i < axis ? size : constant(1)));
    const stash = c.typeAttribute('stash_type') ?? 'float32';
    return [
      { dtype: c.dtype(typedBy), shape: input },
      { dtype: stash, shape: statistics },
      { dtype: stash, shape: statistics },
    ];
  };

/** Its scale tells the type. */
const rootMeanSquare: Rule = (c) => ({ dtype: c.dtype(1), shape: c.shape(0) });

const EPSILON = { epsilon: 1e-5 };
const STASHED = { ...EPSILON, stash_type: 1 };

/** Statistics lie behind the values, of a type of their own. */
const typesOfNormalized =
  (typedBy: number): OutputType =>
  (node, output, input) =>
    output === 0
      ? input(typedBy)
      : byAttribute('stash_type', always('float32'))(node, output, input);

const softmax = () =>
  operator({ required: 1, shape: sameAsFirst, batch: 'exponential', elements: 'computed' });

export const NORMALIZATION: Operators = {
  BatchNormalization: operator({
    required: 5,
    defaults: { ...EPSILON, momentum: 0.9, training_mode: 0 },
    shape: batchNormalization,
    types: (_, output, input) => input(output === 0 ? 0 : 3),
    batch: 'outermost',
    elements: 'computed',
  }),
  InstanceNormalization: operator({
    required: 3,
    defaults: EPSILON,
    shape: sameAsFirst,
    batch: 'outermost',
    elements: 'computed',
  }),
  GroupNormalization: operator({
    required: 3,
    defaults: STASHED,
    shape: sameAsFirst,
    batch: 'outermost',
    elements: 'computed',
  }),
  LayerNormalization: operator({
    required: 2,
    defaults: { ...STASHED, axis: -1 },
    shape: layerNormalization(0),
    types: typesOfNormalized(0),
    batch: 'normalized',
    elements: 'computed',
  }),
  RMSNormalization: operator({
    required: 2,
    defaults: { ...STASHED, axis: -1 },
    shape: rootMeanSquare,
    types: like(1),
    batch: 'normalized',
    elements: 'computed',
  }),
  // onnxruntime's own, though it stands among the standard operators
  SimplifiedLayerNormalization: operator({
    required: 2,
    shape: layerNormalization(1),
    types: typesOfNormalized(1),
    batch: 'normalized',
    elements: 'computed',
  }),
  LpNormalization: operator({
    required: 1,
    defaults: { axis: -1, p: 2 },
    shape: sameAsFirst,
    batch: 'normalized',
    elements: 'computed',
  }),
  MeanVarianceNormalization: operator({
    required: 1,
    shape: sameAsFirst,
    batch: 'unknown',
    elements: 'computed',
  }),
  LRN: operator({
    required: 1,
    defaults: { alpha: 1e-4, beta: 0.75, bias: 1 },
    shape: sameAsFirst,
    batch: 'outermost',
    elements: 'computed',
  }),
  Softmax: softmax(),
  LogSoftmax: softmax(),
  Hardmax: softmax(),
};
