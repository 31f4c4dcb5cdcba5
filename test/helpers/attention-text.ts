/** One attention in ONNX's text form: x through a layer each to q, k and v, and what a test does with those. */
import { expect } from 'vitest';
import { findAttention } from '../../src/compiler/analysis/attention/index.js';
import type { Model } from '../../src/model/ir/model.js';
import { parseModel } from '../../src/model/onnx/text/index.js';
import { inferShapes } from '../../src/model/shape/index.js';
import { randomNumbers } from '../model/shape/engine.js';

export const TOKENS = 5;
export const WIDTH = 4;
export const X = [3, TOKENS, WIDTH];

export function weight(name: string, dims: readonly number[], seed: number): string {
  const random = randomNumbers(seed);
  const count = dims.reduce((a, b) => a * b, 1);
  const numbers = Array.from({ length: count }, () => (random() * 4 - 2).toFixed(3));
  return `float[${dims}] ${name} = {${numbers.join(', ')}}`;
}

/** x through a linear layer each to q, k and v (batch, tokens, width), then `body`, which makes o. */
export function attentionModel(
  body: string,
  { constants = '', opset = 17, values = WIDTH, x = '' } = {},
): Model {
  const input = x || `float[batch, ${TOKENS}, ${WIDTH}] x`;
  return parseModel(`<ir_version: 8, opset_import: ["": ${opset}, "com.microsoft": 1]>
    g (${input}) => (float y) <
      ${weight('wq', [WIDTH, WIDTH], 1)}, ${weight('wk', [WIDTH, WIDTH], 2)},
      ${weight('wv', [WIDTH, values], 3)}, int64[4] heads = {0, 0, 2, ${WIDTH / 2}}${constants && `, ${constants}`}
    > {
      [to_q] q = MatMul (x, wq)
      [to_k] k = MatMul (x, wk)
      [to_v] v = MatMul (x, wv)
      ${body}
      y = Identity (o)
    }`);
}

export const K_TURNED = '[turn] kt = Transpose <perm = [0, 2, 1]> (k)';
export const PLAIN_MIX = '[mix] o = MatMul (p, v)';

export function analyzed(source: Model) {
  const shapes = inferShapes(source);
  const { found, refused } = findAttention(source.graph, shapes);
  expect(refused).toEqual([]);
  expect(found).toHaveLength(1);
  return { attention: found[0]!, shapes };
}

/** Heads of q, k and v apart as (batch, heads, tokens, size). */
export const HEADS_APART = ['q', 'k', 'v']
  .map(
    (name) => `
      ${name}r = Reshape (${name}, heads)
      [${name}_heads] ${name}h = Transpose <perm = [0, 2, 1, 3]> (${name}r)`,
  )
  .join('');
