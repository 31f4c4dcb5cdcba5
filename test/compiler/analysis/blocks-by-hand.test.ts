/**
 * What is a residual connection of a transformer and what only looks like one, in graphs of a few nodes.
 * The stream is `x`, six tokens of four channels; every layer has one matrix.
 */
import { describe, expect, test } from 'vitest';
import { deltaCache } from '../../../passes/index.js';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { findBlocks, nodesOfRange, refusalOf } from '../../../src/compiler/analysis/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { attention, block, feedForward, blockModel as model } from '../../helpers/block-text.js';
import { named, namesOf } from '../../helpers/text.js';

function analyze(source: Model) {
  const shapes = inferShapes(source);
  return findBlocks(source.graph, shapes, findAttention(source.graph, shapes).found);
}

/** By stage and block: where it begins, the stream behind each layer with its kind. */
const summary = (source: Model) =>
  analyze(source).stages.map((stage) =>
    stage.map(({ streams, layers }) => [
      streams.map(({ input }) => input.name).join(),
      ...layers.map(({ to, kind }) => `${to.name}: ${kind}`),
    ]),
  );

describe('a stage', () => {
  test('two blocks in a row', () => {
    expect(summary(model(block('first', 'x', 'h') + block('second', 'h', 'y')))).toEqual([
      [
        ['x', 'first_middle: self-attention', 'h: feed-forward'],
        ['h', 'second_middle: self-attention', 'y: feed-forward'],
      ],
    ]);
  });

  test('whatever the order of the operands, and of nodes in the file', () => {
    const source = model(
      (block('first', 'x', 'h') + block('second', 'h', 'y'))
        .replace('(x, first_attended)', '(first_attended, x)')
        .replace('(second_middle, second_fed)', '(second_fed, second_middle)'),
    );
    source.graph.reorder([...source.graph.nodes].reverse());
    expect(summary(source)).toEqual([
      [
        ['x', 'first_middle: self-attention', 'h: feed-forward'],
        ['h', 'second_middle: self-attention', 'y: feed-forward'],
      ],
    ]);
  });

  test('ends where the stream goes through a layer without a connection around it', () => {
    const source = model(`${block('first', 'x', 'h')}
      [between] g = MatMul (h, w)
      ${block('second', 'g', 'y')}`);
    expect(summary(source).map((stage) => stage.map(([input]) => input))).toEqual([['x'], ['g']]);
  });
});

describe('no residual connection', () => {
  /**
   * One Split gives shift, scale and gate of both layers, a set for each token. The gate of the first
   * layer makes the stream depend on the Split, and so the second `scaled + shift` looks like a value
   * added to something that was computed from it.
   */
  test('a modulation by one Split', () => {
    const source = model(
      `[embed] modulation = MatMul (c, wide)
      shift1, scale1, gate1, shift2, scale2, gate2 = Split <axis = -1> (modulation, parts)
      factor1 = Add (scale1, one)
      scaled1 = Mul (x, factor1)
      modulated1 = Add (scaled1, shift1)
      ${attention('a', 'modulated1', 'attended')}
      gated1 = Mul (attended, gate1)
      middle = Add (x, gated1)
      factor2 = Add (scale2, one)
      scaled2 = Mul (middle, factor2)
      modulated2 = Add (scaled2, shift2)
      ${feedForward('f', 'modulated2', 'fed')}
      gated2 = Mul (fed, gate2)
      y = Add (middle, gated2)`,
      `float[4, 24] wide = {${Array.from({ length: 96 }, (_, i) => i % 5)}}, float one = {1},
      int64[6] parts = {4, 4, 4, 4, 4, 4}`,
    );
    expect(summary(source)).toEqual([[['x', 'middle: self-attention', 'y: feed-forward']]]);
    // the modulation is there for this block alone
    expect(namesOf(nodesOfRange(source.graph, analyze(source).stages[0]![0]!))).toContain(
      'modulation',
    );
  });

  test('what such a Split adds behind the attention', () => {
    const source = model(
      `[embed] modulation = MatMul (c, wide)
      shift, scale, behind = Split <axis = -1> (modulation, parts)
      scaled = Mul (x, scale)
      modulated = Add (scaled, shift)
      ${attention('a', 'modulated', 'attended')}
      shifted = Add (attended, behind)
      middle = Add (x, shifted)
      ${feedForward('f', 'middle', 'fed')}
      y = Add (middle, fed)`,
      `float[4, 12] wide = {${Array.from({ length: 48 }, (_, i) => i % 5)}},
      int64[3] parts = {4, 4, 4}`,
    );
    expect(summary(source)).toEqual([[['x', 'middle: self-attention', 'y: feed-forward']]]);
  });

  test('x + x * scale, with a scale from elsewhere', () => {
    const source = model(
      `${attention('a', 'x', 'attended')}
      middle = Add (x, attended)
      [scale] scale = MatMul (c, w)
      part = Mul (middle, scale)
      modulated = Add (middle, part)
      ${feedForward('f', 'modulated', 'fed')}
      y = Add (middle, fed)`,
    );
    expect(summary(source)).toEqual([[['x', 'middle: self-attention', 'y: feed-forward']]]);
  });

  test('a bias, or one value twice', () => {
    const source = model(
      `[first] h0 = MatMul (x, w)
      h1 = Add (h0, bias)
      h2 = Add (h1, h1)
      ${block('first', 'h2', 'y')}`,
      'float[1, 6, 4] bias = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}',
    );
    expect(summary(source)).toEqual([[['h2', 'first_middle: self-attention', 'y: feed-forward']]]);
  });

  test('a sum that is wider than the stream', () => {
    // six tokens from one: what is added is not what it was computed from, broadcast or not
    const source = model(
      `${attention('a', 'x', 'attended')}
      y = Add (x, attended)`,
      '',
      'float[1, 1, 4] token, float[1, 6, 4] x',
    );
    expect(summary(source)).toEqual([[['x', 'y: self-attention']]]);
    const broadcast = model(
      `${attention('a', 'token', 'one')}
      attended = Add (one, x)
      y = Add (token, attended)`,
      '',
      'float[1, 1, 4] token, float[1, 6, 4] x',
    );
    expect(analyze(broadcast).stages).toEqual([]);
  });
});

describe('layers', () => {
  test('attention and feed-forward beside each other are one', () => {
    const source = model(
      `${attention('a', 'x', 'attended')}
      ${feedForward('f', 'x', 'fed')}
      both = Add (attended, fed)
      h = Add (x, both)
      ${block('second', 'h', 'y')}`,
    );
    expect(summary(source)).toEqual([
      [
        ['x', 'h: self-attention'],
        ['h', 'second_middle: self-attention', 'y: feed-forward'],
      ],
    ]);
  });

  test('cross-attention belongs to the block whose self-attention it follows', () => {
    const cross = attention('t', 'middle', 'told')
      .replace('t_k = MatMul (middle', 't_k = MatMul (c')
      .replace('t_v = MatMul (middle', 't_v = MatMul (c');
    const source = model(
      `${attention('a', 'x', 'attended')}
      middle = Add (x, attended)
      ${cross}
      behind = Add (middle, told)
      ${feedForward('f', 'behind', 'fed')}
      y = Add (behind, fed)`,
    );
    expect(summary(source)).toEqual([
      [['x', 'middle: self-attention', 'behind: cross-attention', 'y: feed-forward']],
    ]);
  });

  test('an outer connection around all of a transformer is none of its', () => {
    const source = model(
      `[in] h0 = MatMul (x, w)
      ${block('first', 'h0', 'h1')}
      ${block('second', 'h1', 'h2')}
      [out] last = MatMul (h2, w)
      y = Add (x, last)`,
    );
    expect(summary(source)).toEqual([
      [
        ['h0', 'first_middle: self-attention', 'h1: feed-forward'],
        ['h1', 'second_middle: self-attention', 'h2: feed-forward'],
      ],
    ]);
  });

  test('nor where it begins with the first block', () => {
    const source = model(
      `${block('first', 'x', 'h1')}
      ${block('second', 'h1', 'h2')}
      [out] last = MatMul (h2, w)
      h3 = Add (x, last)
      ${block('third', 'h3', 'y')}`,
    );
    expect(summary(source).map((stage) => stage.map((found) => found.at(0)))).toEqual([
      ['x', 'h1'],
      ['h3'],
    ]);
  });
});

describe('feature maps', () => {
  const MAPS = 'float[1, 4, 2, 3] x';
  const CONSTANTS = `float[4, 4, 1, 1] p = {${Array.from({ length: 16 }, (_, i) => i % 3)}},
    float[4, 4, 3, 3] n = {${Array.from({ length: 144 }, (_, i) => i % 3)}},
    int64[3] tokens = {1, 4, 6}, int64[4] map = {1, 4, 2, 3}`;
  const onMap = (p: string, from: string, to: string) => `
    ${p}_rows = Reshape (${from}, tokens)
    ${p}_in = Transpose <perm = [0, 2, 1]> (${p}_rows)
    ${attention(p, `${p}_in`, `${p}_attended`)}
    ${p}_back = Transpose <perm = [0, 2, 1]> (${p}_attended)
    ${p}_out = Reshape (${p}_back, map)
    ${to} = Add (${from}, ${p}_out)`;
  const convolved = (weight: string, kernel: string) =>
    model(
      `${onMap('a', 'x', 'h1')}
      [c] c1 = Conv <${kernel}> (h1, ${weight})
      c2 = Relu (c1)
      [d] c3 = Conv (c2, p)
      h2 = Add (c3, h1)
      ${onMap('b', 'h2', 'y')}`,
      CONSTANTS,
      MAPS,
    );

  test.each([
    ['stated', 'kernel_shape = [3, 3], pads = [1, 1, 1, 1]'],
    ['left to the weight', 'pads = [1, 1, 1, 1]'],
  ])('a residual layer that reads neighbours ends the stage, its kernel %s', (_, kernel) => {
    expect(summary(convolved('n', kernel))).toEqual([
      [['x', 'h1: self-attention']],
      [['h2', 'y: self-attention']],
    ]);
  });

  test('one that treats each pixel by itself is a feed-forward layer', () => {
    expect(summary(convolved('p', 'kernel_shape = [1, 1]'))).toEqual([
      [
        ['x', 'h1: self-attention', 'h2: feed-forward'],
        ['h2', 'y: self-attention'],
      ],
    ]);
  });
});

test('self-attention without a residual connection is refused, with node and reason', async () => {
  const source = model(attention('only', 'x', 'y'));
  const { stages, refused } = analyze(source);
  expect(stages).toEqual([]);
  expect(refused).toEqual([
    {
      node: 'only_softmax',
      reason: expect.stringMatching(/no Add joins .*attention was computed/),
    },
  ]);
  await expect(
    Pipeline.create({ calls: 4 }).use(deltaCache, { interval: 2, blocks: 1 }).compile(source),
  ).rejects.toMatchObject({
    code: 'BLOCKS_NOT_FOUND',
    message: expect.stringMatching(/no Add joins .*at node "only_softmax"/),
    details: { node: 'only_softmax' },
  });
});

test('nor is a connection around the feed-forward layer behind it one', () => {
  const source = model(`${attention('only', 'x', 'h')}
    ${feedForward('f', 'h', 'fed')}
    y = Add (h, fed)`);
  expect(analyze(source)).toMatchObject({ stages: [], refused: [{ node: 'only_softmax' }] });
});

describe('a sum of another shape behind an attention', () => {
  const refusal = (size: string, held: string) => {
    const source = model(
      `${attention('a', 'x', 'one')}  held = Reshape (one, sizes)  y = Add (x, held)`,
      `int64[3] sizes = {${held}}`,
      `float[${size}, 6, 4] x, float[1, 6, 4] c`,
    );
    const { stages, refused } = analyze(source);
    expect(stages).toEqual([]);
    return refused.map(({ reason }) => reason);
  };

  test('is said, with the option where an export holds what is free', () => {
    expect(refusal('n', '2, 6, 4')).toEqual([
      '"held" [2, 6, 4] is added to "x" [n, 6, 4], which is no sum of one shape; the export holds n at 2, which --freeze n=2 says',
    ]);
  });
});

describe('a long skip', () => {
  /** Blocks 0 to 2, then a layer over their stream and an inner value of the first, then block 3. */
  const skipping = (inner: string) =>
    model(
      `${block('first', 'x', 'h1')}
      ${block('second', 'h1', 'h2')}
      ${block('third', 'h2', 'h3')}
      joined = Concat <axis = -1> (h3, ${inner})
      [skip] h4 = MatMul (joined, join)
      ${block('fourth', 'h4', 'y')}`,
      `float[8, 4] join = {${Array.from({ length: 32 }, (_, i) => (i % 7) - 3)}}`,
    );
  const leak = (source: Model, first: string, last: string) =>
    refusalOf(source.graph, inferShapes(source), {
      streams: [{ stream: 0, input: named(source, first), output: named(source, last) }],
    });

  test('from inside a block makes it leak, by a layer of it', () => {
    const source = skipping('first_middle');
    expect(summary(source).map((stage) => stage.length)).toEqual([3, 1]);
    for (const last of ['h1', 'h2', 'h3']) {
      const found = leak(source, 'x', last)!;
      expect(found.node).toMatch(/^first_attention_/);
      expect(found.reason).toContain(`"${last}"`);
    }
    expect(leak(source, 'h1', 'h3')).toBeUndefined();
    expect(leak(source, 'h4', 'y')).toBeUndefined();
  });

  test('from between two blocks, only a run over it', () => {
    const source = skipping('h1');
    expect(leak(source, 'x', 'h1')).toBeUndefined();
    expect(leak(source, 'h1', 'h3')).toBeUndefined();
    expect(leak(source, 'x', 'h2')!.node).toMatch(/^first_/);
  });

  test('which reads what no layer of the block made leaks nothing', () => {
    expect(leak(skipping('x'), 'x', 'h3')).toBeUndefined();
  });

  const compile = (source: Model, options: object) =>
    Pipeline.create({ calls: 4 }).use(deltaCache, options).compile(source);

  test.each(['0', '0-1', '0-2'])('delta-cache refuses blocks %s by name', async (range) => {
    await expect(compile(skipping('first_middle'), { interval: 2, range })).rejects.toMatchObject({
      code: 'BLOCKS_STILL_NEEDED',
      message: expect.stringMatching(
        /What blocks? 0.* make cannot be replaced.*"first_attention_\w+"/,
      ),
      details: { node: expect.stringMatching(/^first_attention_/) },
    });
  });

  test('delta-cache refuses a front that leaks', async () => {
    await expect(
      compile(skipping('first_middle'), { interval: 2, blocks: 2, stage: 0 }),
    ).rejects.toMatchObject({ code: 'BLOCKS_STILL_NEEDED' });
  });

  test.each(['1', '1-2', '3'])('and takes blocks %s, behind it', async (range) => {
    const { plan } = await compile(skipping('first_middle'), { interval: 2, range });
    expect(plan.rows.map(([strategy]) => strategy)).toEqual([
      'compute',
      'delta',
      'compute',
      'delta',
    ]);
  });
});
