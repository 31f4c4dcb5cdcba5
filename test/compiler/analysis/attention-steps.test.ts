/**
 * What may lie between the products of attention, and how their axes may lie, so that scores of any size
 * can take the same way: met, and computed by onnxruntime from the raised form; or broken in one point.
 */
import { describe, expect, it } from 'vitest';
import { findAttention, raiseCore } from '../../../src/compiler/analysis/attention/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
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

type Options = Parameters<typeof model>[1] & { readonly rows?: readonly number[] };

/** Steps from s to t before the Softmax, and from p to r behind it. */
const between = (before: string, after = 'r = Identity (p)') => `${K_TURNED}
  s = MatMul (q, kt)  ${before}
  p = Softmax <axis = -1> (t)  ${after}
  o = MatMul (r, v)`;
const scores = (product: string, rest = `p = Softmax <axis = -1> (s)  ${PLAIN_MIX}`) =>
  `[scores] s = ${product}  ${rest}`;
const NUMBERS = {
  constants: 'float one = {0.5}, float[1] two = {1.5}, float[1, 1, 1] three = {3}',
};
const IMAGE = { x: `float[1, ${TOKENS}, ${WIDTH}] x`, rows: [1, TOKENS, WIDTH] };
const DOUBLE = ['x', 'wq', 'wk', 'wv']
  .map((name) => `${name}d = Cast <to = 11> (${name})`)
  .join('  ');

const RAISED: [string, string, Options?][] = [
  ['a number with as many axes', between('t = Mul (s, three)'), NUMBERS],
  ['a number before the scores', between('t = Sub (one, s)'), NUMBERS],
  [
    'the smaller and the larger',
    between('a = Min (s, one)  b = Max (two, a)  t = Max (b, one)'),
    NUMBERS,
  ],
  ['a bound that is left out', between('t = Clip (s, , one)'), NUMBERS],
  [
    'types and signs',
    between(
      'a = Cast <to = 11> (s)  b = Neg (a)  t = Identity (b)',
      'a2 = Cast <to = 1> (p)  r = Neg (a2)',
    ),
  ],
  ['a factor behind the Softmax', between('t = Tanh (s)', 'r = Div (p, two)'), NUMBERS],
  [
    'turned twice',
    between(
      'a = Transpose <perm = [0, 2, 1]> (s)  b = Neg (a)  t = Transpose <perm = [0, 2, 1]> (b)',
    ),
  ],
  [
    'the last axis by its number',
    scores('MatMul (q, kt)', `p = Softmax <axis = 2> (s)  ${PLAIN_MIX}`).replace(
      '[scores]',
      `${K_TURNED} [scores]`,
    ),
  ],
  [
    'numbers of two places, in double precision',
    `${DOUBLE}
    qd = MatMul (xd, wqd)  kd = MatMul (xd, wkd)  vd = MatMul (xd, wvd)
    kt = Transpose <perm = [0, 2, 1]> (kd)
    s = MatMul (qd, kt)  p = Softmax <axis = -1> (s)  m = MatMul (p, vd)  o = Cast <to = 1> (m)`,
  ],
  ['keys on the left', scores('Einsum <equation = "bjd,bid->bij"> (k, q)')],
  [
    'keys on the left of heads',
    `${HEADS_APART} ${scores('Einsum <equation = "bhjd,bhid->bhij"> (kh, qh)', 'p = Softmax <axis = -1> (s)  o = MatMul (p, vh)')}`,
  ],
  [
    'v on the left of heads',
    `${HEADS_APART} ${scores('Einsum <equation = "bhid,bhjd->bhij"> (qh, kh)', 'p = Softmax <axis = -1> (s)  o = Einsum <equation = "bhjd,bhij->bihd"> (vh, p)')}`,
  ],
  [
    'heads last',
    `qr = Reshape (q, heads)  kr = Reshape (k, heads)  vr = Reshape (v, heads)
    ${scores('Einsum <equation = "bihd,bjhd->hbij"> (qr, kr)', 'p = Softmax <axis = -1> (s)  o = Einsum <equation = "hbij,bjhd->bihd"> (p, vr)')}`,
  ],
];

describe('raised', () => {
  it.each(RAISED)('%s', async (_, body, { rows = X, ...options } = {}) => {
    const source = model(body, options);
    const { attention, shapes } = analyzed(source);
    const copy = raisedModel(source, attention, shapes).model;
    // nothing of the core's own products is read any more
    const products = ({ graph }: typeof source) =>
      [...graph.nodes].filter(({ opType }) => /MatMul|Einsum/.test(opType)).length;
    expect(products(copy)).toBeLessThanOrEqual(products(source));
    const feeds = randomFeeds(source, { x: rows });
    const [expected, actual] = [await runModel(source, feeds), await runModel(copy, feeds)];
    expect(actual.y!.dims).toEqual(expected.y!.dims);
    expect(relativeDifference(actual.y!, expected.y!)).toBeLessThan(1e-5);
  });

  it('with its sizes', () => {
    const source = model(
      `${HEADS_APART} ${scores('Einsum <equation = "bhid,bhjd->bhij"> (qh, kh)', 'p = Softmax <axis = -1> (s)  o = MatMul (p, vh)')}`.replaceAll(
        '(v, heads)',
        '(v, wider)',
      ),
      {
        values: 6,
        constants: 'int64[4] wider = {0, 0, 2, 3}',
        x: `float[3, ${TOKENS}, ${WIDTH}] x`,
      },
    );
    const { attention, shapes } = analyzed(source);
    const core = raised(attention, shapes);
    expect([core.tokens, core.lead, core.size, core.valueSize].map((d) => d?.constant)).toEqual([
      5, 6, 2, 3,
    ]);
    expect([core.rank, core.scoresType]).toEqual([4, 'float32']);
    expect(
      [attention.queries, attention.keys, attention.headSize, attention.lead, attention.heads].map(
        (d) => d?.constant,
      ),
    ).toEqual([5, 5, 2, 6, 2]);
  });
});

describe('refused', () => {
  it.each<[string, string, string, string, Options?]>([
    [
      'a number with more axes',
      between('[more] t = Mul (s, four)'),
      'more',
      'not with one number',
      { constants: 'float[1, 1, 1, 1] four = {3}', ...IMAGE },
    ],
    [
      'numbers for each key',
      between('[more] t = Mul (s, five)'),
      'more',
      'not with one number',
      { constants: 'float[5] five = {1, 2, 3, 4, 5}' },
    ],
    [
      'numbers for each key behind the Softmax',
      between('t = Neg (s)', '[more] r = Mul (p, five)'),
      'more',
      'not with one number',
      { constants: 'float[5] five = {1, 2, 3, 4, 5}' },
    ],
    [
      'an operator that looks at neighbours',
      between('[more] t = Softmax <axis = 1> (s)').replace('Softmax <axis = 1>', 'LpNormalization'),
      'more',
      'does not treat all scores alike',
    ],
    [
      'a root, though of each element',
      between('[more] t = Exp (s)'),
      'more',
      'does not treat all scores alike',
    ],
    [
      'scores beside what is made of them',
      between('a = Neg (s)  [more] t = Add (a, s)'),
      'more',
      'two values made of "s" meet',
    ],
    [
      'probabilities beside what is made of them',
      between('t = Neg (s)', 'a = Neg (p)  [more] r = Add (a, p)'),
      'more',
      'two values made of "p" meet',
    ],
    [
      'queries along two axes',
      `${HEADS_APART} k1 = MatMul (x, w2)
      ${scores('Einsum <equation = "bhid,bjd->bhij"> (qh, k1)', 'p = Softmax <axis = -1> (s)  o = Einsum <equation = "bhij,bhjd->bhid"> (p, vh)')}`,
      'Softmax making p',
      'its token counts are not known',
      { constants: weight('w2', [WIDTH, 2], 5) },
    ],
    [
      'a score that sums along two axes',
      `qr = Reshape (q, heads)  kr = Reshape (k, heads)
      ${scores('Einsum <equation = "bihd,bjhd->bij"> (qr, kr)')}`,
      'scores',
      'lie along more than one axis',
    ],
    [
      'v that is the same for all heads',
      `${HEADS_APART}
      ${scores('Einsum <equation = "bhid,bhjd->bhij"> (qh, kh)', 'p = Softmax <axis = -1> (s)  [mix] o = MatMul (p, v)')}`,
      'mix',
      'do not have the same axes beside tokens and size',
      IMAGE,
    ],
  ])('%s', (_, body, node, reason, { rows: _rows, ...options } = {}) => {
    const { attention, shapes } = analyzed(model(body, options));
    expect(raiseCore(attention, shapes)).toEqual({ node, reason: expect.stringContaining(reason) });
  });

  it('where a mask hides keys, at the node that it meets', () => {
    const source = model(between('[hide] t = Add (s, hides)'), {
      constants: 'float[5] hides = {0, 0, 0, 0, -9}',
    });
    const { attention, shapes } = analyzed(source);
    expect(raiseCore(attention, shapes)).toEqual({
      node: 'hide',
      reason: expect.stringContaining('a mask ("hides") meets the scores'),
    });
  });

  it('where nothing is known of its tokens', () => {
    const source = model(between('t = Neg (s)'));
    named(source, 'x').type = { kind: 'tensor', elem: 'float32' };
    const { attention, shapes } = analyzed(source);
    expect(attention.kind).toBe('self');
    expect(raiseCore(attention, shapes)).toMatchObject({
      reason: expect.stringContaining('its token counts are not known'),
    });
  });

  it.each(['k', 'v'])('where %s is what the module reads', (name) => {
    const body = between('t = Neg (s)').replaceAll(
      name === 'k' ? '(k)' : ', v)',
      name === 'k' ? '(x)' : ', x)',
    );
    const source = model(
      body
        .replace(/\[turn\].*\n/, name === 'k' ? '' : K_TURNED)
        .replace(
          'MatMul (q, kt)',
          name === 'k' ? 'Einsum <equation = "bid,bjd->bij"> (q, x)' : 'MatMul (q, kt)',
        ),
    );
    const { attention, shapes } = analyzed(source);
    expect(raiseCore(attention, shapes)).toMatchObject({
      reason: expect.stringContaining('"x" is what the module reads'),
    });
  });
});

describe('which operand is q', () => {
  /** Layers of q, k and v, queries and keys: seven keys of a text. */
  it.each<[string, string]>([
    ['on the left', 's = Einsum <equation = "bid,bjd->bij"> (q, kx)'],
    ['on the right', 's = Einsum <equation = "bjd,bid->bij"> (kx, q)'],
    [
      'on the right, turned back',
      's0 = Einsum <equation = "bjd,bid->bji"> (kx, q)  s = Transpose <perm = [0, 2, 1]> (s0)',
    ],
  ])('%s', (_, product) => {
    const source = model(
      `[to_text] kx = MatMul (text, wk)  vx = MatMul (text, wv)
      ${product}  p = Softmax <axis = -1> (s)  o = MatMul (p, vx)`,
      { x: `float[batch, ${TOKENS}, ${WIDTH}] x, float[batch, 7, ${WIDTH}] text` },
    );
    const shapes = inferShapes(source);
    const [attention] = findAttention(source.graph, shapes).found;
    expect(attention).toMatchObject({ kind: 'cross' });
    const { q, k, queries, keys, headSize } = attention!;
    expect([q.projections[0]!.name, k.projections[0]!.name]).toEqual(['to_q', 'to_text']);
    expect([queries, keys, headSize].map((d) => d?.constant)).toEqual([TOKENS, 7, WIDTH]);
    expect(raiseCore(attention!, shapes)).toMatchObject({
      reason: expect.stringContaining('attends to another sequence'),
    });
  });
});
