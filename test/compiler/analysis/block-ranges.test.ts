/**
 * What a range must be so that it can be replaced, whoever names its ends: sums alone from end to end,
 * and no way around. Each refusal names the node.
 */
import { describe, expect, test } from 'vitest';
import { deltaCache } from '../../../passes/index.js';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { findBlocks, rangeOf, refusalOf } from '../../../src/compiler/analysis/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { attention, block, blockModel, blocks, feedForward } from '../../helpers/block-text.js';
import { modelOf, named } from '../../helpers/text.js';
import { CONSTANTS, INPUTS, ONE_STREAM, TWO_STREAMS } from '../../helpers/wirings.js';

type Ends = readonly [from: string, to: string];

const modelFrom = (body: string) => blockModel(body, CONSTANTS, INPUTS);

const refusal = (model: Model, ...ends: Ends[]) =>
  refusalOf(model.graph, inferShapes(model), {
    streams: ends.map(([from, to], stream) => ({
      stream,
      input: named(model, from),
      output: named(model, to),
    })),
  });

const stagesOf = (model: Model) => {
  const shapes = inferShapes(model);
  return findBlocks(model.graph, shapes, findAttention(model.graph, shapes).found).stages;
};

describe('sums alone', () => {
  test('are what a block makes of its stream, in any number and layout', () => {
    for (const wiring of Object.values(ONE_STREAM)) {
      const model = modelFrom(wiring('b', 'x', 'h') + block('last', 'h', 'y'));
      expect(refusal(model, ['x', 'h'])).toBeUndefined();
    }
  });

  test('not a layer behind them', () => {
    const model = modelFrom(`${block('b', 'x', 'h')} [through] y = MatMul (h, w)`);
    expect(refusal(model, ['x', 'y'])).toEqual({
      node: 'through',
      reason: '"y" is not what sums alone make of "x"',
    });
  });

  test('nor one value twice', () => {
    const model = modelFrom(`${block('b', 'x', 'h')} y = Add (h, h)`);
    expect(refusal(model, ['x', 'y'])!.reason).toBe('"y" is not what sums alone make of "x"');
  });

  test('nor no sum at all', () => {
    const model = modelFrom(block('b', 'x', 'y'));
    expect(refusal(model, ['x', 'x'])!.reason).toMatch(/not what sums alone make/);
  });

  test('nor a sum that the stream is not in', () => {
    const model = modelFrom(`${attention('a', 'x', 'attended')}
      ${feedForward('f', 'x', 'fed')}
      [both] both = Add (attended, fed)
      y = Add (x, both)`);
    expect(refusal(model, ['x', 'both'])!.node).toBe('both');
  });

  test('of one type and shape', () => {
    const wiring = ONE_STREAM['a sum in another type']!;
    const model = modelFrom(wiring('b', 'x', 'h') + block('last', 'h', 'y'));
    expect(refusal(model, ['x', 'b_md'])!.reason).toBe(
      '"b_md" and "x" have not the same shape and type',
    );
    const grid = ONE_STREAM['a sum in another layout']!;
    const other = modelFrom(grid('b', 'x', 'h') + block('last', 'h', 'y'));
    expect(refusal(other, ['x', 'b_m4'])!.reason).toMatch(/not the same shape and type/);
  });
});

describe('no way around', () => {
  test('by a norm that a second attention reads', () => {
    const wiring = ONE_STREAM['two attentions over one norm']!;
    const model = modelFrom(wiring('b', 'x', 'h') + block('last', 'h', 'y'));
    expect(refusal(model, ['x', 'b_x1'])).toEqual({
      node: 'b_b_q',
      reason: '"b_n" lies between, and is read here by another way than through "b_x1"',
    });
    expect(refusal(model, ['x', 'b_x2'])).toBeUndefined();
  });

  test('by the other stream, or a part of it', () => {
    const wiring = TWO_STREAMS['joint attention, and one of the image over the same norm']!;
    const model = modelFrom(`${wiring('b', 'x', 'c', 'h', 't')}
      y = Concat <axis = 1> (h, t)`);
    expect(refusal(model, ['x', 'h'], ['c', 't'])).toBeUndefined();
    expect(refusal(model, ['x', 'b_x1'], ['c', 't'])!.node).toBe('b_b_q');
    expect(refusal(model, ['x', 'h'])!.reason).toMatch(/needs what this layer makes/);
    expect(refusal(model, ['c', 't'])!.reason).toMatch(/needs what this layer makes/);
  });

  test('by an output of the graph', () => {
    const wiring = ONE_STREAM['two attentions over one norm']!;
    const model = modelFrom(wiring('b', 'x', 'h') + block('last', 'h', 'y'));
    model.graph.addOutput(named(model, 'b_n'));
    expect(refusal(model, ['x', 'h'])!.reason).toBe(
      '"b_n" lies between, and is an output of the graph',
    );
    expect(refusal(model, ['h', 'y'])).toBeUndefined();
  });

  test('while what enters may be read by anybody, and sizes are no elements', () => {
    const model = modelFrom(`${block('first', 'x', 'h')}
      n = Tanh (h)
      ${attention('second', 'n', 'attended')}
      g = Add (h, attended)
      size = Shape (n)
      both = Mul (g, h)
      told = Expand (both, size)
      y = MatMul (told, w)`);
    expect(refusal(model, ['h', 'g'])).toBeUndefined();
    expect(refusal(model, ['x', 'g'])!.node).toMatch(/^first_/);
  });

  test('in a graph inside a node', () => {
    const model = modelFrom(`
      n = Tanh (x)
      ${attention('a', 'n', 'attended')}
      h = Add (x, attended)
      many = ReduceSum <keepdims = 0> (h)
      some = Cast <to = 9> (many)
      [choice] chosen = If <
        then_branch = yes () => (float[1, 6, 4] a) { a = Sigmoid (n) },
        else_branch = no () => (float[1, 6, 4] b) { b = Relu (h) }
      > (some)
      y = MatMul (chosen, w)`);
    expect(refusal(model, ['x', 'h'])).toMatchObject({ node: 'choice' });
  });

  test('is said by delta-cache', async () => {
    const leaking = `
      n = Tanh (x)
      ${attention('a', 'n', 'attended')}
      h = Add (x, attended)
      ${blocks(2, 'b', 'h', 'g')}
      [late] told = Mul (g, n)
      y = MatMul (told, w)`;
    const compile = (range: string) =>
      Pipeline.create({ calls: 4 })
        .use(deltaCache, { interval: 2, range })
        .compile(modelFrom(leaking));
    await expect(compile('0')).rejects.toMatchObject({
      code: 'BLOCKS_STILL_NEEDED',
      details: { node: 'late' },
      message: expect.stringContaining('"n" lies between, and is read here'),
    });
    await expect(compile('0-2')).rejects.toMatchObject({ details: { node: 'late' } });
    await expect(compile('1-2')).resolves.toBeDefined();
  });
});

describe('blocks in a row', () => {
  const own = (p: string, from: string, to: string) => `
    ${attention(p, from, `${p}_attended`)}
    ${to} = Add (${from}, ${p}_attended)`;
  const joint = TWO_STREAMS['joint attention, a feed-forward each']!;
  /** The image attends to itself, then with the text, and so on. */
  const turns = (tail: string) =>
    modelFrom(`${joint('b0', 'x', 'c', 'x1', 'c1')}
      ${own('b1', 'x1', 'x2')}
      ${joint('b2', 'x2', 'c1', 'x3', 'c2')}
      ${own('b3', 'x3', 'x4')}
      ${tail}`);
  const names = (model: Model, from: number, to: number) =>
    rangeOf(
      model.graph,
      inferShapes(model),
      stagesOf(model)
        .flat()
        .slice(from, to + 1),
    ).streams.map(({ stream, input, output }) => [stream, input.name, output.name]);

  test('keep a stream that ends before the last of them where somebody reads it', () => {
    const model = turns('y = Concat <axis = 1> (x4, c2)');
    expect(stagesOf(model).map((stage) => stage.length)).toEqual([4]);
    expect(names(model, 0, 1)).toEqual([
      [0, 'x', 'x2'],
      [1, 'c', 'c1'],
    ]);
    expect(names(model, 1, 1)).toEqual([[0, 'x1', 'x2']]);
    expect(names(model, 1, 3)).toEqual([
      [0, 'x1', 'x4'],
      [1, 'c1', 'c2'],
    ]);
  });

  test('and leave it out where nobody does', () => {
    const model = turns('y = MatMul (x4, w)');
    expect(names(model, 0, 1)).toEqual([
      [0, 'x', 'x2'],
      [1, 'c', 'c1'],
    ]);
    expect(names(model, 0, 3)).toEqual([[0, 'x', 'x4']]);
    // what becomes of the text behind the last joint attention is read by nobody
    expect(names(model, 2, 2)).toEqual([[0, 'x2', 'x3']]);
  });
});

describe('image and text that each block joins and parts again', () => {
  const single = (p: string, image: string, text: string, toImage: string, toText: string) => `
    ${p}_in = Concat <axis = 1> (${text}, ${image})
    ${attention(p, `${p}_in`, `${p}_attended`)}
    ${p}_out = Add (${p}_in, ${p}_attended)
    ${toText} = Slice (${p}_out, none, four, tokenAxis)
    ${toImage} = Slice (${p}_out, four, all, tokenAxis)`;
  const three = (more = '') =>
    modelFrom(`${single('b0', 'x', 'c', 'x1', 'c1')}
      ${single('b1', 'x1', 'c1', 'x2', 'c2')}
      ${single('b2', 'x2', more || 'c2', 'x3', 'c3')}
      y = MatMul (x3, w)`);
  const summary = (model: Model) =>
    stagesOf(model).map((stage) =>
      stage.map(({ streams }) => streams.map(({ input, output }) => [input.name, output.name])),
    );

  test('are one stream', () => {
    expect(summary(three())).toEqual([
      [[['b0_in', 'b0_out']], [['b0_out', 'b1_out']], [['b1_out', 'b2_out']]],
    ]);
  });

  test('but not where another text comes in', () => {
    expect(summary(three('c1'))).toEqual([
      [[['b0_in', 'b0_out']], [['b0_out', 'b1_out']]],
      [[['b2_in', 'b2_out']]],
    ]);
  });

  test.each([
    ['a part is missing', '(b0_out, one, four, tokenAxis)', '(b0_out, four, all, tokenAxis)'],
    ['parts overlap', '(b0_out, none, six, tokenAxis)', '(b0_out, four, all, tokenAxis)'],
    ['parts change places', '(b0_out, six, all, tokenAxis)', '(b0_out, none, six, tokenAxis)'],
  ])('nor where %s', (_, text, image) => {
    const model = blockModel(
      `b0_in = Concat <axis = 1> (c, x)
      ${attention('b0', 'b0_in', 'b0_attended')}
      b0_out = Add (b0_in, b0_attended)
      first = Slice ${text}
      second = Slice ${image}
      b1_in = Concat <axis = 1> (first, second)
      ${attention('b1', 'b1_in', 'b1_attended')}
      y = Add (b1_in, b1_attended)`,
      `${CONSTANTS}, int64[1] one = {1}`,
      INPUTS,
    );
    expect(summary(model)).toEqual([[[['b0_in', 'b0_out']]], [[['b1_in', 'y']]]]);
  });

  test('a Split of all is such parts, in their order', () => {
    const split = (order: string) =>
      blockModel(
        `b0_in = Concat <axis = 1> (c, x)
        ${attention('b0', 'b0_in', 'b0_attended')}
        b0_out = Add (b0_in, b0_attended)
        first, second = Split <axis = -2> (b0_out, halves)
        b1_in = Concat <axis = 1> ${order}
        ${attention('b1', 'b1_in', 'b1_attended')}
        y = Add (b1_in, b1_attended)`,
        `${CONSTANTS}, int64[2] halves = {5, 5}`,
        INPUTS,
      );
    expect(summary(split('(first, second)'))).toEqual([[[['b0_in', 'b0_out']], [['b0_out', 'y']]]]);
    expect(summary(split('(second, first)'))).toHaveLength(2);
  });
});

test('a size that is read off a value inside of blocks keeps none of them', async () => {
  const model = modelOf(
    `g (float[1, tokens, 4] x) => (float y)
    <float[4, 4] w = {0.5, -0.25, 0.125, 0.75, 0.25, 0.5, -0.75, 0.125, -0.5, 0.25, 0.5, 0.25, 0.125, 0.75, 0.25, -0.5}> {
      [in] h = MatMul (x, w)
      ${blocks(3, 'b', 'h', 'g')}
      size = Shape (b1_in)
      twos = ConstantOfShape <value = float[1] {2}> (size)
      scaled = Mul (g, twos)
      y = MatMul (scaled, w)
    }`,
  );
  const { lowered } = await Pipeline.create({ calls: 4, emit: 'split' })
    .use(deltaCache, { interval: 2, blocks: 3 })
    .compile(model);
  const products = [...lowered.models.get('delta')!.graph.nodes].filter(
    (n) => n.opType === 'MatMul',
  );
  expect(products).toHaveLength(2);
});
