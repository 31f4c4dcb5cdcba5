/** Which operand holds the queries, and of which sizes an attention is, by hand for each way to write the product. */
import { expect, test } from 'vitest';
import { findAttention, raiseCore } from '../../../src/compiler/analysis/attention/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import {
  analyzed,
  attentionModel,
  HEADS_APART,
  K_TURNED,
  PLAIN_MIX,
  weight,
  X,
} from '../../helpers/attention-text.js';
import { relativeDifference } from '../../helpers/injectable.js';
import { raised, raisedModel } from '../../helpers/raised.js';
import { modelOf } from '../../helpers/text.js';
import { randomFeeds, runModel } from '../../model/shape/engine.js';

const WEIGHT = 'float[4, 4] w = {1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1}';
const CONSTANTS =
  'int64[4] heads = {0, 0, 2, 2}, int64[1] one = {1}, int64[3] together = {-1, 6, 3}, int64[3] flat = {0, 6, 3}, float[3, 3] few = {1, 0, 1, 0, 1, 0, 1, 1, 0}';
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
    'two values that meet before the Softmax',
    `${turned('k', 'kt')}  s = MatMul (q, kt)  most = ReduceMax <axes = [-1]> (s)  f = Sub (s, most)  p = Softmax (f)  y = MatMul (p, v)`,
    PLAIN,
  ],
  [
    'a layer that reads the probabilities as well',
    `${turned('k', 'kt')}  s = MatMul (q, kt)  p = Softmax (s)  z = MatMul (p, few)  n = ReduceSum <keepdims = 0> (z)  m = MatMul (p, v)  y = Add (m, n)`,
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

const OPERATOR = 'Attention <q_num_heads = 2, kv_num_heads = 2';

test.each<[string, Parameters<typeof attentionModel>[1], unknown]>([
  [
    `${K_TURNED}  s = MatMul (q, kt)  p = Softmax (s)  ${PLAIN_MIX}`,
    { values: 6 },
    [3, 'batch', 4, 6, 'float32'],
  ],
  [
    `${HEADS_APART}  s = ${einsum('bhid,bhjd->bhij')} (qh, kh)  p = Softmax (s)  o = ${einsum('bhij,bhjd->bhid')} (p, vh)`,
    {},
    [4, 'batch*2', 2, 2, 'float32'],
  ],
  [
    'o = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)',
    { values: 6 },
    [4, 'batch*2', 2, 3, 'float32'],
  ],
  [
    `o = ${OPERATOR}, softmax_precision = 11> (q, k, v)`,
    { opset: 23 },
    [4, 'batch*2', 2, 2, 'float64'],
  ],
  [
    `${K_TURNED}  s = MatMul (q, kt)  d = Cast <to = 11> (s)  n = Softmax (d)  p = Cast <to = 1> (n)  ${PLAIN_MIX}`,
    {},
    [3, 'batch', 4, 4, 'float64'],
  ],
])('raised, %s is of the sizes that it has', (body, options, expected) => {
  const { attention, shapes } = analyzed(attentionModel(body, options));
  const { rank, lead, size, valueSize, scoresType, tokens } = raised(attention, shapes);
  expect([rank, `${lead}`, size?.constant, valueSize?.constant, scoresType]).toEqual(expected);
  expect(tokens.constant).toBe(X[1]);
});

test.each([
  [1, 0],
  [11, 2],
])('a Softmax of precision %i takes %i Casts', async (precision, casts) => {
  const operator = (more: string) =>
    attentionModel(`o = ${OPERATOR}${more}> (q, k, v)`, { opset: 23 });
  const source = operator(`, softmax_precision = ${precision}`);
  const { attention, shapes } = analyzed(source);
  const { model, added } = raisedModel(source, attention, shapes);
  expect(added.filter((op) => op === 'Cast')).toHaveLength(casts);
  const feeds = randomFeeds(source, { x: X });
  const [expected, actual] = [await runModel(operator(''), feeds), await runModel(model, feeds)];
  expect(relativeDifference(actual.y!, expected.y!)).toBeLessThan(1e-5);
});

test('what is packed is cut apart', async () => {
  // onnxruntime has packed operands on other processors only: the parts are taken by hand
  const constants = `${weight('wide', [4, 12], 6)}, int64[5] parts = {0, 0, 2, 3, 2}, int64[3] tokens = {0, 0, 4}, int64 i0 = {0}, int64 i1 = {1}, int64 i2 = {2}`;
  const packed = 'm = MatMul (x, wide)  all = Reshape (m, parts)';
  const source = attentionModel(
    `${packed}  o = com.microsoft.MultiHeadAttention <num_heads = 2> (all)`,
    { constants },
  );
  const part = (i: number) =>
    `g${i} = Gather <axis = 3> (all, i${i})  a${i} = Reshape (g${i}, tokens)`;
  const apart = attentionModel(
    `${packed}  ${[0, 1, 2].map(part).join('  ')}  o = com.microsoft.MultiHeadAttention <num_heads = 2> (a0, a1, a2)`,
    { constants },
  );
  const { attention, shapes } = analyzed(source);
  const { model } = raisedModel(source, attention, shapes);
  const feeds = randomFeeds(source, { x: X });
  const [expected, actual] = [await runModel(apart, feeds), await runModel(model, feeds)];
  expect(relativeDifference(actual.y!, expected.y!)).toBeLessThan(1e-5);
});

test.each([
  [
    'both operands of "mix" come from its output',
    'n = Neg (p)  nt = Transpose <perm = [0, 2, 1]> (n)  [mix] o = MatMul (p, nt)',
  ],
  [
    'its output goes into "all", which is attention itself',
    '[all] o = com.microsoft.MultiHeadAttention <num_heads = 1> (p, p, p)',
  ],
])('no attention: %s', (reason, behind) => {
  const model = attentionModel(`${K_TURNED}  s = MatMul (q, kt)  p = Softmax (s)  ${behind}`);
  const { refused } = findAttention(model.graph, inferShapes(model));
  expect(refused.map((refusal) => refusal.reason)).toContain(reason);
});

test.each([
  [
    'a sum over heads and channels',
    `s = ${einsum('bhid,bhjd->bij')} (qh, kh)  p = Softmax (s)  o = MatMul (p, v)`,
    'lie along more than one axis',
  ],
  [
    'heads that the keys do not have',
    `ko = Gather <axis = 1> (kh, at)  s = ${einsum('bhid,bjd->bhij')} (qh, ko)  p = Softmax (s)  o = MatMul (p, vh)`,
    'its token counts are not known',
  ],
])('not raised: %s', (_, behind, reason) => {
  const constants = 'int64 at = {0}';
  const { attention, shapes } = analyzed(attentionModel(`${HEADS_APART} ${behind}`, { constants }));
  expect(raiseCore(attention, shapes)).toMatchObject({
    reason: expect.stringContaining(reason),
  });
});
