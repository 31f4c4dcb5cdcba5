/** Which operand holds the queries, and of which sizes an attention is, by hand for each way to write the product. */
import { expect, test } from 'vitest';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';

const WEIGHT = 'float[4, 4] w = {1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1}';
const CONSTANTS =
  'int64[4] heads = {0, 0, 2, 2}, int64[1] one = {1}, int64[3] together = {-1, 6, 3}, int64[3] flat = {0, 6, 3}';
const LAYERS = '[q] q = MatMul (x, w)  [k] k = MatMul (text, w)  [v] v = MatMul (text, w)';
const turned = (from: string, to: string) => `${to} = Transpose <perm = [0, 2, 1]> (${from})`;
const APART = ['q', 'k', 'v']
  .map((n) => `${n}r = Reshape (${n}, heads)  ${n}h = Transpose <perm = [0, 2, 1, 3]> (${n}r)`)
  .join('  ');
const einsum = (equation: string) => `Einsum <equation = "${equation}">`;

// six queries of x, three keys of text, four channels
const PLAIN = [['x'], ['text'], '6', '3', '4', 'batch'];
const HEADS = [['x'], ['text'], '6', '3', '2', 'batch*2'];

test.each<[string, string, unknown]>([
  [
    'queries first',
    `${turned('k', 'kt')}  s = MatMul (q, kt)  p = Softmax (s)  y = MatMul (p, v)`,
    PLAIN,
  ],
  [
    'keys first, turned before the Softmax',
    `${turned('q', 'qt')}  s = MatMul (k, qt)  ${turned('s', 'st')}  p = Softmax <axis = 2> (st)  y = MatMul (p, v)`,
    PLAIN,
  ],
  [
    'keys first, turned behind it',
    `${turned('q', 'qt')}  s = MatMul (k, qt)  p = Softmax <axis = 1> (s)  ${turned('p', 'pt')}  y = MatMul (pt, v)`,
    PLAIN,
  ],
  [
    'v on the left',
    `${turned('k', 'kt')}  s = MatMul (q, kt)  p = Softmax (s)  ${turned('p', 'pt')}  ${turned('v', 'vt')}  y = MatMul (vt, pt)`,
    PLAIN,
  ],
  [
    'an axis that cannot be followed to the Softmax',
    `${turned('k', 'kt')}  s = MatMul (q, kt)  f = Reshape (s, flat)  p = Softmax (f)  y = MatMul (p, v)`,
    PLAIN,
  ],
  [
    'heads apart',
    `${APART}  kt = Transpose <perm = [0, 1, 3, 2]> (kh)  s = MatMul (qh, kt)  p = Softmax (s)  y = MatMul (p, vh)`,
    HEADS,
  ],
  [
    'heads by Einsum',
    `${APART}  s = ${einsum('bhid,bhjd->bhij')} (qh, kh)  p = Softmax (s)  y = ${einsum('bhij,bhjd->bihd')} (p, vh)`,
    HEADS,
  ],
  [
    'heads by Einsum, the keys first and the axes in another order',
    `${APART}  s = ${einsum('bhjd,bhid->hbij')} (kh, qh)  p = Softmax (s)  y = ${einsum('hbij,bhjd->bihd')} (p, vh)`,
    HEADS,
  ],
])('%s', (_, body, expected) => {
  const model = modelOf(
    `g (float[batch, 6, 4] x, float[batch, 3, 4] text) => (float y) <${WEIGHT}, ${CONSTANTS}> { ${LAYERS}  ${body} }`,
  );
  const { found, refused } = findAttention(model.graph, inferShapes(model));
  expect(refused).toEqual([]);
  expect(
    found.map(({ q, k, queries, keys, headSize, lead }) => [
      q.sources.map(({ name }) => name),
      k.sources.map(({ name }) => name),
      ...[queries, keys, headSize, lead].map(String),
    ]),
  ).toEqual([expected]);
});
