/** Models of two programs are one only where whatever goes in and comes out is the same but for states. */
import { describe, expect, test } from 'vitest';
import { sameModel } from '../../../src/compiler/lower/same-model.js';
import type { Model } from '../../../src/model/ir/model.js';
import { replaceTensors } from '../../../src/model/ir/stored-tensors.js';
import { readBytes, type Tensor } from '../../../src/model/ir/tensor.js';
import { modelOf, named } from '../../helpers/text.js';

const isState = (name: string) => /^s\.(in|out)\./.test(name);

/** x and a state go in; the sum comes out, and one of what it is made of is kept. */
const program = (half: string, kept: 'a' | 'b', operator = 'Add') => {
  const [a, b] = (['a', 'b'] as const).map((v) => (v === kept ? `"s.out.${half}"` : v));
  return modelOf(`g (float[2] x, float[2] "s.in.${half}") => (float[2] y, float[2] "s.out.${half}") {
    ${a} = Neg (x)
    ${b} = Neg ("s.in.${half}")
    y = ${operator} (${a}, ${b})
  }`);
};

const same = (first: ReturnType<typeof program>, second: ReturnType<typeof program>) => {
  const names = sameModel(first, second, isState);
  return names && Object.fromEntries(names);
};

test('names of states may differ, and are told', () => {
  expect(same(program('first', 'a'), program('second', 'a'))).toEqual({
    x: 'x',
    's.in.second': 's.in.first',
    y: 'y',
    's.out.second': 's.out.first',
  });
});

test('programs that keep different values are not the same', () => {
  expect(same(program('first', 'a'), program('second', 'b'))).toBeUndefined();
});

test('nor are programs of another operator, or with inputs of other names', () => {
  expect(same(program('first', 'a'), program('second', 'a', 'Sub'))).toBeUndefined();
  const other = program('second', 'a');
  other.graph.rename(other.graph.inputs[0]!, 'z');
  expect(same(program('first', 'a'), other)).toBeUndefined();
});

test('an input of the source is never taken for a state', () => {
  const first = program('first', 'a');
  const second = program('second', 'a');
  second.graph.rename(second.graph.inputs[1]!, 'image');
  expect(same(first, second)).toBeUndefined();
  expect(same(second, first)).toBeUndefined();
});

/** A program of the source, in so many nodes; what its text says of tensors is in bytes, as strategies make them. */
function of(body: string, io = '(float[2] x, float[2] u) => (float[2] y)'): Model {
  const model = modelOf(
    `g ${io} <float[2] w = {1, 2}, float[2] v = {1, 2}, float[2] k = {1, 3}> { ${body} }`,
  );
  const inBytes = (tensor: Tensor): Tensor => ({
    ...tensor,
    data: { kind: 'bytes', bytes: readBytes(tensor) },
  });
  replaceTensors(model.graph, inBytes);
  for (const { attributes } of model.graph.nodes)
    for (const [name, attribute] of attributes)
      if (attribute.type === 'tensor')
        attributes.set(name, { type: 'tensor', value: inBytes(attribute.value) });
  return model;
}

const areSame = (first: Model, second: Model) => {
  const same = sameModel(first, second, isState) !== undefined;
  expect(sameModel(second, first, isState) !== undefined).toBe(same);
  return same;
};

describe('nodes', () => {
  test.each<[string, string, string, boolean]>([
    ['the same', 'a = Neg (x) y = Exp (a)', 'b = Neg (x) y = Exp (b)', true],
    ['one more', 'y = Neg (x)', 'y = Neg (x) z = Exp (y)', false],
    ['of a domain', 'y = Neg (x)', 'y = own.Neg (x)', false],
    ['with an input more', 'y = Sum (x)', 'y = Sum (x, x)', false],
    ['with an input left out', 'y = Clip (x, , u)', 'y = Clip (x, u, )', false],
    ['of which one leaves out an input', 'y = Clip (x, , u)', 'y = Clip (x, u, u)', false],
    ['of which one leaves out a constant', 'y = Clip (x, , u)', 'y = Clip (x, w, u)', false],
    [
      'of other operators further back',
      'a = Neg (x) y = Exp (a)',
      'a = Abs (x) y = Exp (a)',
      false,
    ],
    ['of other inputs further back', 'a = Neg (x) y = Exp (a)', 'a = Neg (u) y = Exp (a)', false],
    ['of which one leaves out a result', 'a, , y = Split (x)', 'a, b, y = Split (x)', false],
    ['with a text and numbers', 'y = Pad <a = "AB"> (x)', 'y = Pad <a = [65.0, 66.0]> (x)', false],
    ['which leave out an input both', 'y = Clip (x, , u)', 'y = Clip (x, , u)', true],
    ['with inputs exchanged', 'y = Sub (x, u)', 'y = Sub (u, x)', false],
    [
      'of what was made in another order',
      'a = Neg (x) b = Neg (u) y = Sub (a, b)',
      'a = Neg (x) b = Neg (u) y = Sub (b, a)',
      false,
    ],
    ['with a result more', 'y = Split (x)', 'y, z = Split (x)', false],
    ['with a result left out', 'y, z = Split (x)', 'y,  = Split (x)', false],
    ['which leave out a result both', 'y, , z = Split (x)', 'y, , z = Split (x)', true],
    ['with an attribute more', 'y = Elu (x)', 'y = Elu <alpha = 0.5> (x)', false],
    ['with another attribute', 'y = Elu <beta = 0.5> (x)', 'y = Elu <alpha = 0.5> (x)', false],
    ['with one number', 'y = Elu <a = 0.5> (x)', 'y = Elu <a = 0.5> (x)', true],
    ['with two numbers', 'y = Elu <a = 0.5> (x)', 'y = Elu <a = 1.5> (x)', false],
    ['with zeros of two signs', 'y = Elu <a = 0.0> (x)', 'y = Elu <a = -0.0> (x)', false],
    ['with one whole number', 'y = Elu <a = 5> (x)', 'y = Elu <a = 5> (x)', true],
    ['with two whole numbers', 'y = Elu <a = 5> (x)', 'y = Elu <a = 6> (x)', false],
    ['with one text', 'y = Pad <mode = "edge"> (x)', 'y = Pad <mode = "edge"> (x)', true],
    ['with two texts', 'y = Pad <mode = "edge"> (x)', 'y = Pad <mode = "edgy"> (x)', false],
    ['with a text and its numbers', 'y = Pad <a = "AB"> (x)', 'y = Pad <a = [65, 66]> (x)', false],
    ['with one list', 'y = Pad <a = [1, 2]> (x)', 'y = Pad <a = [1, 2]> (x)', true],
    ['with two lists', 'y = Pad <a = [1, 2]> (x)', 'y = Pad <a = [1, 3]> (x)', false],
    ['with a longer list', 'y = Pad <a = [1, 2]> (x)', 'y = Pad <a = [1, 2, 3]> (x)', false],
    ['with one list of numbers', 'y = Pad <a = [0.5]> (x)', 'y = Pad <a = [0.5]> (x)', true],
    [
      'with zeros of two signs in lists',
      'y = Pad <a = [0.0]> (x)',
      'y = Pad <a = [-0.0]> (x)',
      false,
    ],
    ['with one tensor', 'y = Add <a = float[1] {2}> (x)', 'y = Add <a = float[1] {2}> (x)', true],
    ['with two tensors', 'y = Add <a = float[1] {2}> (x)', 'y = Add <a = float[1] {3}> (x)', false],
    [
      'with tensors of two types',
      'y = Add <a = int32[1] {2}> (x)',
      'y = Add <a = uint32[1] {2}> (x)',
      false,
    ],
    [
      'with tensors of two shapes',
      'y = Add <a = float[1] {2}> (x)',
      'y = Add <a = float[1, 1] {2}> (x)',
      false,
    ],
    ['of one constant', 'y = Add (x, w)', 'y = Add (x, w)', true],
    ['of constants of one content', 'y = Add (x, w)', 'y = Add (x, v)', true],
    ['of two constants', 'y = Add (x, w)', 'y = Add (x, k)', false],
    [
      'of a constant that comes again',
      'a = Add (x, w) y = Add (a, k)',
      'a = Add (x, w) y = Add (a, w)',
      false,
    ],
    ['of a constant and an input', 'y = Add (x, w)', 'y = Add (x, u)', false],
  ])('%s', (_, first, second, same) => {
    expect(areSame(of(first), of(second))).toBe(same);
  });

  test('that hold graphs are not looked into', () => {
    const holds = () =>
      of(`c = Cast <to = 9> (x)
        y = If (c) <then_branch = t () => (p) { p = Exp (x) }, else_branch = e () => (q) { q = Neg (x) }>`);
    expect(areSame(holds(), holds())).toBe(false);
  });
});

describe('what goes in and comes out', () => {
  const body = 'a = Neg (x) b = Neg (u)';
  test.each<[string, string, string, boolean]>([
    ['the same', '(float[2] x, float[2] u) => (a, b)', '(float[2] x, float[2] u) => (a, b)', true],
    [
      'inputs in another order',
      '(float[2] x, float[2] u) => (a, b)',
      '(float[2] u, float[2] x) => (a, b)',
      false,
    ],
    [
      'an input more',
      '(float[2] x, float[2] u) => (a)',
      '(float[2] x, float[2] u, float[2] z) => (a)',
      false,
    ],
    [
      'an output more',
      '(float[2] x, float[2] u) => (a)',
      '(float[2] x, float[2] u) => (a, b)',
      false,
    ],
    [
      'outputs in another order',
      '(float[2] x, float[2] u) => (a, b)',
      '(float[2] x, float[2] u) => (b, a)',
      false,
    ],
  ])('%s', (_, first, second, same) => {
    expect(areSame(of(body, first), of(body, second))).toBe(same);
  });
});

describe('weights', () => {
  const bytes = (...numbers: number[]) =>
    ({ kind: 'bytes', bytes: Uint8Array.from(numbers) }) as const;
  const far = () =>
    ({ kind: 'external', location: 'w.bin', offset: 0, length: 4, files: undefined }) as const;
  const one = far();
  const tensor = (data: Tensor['data'], more: Partial<Tensor> = {}): Tensor => ({
    dtype: 'float32',
    dims: [1],
    data,
    ...more,
  });
  const shared = tensor(one);
  test.each<[string, Tensor, Tensor, boolean]>([
    ['that are one', shared, shared, true],
    ['that lie in one place', tensor(one), tensor(one), true],
    ['in one place, of two types', tensor(one), tensor(one, { dtype: 'int32' }), false],
    ['in one place, of two shapes', tensor(one), tensor(one, { dims: [1, 1] }), false],
    ['in two places are not read', tensor(far()), tensor(far()), false],
    ['of which one is in memory', tensor(far()), tensor(bytes(0, 0, 0, 0)), false],
    ['of the same bytes', tensor(bytes(1, 2, 3, 4)), tensor(bytes(1, 2, 3, 4)), true],
    ['of other bytes', tensor(bytes(1, 2, 3, 4)), tensor(bytes(1, 2, 3, 5)), false],
    [
      'of the same bytes and two types',
      tensor(bytes(1, 2, 3, 4)),
      tensor(bytes(1, 2, 3, 4), { dtype: 'int32' }),
      false,
    ],
    [
      'of the same bytes and two shapes',
      tensor(bytes(1, 2, 3, 4)),
      tensor(bytes(1, 2, 3, 4), { dims: [] }),
      false,
    ],
  ])('%s', (_, first, second, same) => {
    const models = [first, second].map((initializer) => {
      const model = of('y = Add (x, w)');
      named(model, 'w').initializer = initializer;
      return model;
    }) as [Model, Model];
    expect(areSame(...models)).toBe(same);
  });
});
