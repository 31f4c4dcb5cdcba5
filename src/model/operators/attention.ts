/**
 * Operators that are the whole of attention: ONNX's, and those of com.microsoft, of which `Attention` takes q,
 * k and v out of one input by itself.
 */
import { type DimExpr, multiply, toDim } from '../sizes/dim.js';
import { divideExactly } from '../sizes/divide.js';
import {
  type AttentionInputs,
  type AttentionWork,
  type Operator,
  type Operators,
  operator,
} from './operator.js';
import {
  microsoftAttention,
  multiHeadAttention,
  standardAttention,
} from './rules/attention-macs.js';
import type { Rule } from './rules/context.js';

/**
 * ONNX `Attention` (opset 23): q, k, v as (batch, heads, tokens, width) or, with the numbers of
 * heads as attributes, as (batch, tokens, heads*width). Its further outputs are not followed.
 */
const standard: Rule = (c) => {
  const dtype = c.dtype(0);
  const q = c.shape(0);
  if (q.length === 4) return { dtype, shape: [...q.slice(0, 3), c.size(2, 3)] };
  const heads = c.number('q_num_heads') ?? c.fail('q_num_heads is missing');
  const valueHeads = c.number('kv_num_heads') ?? c.fail('kv_num_heads is missing');
  const width = divideExactly(c.size(2, 2), valueHeads) ?? c.fail('heads do not divide the width');
  return { dtype, shape: [...q.slice(0, 2), multiply(width, heads)] };
};

/**
 * (batch, tokens, heads*width) of the values: apart as (batch, tokens, heads*width) or (batch, heads,
 * tokens, width), or packed with the keys as (batch, tokens, heads, 2, width), or with all three.
 */
const multiHead: Rule = (c) => {
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
const packed: Rule = (c) => {
  const input = c.shape(0);
  const sizes = c.numbers('qkv_hidden_sizes');
  const packed = c.size(1, 1);
  const hidden = sizes ? sizes[2] : undefined;
  const width = hidden ?? divideExactly(packed, 3) ?? c.fail('its packed weight is not three wide');
  return { dtype: c.dtype(0), shape: [...input.slice(0, 2), toDim(width)] };
};

const attention = (
  shape: Rule,
  required: number,
  macs: AttentionWork['macs'],
  inputs: AttentionInputs,
  facets: Partial<Operator> = {},
) =>
  operator({
    required,
    shape,
    work: { kind: 'attention', macs, inputs },
    batch: 'attention',
    elements: 'computed',
    ...facets,
  });

export const ATTENTION: Operators = {
  Attention: attention(
    standard,
    3,
    standardAttention,
    { operands: [0, 1, 2], parameters: [], bias: 3, masks: [3, 6], kept: [4, 5] },
    {
      defaults: {
        is_causal: 0,
        left_window_size: -1,
        qk_matmul_output_mode: 0,
        right_window_size: -1,
        softcap: 0,
      },
      // the third is what is kept of v
      types: (_, output, input) => input(output === 2 ? 2 : 0),
    },
  ),
};

export const MICROSOFT_ATTENTION: Operators = {
  Attention: attention(packed, 2, microsoftAttention, {
    operands: [0],
    parameters: [1, 2],
    bias: 5,
    masks: [3, 5],
    kept: [4],
  }),
  MultiHeadAttention: attention(multiHead, 1, multiHeadAttention, {
    operands: [0, 1, 2],
    parameters: [3],
    bias: 5,
    masks: [4, 5],
    kept: [6, 7],
  }),
};
