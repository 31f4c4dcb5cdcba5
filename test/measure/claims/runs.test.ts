/**
 * What a run of transformer blocks is, by blocks written out: attention and then a feed-forward, each added to
 * the stream. Every condition has a graph that meets it and one that breaks it alone.
 */
import { describe, expect, test } from 'vitest';
import { DataFlow } from '../../../src/measure/claims/data-flow.js';
import { wrongRun } from '../../../src/measure/claims/runs.js';
import { modelOf, named } from '../../helpers/text.js';

/** Attention and feed-forward number n on a stream: it leaves m<n> in the middle and h<n> behind. */
const attention = (n: number, stream: string) => `
  k${n} = Transpose (${stream}) s${n} = MatMul (${stream}, k${n}) p${n} = Softmax (s${n})
  a${n} = MatMul (p${n}, ${stream})`;
const feedForward = (n: number, stream: string) =>
  `u${n} = MatMul (${stream}, w) r${n} = Relu (u${n}) f${n} = MatMul (r${n}, w)`;
const block = (n: number, stream: string) =>
  `${attention(n, stream)} m${n} = Add (${stream}, a${n}) ${feedForward(n, `m${n}`)} h${n} = Add (m${n}, f${n})`;
const BLOCKS = `${block(1, 'x')} ${block(2, 'h1')}`;

type Streams = readonly (readonly [from: string, to: string])[];

function wrong(nodes: string, streams: Streams, outputs: readonly string[] = ['y']) {
  const model = modelOf(
    `g (float[4,4] x, float[4,4] c, int64[4] pick, float free) => (${outputs.map((name) => `float[4,4] ${name}`).join(', ')})
    < float[4,4] w = {${Array(16).fill(1)}}, float half = {0.5}, float free = {2}, float[4] gains = {1, 2, 3, 4}, float[4,4,1,1] w1 = {${Array(16).fill(1)}},
      float[4,4,3,1] w3 = {${Array(48).fill(1)}}, int64[2] flat = {4, 4}, int64[4] image = {1, 4, 4, 1} >
    { ${nodes} }`,
  );
  return wrongRun(
    new DataFlow(model.graph),
    streams.map(([from, to]) => ({ from: named(model, from), to: named(model, to) })),
  );
}

describe('is a run', () => {
  test.each<[what: string, nodes: string, from: string, to: string]>([
    ['the first block', `${BLOCKS} y = Relu (h2)`, 'x', 'h1'],
    ['the second', `${BLOCKS} y = Relu (h2)`, 'h1', 'h2'],
    ['both', `${BLOCKS} y = Relu (h2)`, 'x', 'h2'],
    ['both, up to the output itself', `${BLOCKS} y = Identity (h2)`, 'x', 'y'],
    // it may not be moved to the middle, but ends there where nothing is fed forward
    ['attention alone', `${attention(1, 'x')} h1 = Add (x, a1) y = Relu (h1)`, 'x', 'h1'],
    [
      'a stream that is scaled by a number',
      `scaled = Mul (x, half) ${block(1, 'scaled')} h = Div (h1, half) y = Relu (h)`,
      'x',
      'h',
    ],
    [
      'a stream that is laid out otherwise',
      `moved = Transpose (x) ${block(1, 'moved')} h = Reshape (h1, flat) y = Relu (h)`,
      'x',
      'h',
    ],
    [
      'a block of which a node that nobody needs reads something',
      `${BLOCKS} y = Relu (h2) idle = Relu (u1) idler = Relu (idle)`,
      'x',
      'h1',
    ],
    [
      'a block whose sizes are read elsewhere',
      `${BLOCKS} size = Shape (u1) y = Reshape (h2, size)`,
      'x',
      'h1',
    ],
    [
      'a stream that goes on by a connection around all, without a feed-forward on it',
      `${BLOCKS} end = Mul (h2, c) y = Add (end, x)`,
      'x',
      'h2',
    ],
    [
      'a stream that goes on by a connection around all and a last projection',
      `${BLOCKS} end = MatMul (h2, w) y = Add (end, x)`,
      'x',
      'h2',
    ],
    [
      'a block before a connection that depends on no block',
      `${BLOCKS} y = Add (h2, c)`,
      'x',
      'h2',
    ],
    [
      'a block before one feed-forward alone of one product',
      `${block(1, 'x')} f = MatMul (h1, w) y = Add (h1, f)`,
      'x',
      'h1',
    ],
    [
      'a block before products of activations, as of linear attention',
      `${block(1, 'x')} l = MatMul (h1, c) f = MatMul (l, w) y = Add (h1, f)`,
      'x',
      'h1',
    ],
    [
      'a block before convolutions over neighbours',
      `${block(1, 'x')} i = Reshape (h1, image) g3 = Conv <kernel_shape = [3, 1], pads = [1, 0, 1, 0]> (i, w3)
      g1 = Conv <kernel_shape = [1, 1]> (g3, w1) f = Reshape (g1, flat) y = Add (h1, f)`,
      'x',
      'h1',
    ],
    [
      'a block before convolutions that leave the size of their kernels to the weights',
      `${block(1, 'x')} i = Reshape (h1, image) g3 = Conv <pads = [1, 0, 1, 0]> (i, w3)
      g1 = Conv (g3, w1) f = Reshape (g1, flat) y = Add (h1, f)`,
      'x',
      'h1',
    ],
    [
      'a block before an attention of one operator with projections around it',
      `${block(1, 'x')} q = MatMul (h1, w) [all] b = com.microsoft.MultiHeadAttention <num_heads = 1> (q, q, q)
      f = MatMul (b, w) y = Add (h1, f)`,
      'x',
      'h1',
    ],
    [
      'a block before an attention of one operator with weights, and a projection',
      `${block(1, 'x')} b = com.microsoft.Attention <num_heads = 1> (h1, w, gains)
      f = MatMul (b, w) y = Add (h1, f)`,
      'x',
      'h1',
    ],
    [
      'a block before an attention to keys that are weights',
      `${block(1, 'x')} q = MatMul (h1, w) p = Softmax (q) f = MatMul (p, w) y = Add (h1, f)`,
      'x',
      'h1',
    ],
    [
      'a block before a feed-forward that is of no stream',
      `${block(1, 'x')} ${feedForward(3, 'c')} y = Add (h1, f3)`,
      'x',
      'h1',
    ],
    [
      'a block before a feed-forward that is laid beside it',
      `${block(1, 'x')} ${feedForward(2, 'h1')} y = Concat <axis = 0> (h1, f2)`,
      'x',
      'h1',
    ],
    [
      'a block before a feed-forward that is laid beside the stream before it',
      `${block(1, 'x')} ${feedForward(2, 'h1')} y = Concat <axis = 0> (x, f2)`,
      'x',
      'h1',
    ],
    [
      'a block before a feed-forward on a function of it',
      `${block(1, 'x')} ${feedForward(2, 'h1')} t = Tanh (h1) y = Add (t, f2)`,
      'x',
      'h1',
    ],
    [
      'a block before a feed-forward on a function of the stream before it',
      `${block(1, 'x')} ${feedForward(2, 'h1')} t = Tanh (x) y = Add (t, f2)`,
      'x',
      'h1',
    ],
    [
      'a stream that is scaled by numbers that nodes hold, or that may be given',
      `n = Constant <value = float {0.5}> () scaled = Mul (n, x) ${block(1, 'scaled')} h = Mul (h1, free) y = Relu (h)`,
      'x',
      'h',
    ],
  ])('%s', (_, nodes, from, to) => {
    expect(wrong(nodes, [[from, to]])).toBeUndefined();
  });

  test('two streams that read each other, and no third', () => {
    const two = `ka = Transpose (c) sa = MatMul (x, ka) pa = Softmax (sa) aa = MatMul (pa, c)
      kb = Transpose (x) sb = MatMul (c, kb) pb = Softmax (sb) ab = MatMul (pb, x)
      xm = Add (x, aa) cm = Add (c, ab) y = Mul (xm, cm)`;
    expect(
      wrong(two, [
        ['x', 'xm'],
        ['c', 'cm'],
      ]),
    ).toBeUndefined();
    // what stays out is read inside, which is no harm; what is inside and read outside is
    expect(wrong(two, [['x', 'xm']])).toBeUndefined();
    const shared = two.replace('sb = MatMul (c, kb)', 'sb = MatMul (aa, kb)');
    expect(
      wrong(shared, [
        ['x', 'xm'],
        ['c', 'cm'],
      ]),
    ).toBeUndefined();
    expect(wrong(shared, [['x', 'xm']])).toMatch(/"aa" in between is read by .*sb.* outside/);
  });
});

describe('is none, since', () => {
  test.each<[what: string, nodes: string, from: string, to: string, says: RegExp]>([
    [
      'it begins at what is no stream',
      `${BLOCKS} y = Relu (h2)`,
      'u1',
      'h1',
      /"h1" is not "u1" and/,
    ],
    ['it ends at what is no sum', `${BLOCKS} y = Relu (h2)`, 'x', 'f1', /"f1" is not "x" and/],
    ['it ends where it begins', `${BLOCKS} y = Relu (h2)`, 'h1', 'h1', /"h1" is not "h1" and/],
    ['it ends where another begins', `${BLOCKS} y = Relu (h2)`, 'h2', 'h1', /"h1" is not "h2" and/],
    [
      'the stream is scaled by another tensor',
      `t = Mul (x, c) h = Add (t, c) y = Relu (h)`,
      'x',
      'h',
      /is not "x" and/,
    ],
    [
      'the stream is scaled channel by channel',
      `t = Mul (x, gains) h = Add (t, c) y = Relu (h)`,
      'x',
      'h',
      /is not "x" and/,
    ],
    [
      'a number is divided by the stream',
      `t = Div (half, x) h = Add (t, c) y = Relu (h)`,
      'x',
      'h',
      /is not "x" and/,
    ],
    [
      'the stream only says what is picked',
      `t = Gather (w, pick) h = Add (t, c) y = Relu (h)`,
      'pick',
      'h',
      /is not "pick" and/,
    ],
    [
      'the stream goes through another function',
      `t = Tanh (x) h = Add (t, c) y = Relu (h)`,
      'x',
      'h',
      /is not "x" and/,
    ],
    [
      'something in between is read outside',
      `${BLOCKS} z = Relu (u1) y = Add (h2, z)`,
      'x',
      'h1',
      /"u1" in between is read by .*z.* outside/,
    ],
    [
      'something in between is read outside, by a node with a result that nobody needs',
      `${BLOCKS} z, rest = Split <axis = 0> (u1) y = Add (h2, z)`,
      'x',
      'h1',
      /"u1" in between is read by .*z.* outside/,
    ],
    [
      'something in between is read by a later block',
      `${block(1, 'x')} ${block(2, 'h1')} e = Mul (m1, h2) y = Relu (e)`,
      'x',
      'h2',
      /"m1" in between is read by/,
    ],
    [
      'it is passed by into a feed-forward',
      `${attention(1, 'x')} ${feedForward(1, 'a1')} h1 = Add (x, a1) ${feedForward(2, 'h1')} y = Add (x, f2)`,
      'x',
      'h1',
      /"x" goes on to .*y.*, which adds to it a feed-forward/,
    ],
    [
      'it is passed by, scaled, into a feed-forward',
      `${attention(1, 'x')} h1 = Add (x, a1) ${feedForward(2, 'h1')} t = Mul (x, half) y = Add (f2, t)`,
      'x',
      'h1',
      /"x" goes on to/,
    ],
    [
      'it ends in the middle of a block',
      `${BLOCKS} y = Relu (h2)`,
      'x',
      'm1',
      /"m1" is in the middle of a block: .*h1/,
    ],
    [
      'it ends in the middle of a block, and is moved there',
      `${attention(1, 'x')} m1 = Add (x, a1) t = Transpose (m1) ${feedForward(1, 't')} y = Add (t, f1)`,
      'x',
      'm1',
      /"m1" is in the middle of a block/,
    ],
    [
      'it ends in the middle of a block, where something else is added first',
      `${attention(1, 'x')} m1 = Add (x, a1) t = Add (m1, c) ${feedForward(1, 't')} y = Add (t, f1)`,
      'x',
      'm1',
      /"m1" is in the middle of a block/,
    ],
    [
      'it ends in the middle of a block, where it is added to itself first',
      `${attention(1, 'x')} m1 = Add (x, a1) d = Mul (m1, half) t = Add (d, m1) ${feedForward(1, 't')} y = Add (t, f1)`,
      'x',
      'm1',
      /"m1" is in the middle of a block/,
    ],
    [
      'it ends in the middle of a block whose feed-forward is of convolutions of single pixels',
      `${attention(1, 'x')} m1 = Add (x, a1) i = Reshape (m1, image) f = Conv <kernel_shape = [1, 1]> (i, w1)
      r = Relu (f) g = Conv (r, w1) back = Reshape (g, flat) y = Add (m1, back)`,
      'x',
      'm1',
      /"m1" is in the middle of a block/,
    ],
  ])('%s', (_, nodes, from, to, says) => {
    expect(wrong(nodes, [[from, to]])).toMatch(says);
  });

  test('something in between is an output', () => {
    expect(wrong(`${BLOCKS} y = Relu (h2)`, [['x', 'h1']], ['y', 'u1'])).toMatch(
      /"u1" in between leaves the model/,
    );
    // what is before it, behind it or its end may be
    expect(wrong(`${BLOCKS} y = Relu (h2)`, [['x', 'h1']], ['y', 'h1', 'u2'])).toBeUndefined();
    expect(wrong(`${BLOCKS} y = Relu (h2)`, [['h1', 'h2']], ['y', 'u1'])).toBeUndefined();
  });

  test.each<[what: string, streams: Streams, says: RegExp]>([
    [
      'one of its streams is none',
      [
        ['x', 'h1'],
        ['c', 'h1'],
      ],
      /"h1" is not "c"/,
    ],
    [
      'one of its streams ends in the middle',
      [
        ['x', 'h1'],
        ['h1', 'm2'],
      ],
      /"m2" is in the middle/,
    ],
  ])('%s', (_, streams, says) => {
    expect(wrong(`${BLOCKS} y = Relu (h2)`, streams)).toMatch(says);
  });
});
