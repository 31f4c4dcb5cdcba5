/** What blocks are found with, piece by piece, beside plain definitions and sets written by hand. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { Readers } from '../../../src/compiler/analysis/blocks/readers.js';
import { firstFrom } from '../../../src/compiler/analysis/blocks/residual.js';
import {
  blockTable,
  findBlocks,
  nodesOfRange,
  type StreamRange,
} from '../../../src/compiler/analysis/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import type { Node } from '../../../src/model/ir/node.js';
import { nodeDependencies } from '../../../src/model/ir/order.js';
import type { Value } from '../../../src/model/ir/value.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { attention, block, blockModel, feedForward } from '../../helpers/block-text.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';
import { CONSTANTS, INPUTS, ONE_STREAM } from '../../helpers/wirings.js';

test('the first at a place or behind it is the one that a look at each finds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.integer({ min: -1, max: 10 }), (items, place) => {
      const sorted = items.sort((a, b) => a - b);
      const found = sorted.findIndex((item) => item >= place);
      expect(firstFrom(sorted, place, (item) => item)).toBe(found < 0 ? sorted.length : found);
    }),
  );
});

test('readers are the nodes that see elements, each once, and none that nothing needs', () => {
  const model = modelOf(`g (float[2] x, bool some) => (float[2] y) {
    [sizes] n = Shape (x)
    [count] m = Size (x)
    [square] a = Mul (x, x)
    [dead] b = Neg (x)
    [choice] c = If <then_branch = yes () => (float[2] d) { d = Neg (x) },
      else_branch = no () => (float[2] e) { e = Abs (a) }> (some)
    [grown] f = Expand (c, n)
    [twos] g = ConstantOfShape (m)
    [last] y = Add (a, f)
  }`);
  const readers = new Readers(model.graph);
  const of = (name: string) => readers.of(named(model, name)).map((node) => node.label);
  expect(of('x')).toEqual(['square', 'choice']);
  expect(of('a')).toEqual(['choice', 'last']);
  expect(of('n')).toEqual(['grown']);
  expect(of('b')).toEqual([]);
  expect(of('y')).toEqual([]);
  const places = [...model.graph.nodes].map((node) => readers.place(node));
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

/** Backwards from values, over nodes that are not behind a border. */
function above(values: readonly Value[], border: readonly Value[]): Set<Node> {
  const nodes = new Set<Node>();
  const open = [...values];
  for (let value = open.pop(); value; value = open.pop()) {
    const node = value.producer;
    if (border.includes(value) || !node || nodes.has(node)) continue;
    nodes.add(node);
    open.push(...nodeDependencies(node));
  }
  return nodes;
}

/** Between the ends, and needed by nobody once the outputs are given. */
function plainNodes({ graph }: Model, { streams }: StreamRange): string[] {
  const inputs = streams.map(({ input }) => input);
  const outputs = streams.map(({ output }) => output);
  const needed = above([...graph.outputs, ...inputs], outputs);
  return namesOf([...above(outputs, inputs)].filter((node) => !needed.has(node))).sort();
}

describe('nodes of a range', () => {
  const rangeOf = (model: Model, from: string, to: string): StreamRange => ({
    streams: [{ stream: 0, input: named(model, from), output: named(model, to) }],
  });
  const NUMBER = 'float four = {4}';
  const scaled = (more: string) => `root = Sqrt (four)  half = Neg (root)
    ${attention('a', 'x', 'attended')}
    gated = Mul (attended, half)
    h = Add (x, gated)
    ${feedForward('f', 'h', 'fed')}
    g = Add (h, fed)  ${more}`;

  it.each(Object.entries(ONE_STREAM))('%s', (_, wiring) => {
    const model = blockModel(wiring('b', 'x', 'h') + block('last', 'h', 'y'), CONSTANTS, INPUTS);
    for (const [from, to] of [
      ['x', 'h'],
      ['h', 'y'],
      ['x', 'y'],
    ] as const) {
      const range = rangeOf(model, from, to);
      expect(namesOf(nodesOfRange(model.graph, range)).sort()).toEqual(plainNodes(model, range));
    }
  });

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['numbers that are its alone', 'y = MatMul (g, w)', ['root', 'half', 'gated'], []],
    ['numbers that are read behind it', 'y = Mul (g, half)', ['gated'], ['root', 'half']],
    ['numbers of which one is read behind it', 'y = Mul (g, root)', ['half', 'gated'], ['root']],
    [
      'a value in its midst that is read behind it',
      'y = Mul (g, gated)',
      ['h', 'g', 'f_h'],
      ['gated', 'a_m'],
    ],
    [
      'a number that a graph inside a node reads',
      `many = ReduceSum <keepdims = 0> (x)  some = Cast <to = 9> (many)
      chosen = If <then_branch = yes () => (float[] a) { a = Neg (root) },
        else_branch = no () => (float[] b) { b = Abs (root) }> (some)
      y = Mul (g, chosen)`,
      ['half', 'gated'],
      ['root'],
    ],
  ])('%s', (_, more, own, others) => {
    const model = blockModel(scaled(more), NUMBER);
    const range = rangeOf(model, 'x', 'g');
    const names = namesOf(nodesOfRange(model.graph, range));
    expect(names.sort()).toEqual(plainNodes(model, range));
    expect(names).toEqual(expect.arrayContaining([...own]));
    for (const other of others) expect(names).not.toContain(other);
  });

  it('what a graph inside one of its nodes reads', () => {
    const body = scaled('y = MatMul (g, w)').replace(
      'gated = Mul (attended, half)',
      `many = ReduceSum <keepdims = 0> (x)  some = Cast <to = 9> (many)
      chosen = If <then_branch = yes () => (float[] a) { a = Neg (root) },
        else_branch = no () => (float[] b) { b = Abs (root) }> (some)
      gated = Mul (attended, chosen)`,
    );
    const model = blockModel(body, NUMBER);
    const range = rangeOf(model, 'x', 'g');
    const names = namesOf(nodesOfRange(model.graph, range)).sort();
    expect(names).toEqual(plainNodes(model, range));
    expect(names).toContain('root');
  });

  it('not what the graph gives out', () => {
    const model = blockModel(scaled('y = MatMul (g, w)'), NUMBER);
    model.graph.addOutput(named(model, 'half'));
    const range = rangeOf(model, 'x', 'g');
    const names = namesOf(nodesOfRange(model.graph, range)).sort();
    expect(names).toEqual(plainNodes(model, range));
    expect(names).not.toContain('root');
    expect(names).toContain('gated');
  });
});

describe('a sum', () => {
  const streamsOf = (body: string, constants = '', inputs?: string) => {
    const model = blockModel(body, constants, inputs);
    const shapes = inferShapes(model);
    const { stages } = findBlocks(model.graph, shapes, findAttention(model.graph, shapes).found);
    return stages.map((stage) =>
      stage.map(({ streams }) =>
        streams.map(({ input, output }) => `${input.name} ${output.name}`).join(),
      ),
    );
  };

  it('with a bias in one operator', () => {
    const bias = 'float[4] bias = {1, 2, 3, 4}';
    expect(
      streamsOf(
        `${attention('a', 'x', 'attended')}
      h = com.microsoft.BiasAdd (attended, bias, x)
      ${feedForward('f', 'h', 'fed')}  y = com.microsoft.BiasAdd (fed, bias, h)`,
        bias,
      ),
    ).toEqual([['x y']]);
    expect(
      streamsOf(`${attention('a', 'x', 'attended')}  y = own.BiasAdd (attended, bias, x)`, bias),
    ).toEqual([]);
  });

  it.each([
    [16, [['x y']]],
    [17, []],
  ])('%i sums behind what its branch is computed from', (count, expected) => {
    const sums = Array.from(
      { length: count },
      (_, i) => `s${i} = Add (${i === 0 ? 'x' : `s${i - 1}`}, c)`,
    );
    expect(
      streamsOf(
        `${sums.join('\n')}
      ${attention('a', 'x', 'attended')}
      y = Add (s${count - 1}, attended)`,
        '',
        'float[1, 6, 4] x, float[1, 6, 4] c',
      ),
    ).toEqual(expected);
  });

  it('of a layer over tokens that reads its neighbours ends no stage', () => {
    const [stage] = streamsOf(
      `${block('first', 'x', 'h')}
      t = Transpose <perm = [0, 2, 1]> (h)  [conv] u = Conv <pads = [1, 1]> (t, k)
      v = Transpose <perm = [0, 2, 1]> (u)  g = Add (h, v)
      ${block('second', 'g', 'y')}`,
      `float[4, 4, 3] k = {${Array.from({ length: 48 }, (_, i) => i % 5)}}`,
    );
    expect(stage).toEqual(['x g', 'g y']);
  });
});

test('what blocks cost, counted by hand', () => {
  const model = blockModel(block('first', 'x', 'h') + block('second', 'h', 'y'));
  const shapes = inferShapes(model);
  const analysis = findBlocks(model.graph, shapes, findAttention(model.graph, shapes).found);
  // six layers over six tokens of four channels, and two products of six tokens with six
  const [layers, products] = [6 * 6 * 4 * 4, 2 * 6 * 6 * 4];
  const all = layers + products;
  const table = blockTable(model.graph, analysis, shapes, new Map(), { all: 4 * all, layers });
  const cost = { macs: { all, layers }, share: 1 / 4 };
  const kinds = ['self-attention', 'feed-forward'];
  expect(table).toMatchObject([
    { index: 0, stage: 0, layers: kinds, ...cost },
    { index: 1, stage: 0, layers: kinds, ...cost },
  ]);
  expect(table.map(({ streams }) => streams)).toEqual([
    [{ input: 'x', output: 'h', shape: [1, 6, 4] }],
    [{ input: 'h', output: 'y', shape: [1, 6, 4] }],
  ]);
});
