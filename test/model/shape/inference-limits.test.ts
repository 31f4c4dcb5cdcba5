/** Where inference gives up: what contradicts itself, what is left out, and what is too long. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { evaluate, inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

const said = (model: Model, names: readonly string[]) => {
  const table = inferShapes(model);
  return names.map(
    (name) => table.shape(named(model, name))?.join() ?? table.whyUnknown(named(model, name)),
  );
};

describe('what contradicts itself', () => {
  it.each([
    ['a size below zero', 'y = Pad (x, cut)', 'a size is negative'],
    ['a size of nothing', 'y = BatchNormalization (v, v, v, v, v)', 'a size is missing'],
    ['an input that is missing', 'y = Concat <axis = 0> (x, , x)', 'input 1 is missing'],
    ['half an axis', 'y = Concat <axis = 0.5> (x, x)', 'its axis is 0.5'],
    ['half a pad', 'y = Conv <pads = [0.5, 1.0]> (i, i)', 'its pads holds 0.5'],
    ['a body that is none', 'y = Loop (n, go, x)', 'its body is missing'],
    ['a branch that is none', 'y = If (go)', 'its else_branch is missing'],
  ])('%s', (_, body, why) => {
    const model = modelOf(
      `g (float[2, 3] x, float[4] v, float[1, 2, 3] i, int64 n, bool go) => (y) <int64[4] cut = {-2, 0, -1, 0}> { ${body} }`,
    );
    const [says] = said(model, ['y']);
    expect(says).toContain(why);
  });
});

describe('elements that do not fit a shape', () => {
  // onnxruntime refuses all but those whose number is not known
  it.each([
    ['fewer than it has', 'y = Reshape (pair, three)', '3'],
    ['of one that is not there', 'y = Gather (pair, beyond)', '2'],
    ['of a number that is not known', 'y = Neg (k)', 'n'],
  ])('are not known: %s', (_, body, shape) => {
    const model = modelOf(
      `g (int64[n] k) => (y) <int64[2] pair = {2, 3}, int64[1] three = {3}, int64[2] beyond = {0, 5}> { ${body} }`,
    );
    const table = inferShapes(model, { contents: { k: [4, 5] } });
    const y = named(model, 'y');
    expect([table.shape(y)?.join(), table.contents(y)]).toEqual([shape, undefined]);
  });
});

it('outputs that are left out are passed over', () => {
  const model = modelOf(
    'g (float[b, 2] x, float[2] g) => (y, w) { y, , w = LayerNormalization (x, g) }',
  );
  expect(said(model, ['y', 'w'])).toEqual(['b,2', 'b,1']);
});

it('what is no contradiction of the model is told', () => {
  const model = modelOf('g () => (y) { y = Constant <value = int64[2] {1, 2}> () }');
  const [node] = model.graph.nodes;
  node!.attributes.set('value', {
    type: 'tensor',
    value: { dtype: 'int64', dims: [2], data: { kind: 'bytes', bytes: new Uint8Array(9) } },
  });
  expect(() => inferShapes(model)).toThrow();
});

it('of several sizes and elements those that are too long are given up', () => {
  const many = (letter: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${letter}${i}`).join('+');
  const model = modelOf('g (float[1] x) => (y) { y = Flatten <axis = 2> (x) }');
  named(model, 'x').type = tensorType('float32', [many('a', 30), many('b', 30), 7]);
  expect(said(model, ['y'])).toEqual(['y_dim_0,7']);
  const short = modelOf(
    'g (float[1] z) => (m) { s = Shape (z)  f = Constant <value_ints = [0, 0]> ()  a = Gather (s, f)  o = Constant <value_ints = [1, 2]> ()  t = Gather (s, o)  m = Mul (a, t) }',
  );
  named(short, 'z').type = tensorType('float32', [many('a', 30), many('b', 30), 3]);
  const [long, fits] = inferShapes(short).contents(named(short, 'm'))!;
  expect([String(long), fits!.weight < 100]).toEqual(['m_value', true]);
});

it('a size that doubles over and over is given up, and inference goes on', () => {
  const steps = Array.from(
    { length: 40 },
    (_, i) => `x${i + 1} = Mul (x${i}, s${i})  s${i + 1} = Add (x${i + 1}, w)`,
  );
  const model =
    modelOf(`g (float[h, w0] x) => (y, last) <int64 i0 = {0}, int64 i1 = {1}, int64[1] one = {1}> {
    s = Shape (x)  x0 = Gather (s, i0)  w = Gather (s, i1)  s0 = Add (x0, w)
    ${steps.join('\n')}
    list = Reshape (x40, one)  last = ConstantOfShape (list)  y = Exp (last)
  }`);
  const table = inferShapes(model);
  expect(table.shape(named(model, 'y'))).toHaveLength(1);
  expect(table.contents(named(model, 'x2'))?.[0]?.weight).toBeGreaterThan(1);
  const known = evaluate(
    table.contents(named(model, 'x2'))![0]!,
    new Map([
      ['h', 2],
      ['w0', 3],
    ]),
  );
  expect(known).toBe(2 * 5 * (2 * 5 + 3));
  expect(table.contents(named(model, 'x40'))!.every((e) => e.weight < 600)).toBe(true);
});
