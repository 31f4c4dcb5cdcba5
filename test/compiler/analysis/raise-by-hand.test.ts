/**
 * Forms of attention that no sample has, each as a graph of a few nodes: what raising gives is run
 * against the graph itself, and what cannot be raised is refused at the node that stands in the way.
 */
import { describe, expect, test } from 'vitest';
import { raiseCore } from '../../../src/compiler/analysis/attention/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import type { ShapeTable } from '../../../src/model/shape/index.js';
import {
  analyzed,
  HEADS_APART,
  K_TURNED,
  attentionModel as model,
  PLAIN_MIX,
  TOKENS,
  WIDTH,
  weight,
  X,
} from '../../helpers/attention-text.js';
import { relativeDifference } from '../../helpers/injectable.js';
import { raised, raisedModel } from '../../helpers/raised.js';
import { named } from '../../helpers/text.js';
import { randomFeeds, runModel } from '../../model/shape/engine.js';

interface Case {
  readonly name: string;
  readonly body: string;
  readonly options?: Parameters<typeof model>[1];
  /** What the form adds beside the products and the Softmax. */
  readonly added: readonly string[];
  readonly rank?: number;
  readonly x?: readonly number[];
}

const CASES: readonly Case[] = [
  {
    name: 'keys before queries, turned before the Softmax',
    body: `qt = Transpose <perm = [0, 2, 1]> (q)
      s = MatMul (k, qt)
      st = Transpose <perm = [0, 2, 1]> (s)
      p = Softmax <axis = -1> (st)
      ${PLAIN_MIX}`,
    // the model turned q, so now k is turned
    added: ['Transpose'],
  },
  {
    name: 'v on the left, of another width than q and k',
    body: `${K_TURNED}
      s = MatMul (q, kt)
      p = Softmax <axis = 2> (s)
      pt = Transpose <perm = [0, 2, 1]> (p)
      vt = Transpose <perm = [0, 2, 1]> (v)
      o = MatMul (vt, pt)`,
    options: { values: 7 },
    // v was turned by the model, which is undone
    added: ['Transpose'],
  },
  {
    name: 'one image without a batch axis, and an Einsum without an arrow',
    body: `kt = Transpose (k)
      s = MatMul (q, kt)
      p = Softmax (s)
      o = Einsum <equation = "ij, jz"> (p, v)`,
    options: { x: `float[${TOKENS}, ${WIDTH}] x` },
    x: [TOKENS, WIDTH],
    rank: 2,
    added: [],
  },
  {
    name: 'Transposes that are joined: heads by Transpose, k turned by Einsum',
    body: `${HEADS_APART}
      s = Einsum <equation = "bhid,bhjd->bhij"> (qh, kh)
      p = Softmax <axis = -1> (s)
      o = Einsum <equation = "bhij,bhjd->bhid"> (p, vh)`,
    rank: 4,
    added: ['Transpose'],
  },
  {
    name: 'one-number steps of other kinds: a cap, a clip, a sign, numbers with axes',
    body: `${K_TURNED}
      s = MatMul (q, kt)
      s1 = Div (s, cap)
      s2 = Tanh (s1)
      s3 = Mul (cap, s2)
      s4 = Clip (s3, low, high)
      s5 = Neg (s4)
      s6 = Sub (low, s5)
      p = Softmax <axis = -1> (s6)
      p1 = Mul (p, cap)
      [mix] o = MatMul (p1, v)`,
    options: { constants: 'float[1, 1] cap = {3}, float low = {-2.5}, float high = {1.5}' },
    added: ['Clip', 'Div', 'Mul', 'Mul', 'Neg', 'Sub', 'Tanh'],
  },
  {
    name: 'a scale that the graph computes',
    body: `${K_TURNED}
      s = MatMul (q, kt)
      shape = Shape (x)
      width = Gather (shape, last)
      number = Cast <to = 1> (width)
      root = Sqrt (number)
      s1 = Div (s, root)
      p = Softmax <axis = -1> (s1)
      ${PLAIN_MIX}`,
    options: { constants: 'int64 last = {-1}' },
    added: ['Div'],
  },
  {
    name: 'FusedMatMul, with its factors',
    body: `s = com.microsoft.FusedMatMul <alpha = 0.25, transB = 1> (q, k)
      p = Softmax <axis = -1> (s)
      o = com.microsoft.FusedMatMul <alpha = 3.0> (p, v)`,
    // k is turned; a factor for the scores and one for the result
    added: ['Mul', 'Mul', 'Transpose'],
  },
  {
    name: 'MultiHeadAttention with a bias on q, k and v',
    body: 'o = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v, bias)',
    options: { constants: weight('bias', [3 * WIDTH], 4) },
    rank: 4,
    added: [
      ...Array(3).fill(['Add', 'Reshape', 'Slice', 'Transpose']).flat(),
      ...['Mul', 'Reshape', 'Transpose'],
    ].sort(),
  },
  {
    name: 'MultiHeadAttention with a scale, k and v with heads apart',
    body: `${HEADS_APART}
      o = com.microsoft.MultiHeadAttention <num_heads = 2, scale = 0.3> (q, kh, vh)`,
    rank: 4,
    // k's own Transpose is joined with that for the product
    added: ['Mul', 'Reshape', 'Reshape', 'Transpose', 'Transpose', 'Transpose'],
  },
  {
    name: 'Attention of opset 23 with a cap and a scale',
    body: 'o = Attention <q_num_heads = 2, kv_num_heads = 2, scale = 0.9, softcap = 1.5> (q, k, v)',
    options: { opset: 23 },
    rank: 4,
    added: [
      ...Array(4).fill(['Reshape', 'Transpose']).flat(),
      ...['Div', 'Mul', 'Mul', 'Tanh'],
    ].sort(),
  },
];

describe('raised', () => {
  test.each(CASES)('$name', async ({ body, options, added, rank = 3, x = X }) => {
    const source = model(body, options);
    const { attention, shapes } = analyzed(source);
    expect(attention).toMatchObject({ kind: 'self', id: 'attention.0' });
    expect(raised(attention, shapes).rank).toBe(rank);
    const copy = raisedModel(source, attention, shapes);
    expect(copy.added).toEqual(added);
    const feeds = randomFeeds(source, { x });
    const [expected, actual] = [await runModel(source, feeds), await runModel(copy.model, feeds)];
    expect(relativeDifference(actual.y!, expected.y!)).toBeLessThan(1e-5);
  });

  test('reads what the nodes of the module make, never what they read', async () => {
    // k is the module's input but for a Transpose, which must not be joined with the one that is added
    const source = model(`[turn] kt = Transpose <perm = [1, 0, 2]> (x)
      s = Einsum <equation = "bid,jbd->bij"> (q, kt)
      p = Softmax <axis = -1> (s)
      ${PLAIN_MIX}`);
    const { attention, shapes } = analyzed(source);
    expect(attention.k.projections).toEqual([]);
    const copy = raisedModel(source, attention, shapes);
    expect(copy.added).toEqual(['Transpose']);
    const readers = [...named(copy.model, 'x').users].map((node) => node.name);
    expect(readers.sort()).toEqual(['to_q', 'to_v', 'turn']);
  });
});

describe('refused', () => {
  test.each<[string, string, string, string, Parameters<typeof model>[1]?]>([
    [
      'a scale of its own for each head',
      `${HEADS_APART}
      kt = Transpose <perm = [0, 1, 3, 2]> (kh)
      s = MatMul (qh, kt)
      [by_head] s1 = Mul (s, scales)
      p = Softmax <axis = -1> (s1)
      o = MatMul (p, vh)`,
      'by_head',
      'not element-wise, or not with one number',
      { constants: 'float[2, 1, 1] scales = {1, 2}' },
    ],
    [
      'the largest score taken off by hand',
      `${K_TURNED}
      s = MatMul (q, kt)
      largest = ReduceMax <axes = [-1]> (s)
      [off] s1 = Sub (s, largest)
      p = Softmax <axis = -1> (s1)
      ${PLAIN_MIX}`,
      'off',
      'meet at this node',
    ],
    [
      'scores reshaped',
      `${K_TURNED}
      s = MatMul (q, kt)
      [more_axes] s1 = Unsqueeze (s, one)
      [normalise] p1 = Softmax <axis = -1> (s1)
      p = Squeeze (p1, one)
      ${PLAIN_MIX}`,
      'more_axes',
      'does not treat all scores alike',
      { constants: 'int64[1] one = {1}' },
    ],
    [
      'a Softmax over another axis than the last',
      `qt = Transpose <perm = [0, 2, 1]> (q)
      s = MatMul (k, qt)
      [normalise] p = Softmax <axis = 1> (s)
      pt = Transpose <perm = [0, 2, 1]> (p)
      o = MatMul (pt, v)`,
      'normalise',
      'over axis 1, not over the last',
    ],
    [
      'one head of keys for all of q',
      `k1 = MatMul (x, w2)
      qr = Reshape (q, heads)
      qh = Transpose <perm = [0, 2, 1, 3]> (qr)
      kr = Reshape (k1, one_head)
      kt = Transpose <perm = [0, 2, 3, 1]> (kr)
      vr = Reshape (v, one_head)
      vh = Transpose <perm = [0, 2, 1, 3]> (vr)
      [scores] s = MatMul (qh, kt)
      p = Softmax <axis = -1> (s)
      o = MatMul (p, vh)`,
      'scores',
      'different numbers of heads',
      { constants: `int64[4] one_head = {0, 0, 1, 2}, ${weight('w2', [WIDTH, 2], 5)}`, values: 2 },
    ],
    [
      'Attention of opset 23 that is causal',
      '[all] o = Attention <q_num_heads = 2, kv_num_heads = 2, is_causal = 1> (q, k, v)',
      'all',
      'hides later keys',
      { opset: 23 },
    ],
    [
      'MultiHeadAttention that is causal',
      '[all] o = com.microsoft.MultiHeadAttention <num_heads = 2, unidirectional = 1> (q, k, v)',
      'all',
      'hides later keys',
    ],
    [
      'MultiHeadAttention whose keys are read as well',
      `[all] a, keys = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)
      [read] sum = ReduceSum <keepdims = 0> (keys)
      o = Add (a, sum)`,
      'all',
      'more is read of it than its result',
    ],
    [
      'no layer before q',
      `${K_TURNED}
      [scores] s = MatMul (x, kt)
      p = Softmax <axis = -1> (s)
      ${PLAIN_MIX}`,
      'scores',
      '"x" is what the module reads',
    ],
    [
      'pooled keys',
      `few = Slice (x, zero, three, one)
      k1 = MatMul (few, wk)
      v1 = MatMul (few, wv)
      kt = Transpose <perm = [0, 2, 1]> (k1)
      [scores] s = MatMul (q, kt)
      [normalise] p = Softmax <axis = -1> (s)
      o = MatMul (p, v1)`,
      'normalise',
      `${TOKENS} queries and 3 keys`,
      { constants: 'int64[1] zero = {0}, int64[1] three = {3}, int64[1] one = {1}' },
    ],
  ])('%s', (_, body, node, reason, options) => {
    const { attention, shapes } = analyzed(model(body, options));
    expect(attention.kind).toBe('self');
    expect(raiseCore(attention, shapes)).toEqual({
      node,
      reason: expect.stringContaining(reason),
    });
  });
});

describe('of sizes that are not known, the refusal says', () => {
  const source = model(`${K_TURNED}
      [score] s = MatMul (q, kt)
      p = Softmax <axis = -1> (s)
      ${PLAIN_MIX}`);
  const { attention, shapes } = analyzed(source);
  /** What is known, but for the shapes of some values, and the type of some. */
  const without = (lost: readonly string[], why?: string, untyped?: string): ShapeTable =>
    Object.assign(Object.create(shapes) as ShapeTable, {
      shape: (value: Value) => (lost.includes(value.name) ? undefined : shapes.shape(value)),
      whyUnknown: (value: Value) => (lost.includes(value.name) ? why : undefined),
      dtype: (value: Value) => (value.name === untyped ? undefined : shapes.dtype(value)),
    });
  const axes = /one axis for each of batch, heads, tokens and size/;

  test.each<[what: string, table: ShapeTable, node: string, reason: RegExp]>([
    ['why, of the first operand', without(['q'], 'nobody said'), 'score', /^nobody said$/],
    ['why, of the second', without(['kt'], 'nobody said'), 'score', /^nobody said$/],
    ['why, of the product with v', without(['v'], 'nobody said'), 'mix', /^nobody said$/],
    ['what is missing, where nobody says why', without(['q']), 'score', axes],
  ])('%s', (_, table, node, reason) => {
    expect(raiseCore(attention, table)).toEqual({ node, reason: expect.stringMatching(reason) });
  });

  test('that the type of the scores is missing', () => {
    expect(raiseCore(attention, without([], undefined, 's'))).toMatchObject({
      reason: expect.stringContaining('type of its scores'),
    });
  });

  test('nothing of what is no refusal', () => {
    const broken = Object.assign(Object.create(shapes) as ShapeTable, {
      dtype: () => {
        throw new RangeError('a bug');
      },
    });
    expect(() => raiseCore(attention, broken)).toThrow(RangeError);
  });
});
