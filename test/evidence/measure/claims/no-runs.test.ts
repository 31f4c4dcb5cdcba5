/** What is no run of transformer blocks: graphs that break one condition each. */
import { describe, expect, test } from 'vitest';
import { attention, BLOCKS, block, feedForward, type Streams, wrong } from './blocks.js';

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
    [
      'it ends in the middle of a block that begins with a feed-forward',
      `${feedForward(3, 'x')} h = Add (x, f3) ${block(1, 'h')} y = Relu (h1)`,
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
