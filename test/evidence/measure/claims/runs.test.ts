/**
 * What a run of transformer blocks is, by blocks written out: attention and then a feed-forward, each added to
 * the stream. Every condition has a graph that meets it and one that breaks it alone.
 */
import { describe, expect, test } from 'vitest';
import { attention, BLOCKS, block, feedForward, wrong } from './blocks.js';

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
      'a block before one that begins with a feed-forward, as those over frames do',
      `${block(1, 'x')} ${feedForward(2, 'h1')} h = Add (h1, f2) ${block(3, 'h')} y = Relu (h3)`,
      'x',
      'h1',
    ],
    [
      'the same, where a bias and a scale follow the block',
      `${block(1, 'x')} b = Add (h1, half) t = Mul (b, half) ${feedForward(2, 't')} h = Add (t, f2) y = Relu (h)`,
      'x',
      't',
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
