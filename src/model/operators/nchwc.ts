/**
 * The com.microsoft.nchwc operators that onnxruntime writes at its last optimization level for the
 * processor at hand: channels in blocks of 8 or 16, behind height and width. A shape here is what
 * onnxruntime says of the tensor: (batch, channels filled up to whole blocks, height, width).
 */

import { type DimExpr, multiply, toDim } from '../sizes/dim.js';
import { conv, globalPool, pool } from './convolution.js';
import { type Operators, operator, product } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import { convolutionMacs } from './rules/macs.js';
import { firstThen, likeFirst } from './rules/types.js';

/** Blocks of more are not made by any processor that onnxruntime knows. */
const WIDEST_BLOCK = 16;

function image(c: RuleContext): readonly [DimExpr, DimExpr, ...DimExpr[]] {
  const shape = c.shape(0);
  if (shape.length < 3) c.fail(`its input has rank ${shape.length}, it needs at least 3`);
  return shape as readonly DimExpr[] as [DimExpr, DimExpr, ...DimExpr[]];
}

/** Into blocks; `channels_last` reads (batch, height, width, channels). */
const reorderInput: Rule = (c) => {
  const [batch, ...rest] = image(c);
  const isLast = c.number('channels_last', 0) === 1;
  const channels = (isLast ? rest.at(-1) : rest[0]) as DimExpr;
  const sizes = isLast ? rest.slice(0, -1) : rest.slice(1);
  const whole = channels.constant !== undefined && channels.constant % WIDEST_BLOCK === 0;
  return { dtype: c.dtype(0), shape: [batch, whole ? channels : c.freshSize(1), ...sizes] };
};

const reorderOutput: Rule = (c) => {
  const [batch, , ...sizes] = image(c);
  const channels = toDim(c.number('channels') ?? c.fail('its channels are missing'));
  const isLast = c.number('channels_last', 0) === 1;
  const shape = isLast ? [batch, ...sizes, channels] : [batch, channels, ...sizes];
  return { dtype: c.dtype(0), shape };
};

const upsample: Rule = (c) => {
  const scales = c.numbers('scales') ?? c.fail('its scales are missing');
  const shape = c.shape(0).map((size, axis) => multiply(size, scales[axis] ?? 1));
  return { dtype: c.dtype(0), shape };
};

const blocked = (shape: Rule, types = likeFirst) =>
  operator({ required: 1, shape, types, batch: 'outermost', elements: 'computed' });

export const NCHWC: Operators = {
  ReorderInput: blocked(reorderInput),
  ReorderOutput: blocked(reorderOutput),
  Upsample: blocked(upsample),
  Conv: product(convolutionMacs(), { required: 2, shape: conv, batch: 'outermost-added' }),
  MaxPool: blocked(pool, firstThen('int64')),
  AveragePool: blocked(pool),
  GlobalMaxPool: blocked(globalPool),
  GlobalAveragePool: blocked(globalPool),
};
