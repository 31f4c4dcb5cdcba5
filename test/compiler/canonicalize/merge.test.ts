/** Which nodes are taken for the same, and which constants: by what the operator's definition says they make. */
import { describe, expect, test } from 'vitest';
import { applyRewrite } from '../../../src/compiler/canonicalize/apply.js';
import { mergeConstants, repeatedNodes } from '../../../src/compiler/canonicalize/merge.js';
import type { Model } from '../../../src/model/ir/model.js';
import { removeDeadNodes } from '../../../src/model/ir/prune.js';
import { float32Tensor, type Tensor } from '../../../src/model/ir/tensor.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

/** What is left of the nodes, by the names of what they make. */
function merged(model: Model): string[] {
  for (const rewrite of repeatedNodes(model.graph)) applyRewrite(model, rewrite);
  removeDeadNodes(model.graph);
  expect(findViolations(model.graph)).toEqual([]);
  return namesOf(model.graph.nodes);
}

const list = (count: number, last = 0) => `{${[...new Array<number>(count - 1).fill(0), last]}}`;

describe('two nodes', () => {
  test.each<[string, string, string, boolean]>([
    ['without attributes', 'Exp (x)', 'Exp (x)', true],
    ['of two operators', 'Exp (x)', 'Neg (x)', false],
    ['of two inputs', 'Exp (x)', 'Exp (z)', false],
    ['of inputs in another order', 'Sub (x, z)', 'Sub (z, x)', false],
    ['of one input, and of it twice', 'Sum (x)', 'Sum (x, x)', false],
    ['of which one leaves out an input', 'Clip (x, z)', 'Clip (x, , z)', false],
    ['which both leave out an input', 'Clip (x, , z)', 'Clip (x, , z)', true],
    ['of one whole number', 'Cast <to = 1> (x)', 'Cast <to = 1> (x)', true],
    ['of two whole numbers', 'Cast <to = 1> (x)', 'Cast <to = 11> (x)', false],
    ['of a default that is said', 'Softmax <axis = -1> (x)', 'Softmax (x)', false],
    ['of lists in one order', 'Pad <pads = [1, 0]> (x)', 'Pad <pads = [1, 0]> (x)', true],
    ['of lists in two orders', 'Pad <pads = [1, 0]> (x)', 'Pad <pads = [0, 1]> (x)', false],
    ['of lists of other lengths', 'Pad <pads = [1, 0]> (x)', 'Pad <pads = [10]> (x)', false],
    ['of one text', 'Pad <mode = "edge"> (x)', 'Pad <mode = "edge"> (x)', true],
    ['of two texts', 'Pad <mode = "edge"> (x)', 'Pad <mode = "wrap"> (x)', false],
    ['of one number', 'Elu <alpha = 0.5> (x)', 'Elu <alpha = 0.5> (x)', true],
    ['of numbers of two signs', 'Elu <alpha = 0.5> (x)', 'Elu <alpha = -0.5> (x)', false],
    ['of zeros of two signs', 'Elu <alpha = 0.0> (x)', 'Elu <alpha = -0.0> (x)', false],
    ['of negative zeros', 'Elu <alpha = -0.0> (x)', 'Elu <alpha = -0.0> (x)', true],
    ['of a number whole and not', 'Elu <alpha: float = 1> (x)', 'Elu <alpha: int = 1> (x)', false],
    ['of numbers in a list', 'RNN <a = [0.5, 1.5]> (x)', 'RNN <a = [0.5, 1.5]> (x)', true],
    ['of numbers in another order', 'RNN <a = [0.5, 1.5]> (x)', 'RNN <a = [1.5, 0.5]> (x)', false],
    ['of zeros in a list', 'RNN <a = [0.0, 1.5]> (x)', 'RNN <a = [-0.0, 1.5]> (x)', false],
    ['of texts in a list', 'RNN <a = ["Elu", "Tanh"]> (x)', 'RNN <a = ["Elu", "Tanh"]> (x)', true],
    ['of texts run together', 'RNN <a = ["Elu", "Tanh"]> (x)', 'RNN <a = ["Elu,Tanh"]> (x)', false],
    ['of names in another order', 'Elu <a = 1.5, b = 2.5> (x)', 'Elu <b = 2.5, a = 1.5> (x)', true],
    [
      'of three names in another order',
      'Elu <c = 3, a = 1, b = 2> (x)',
      'Elu <b = 2, c = 3, a = 1> (x)',
      true,
    ],
    ['of values exchanged', 'Elu <a = 1.5, b = 2.5> (x)', 'Elu <a = 2.5, b = 1.5> (x)', false],
    ['of two names', 'Elu <a = 1.5> (x)', 'Elu <b = 1.5> (x)', false],
    ['of one tensor', 'Add <k = float[2] {1, 2}> (x)', 'Add <k = float[2] {1, 2}> (x)', true],
    ['of two tensors', 'Add <k = float[2] {1, 2}> (x)', 'Add <k = float[2] {2, 1}> (x)', false],
    ['of tensors of two types', 'Add <k = int32[1] {1}> (x)', 'Add <k = uint32[1] {1}> (x)', false],
    [
      'of tensors of two shapes',
      'Add <k = float[2, 1] {1, 2}> (x)',
      'Add <k = float[1, 2] {1, 2}> (x)',
      false,
    ],
    [
      'of tensors as large as are compared',
      `Add <k = float[64] ${list(64)}> (x)`,
      `Add <k = float[64] ${list(64)}> (x)`,
      true,
    ],
    [
      'of tensors larger than are compared',
      `Add <k = float[65] ${list(65)}> (x)`,
      `Add <k = float[65] ${list(65)}> (x)`,
      false,
    ],
    [
      'of large tensors that differ',
      `Add <k = float[65] ${list(65)}> (x)`,
      `Add <k = float[65] ${list(65, 1)}> (x)`,
      false,
    ],
    ['of lists of tensors', 'Add <k = [float[1] {1}]> (x)', 'Add <k = [float[1] {1}]> (x)', false],
    ["of a domain of one's own", 'own.Exp (x)', 'own.Exp (x)', false],
    ['that are constants', 'Constant <value_int = 1> ()', 'Constant <value_int = 1> ()', false],
    ['that draw', 'Bernoulli (x)', 'Bernoulli (x)', false],
    [
      'that hold a graph',
      'If (c) <then_branch = t () => (p) { p = Exp (x) }, else_branch = e () => (q) { q = Neg (x) }>',
      'If (c) <then_branch = t () => (r) { r = Neg (x) }, else_branch = e () => (s) { s = Exp (x) }>',
      false,
    ],
  ])('%s', (_, first, second, areOne) => {
    const model = modelOf(`g (float[2] x, float[2] z, bool c) => (float[2] y) {
      a = ${first}
      b = ${second}
      y = Sub (a, b)
    }`);
    expect(merged(model)).toEqual(areOne ? ['a', 'y'] : ['a', 'b', 'y']);
    const { inputs } = named(model, 'y').producer!;
    expect(namesOf(inputs.filter((v) => v !== null))).toEqual(['a', areOne ? 'a' : 'b']);
  });

  test.each<[string, string, string, string[]]>([
    ['of as many results', 'a, b', 'c, d', ['a']],
    ['of fewer results', 'a, b', 'c, d, e', ['a', 'c']],
    ['which leave out one result both', 'a, , b', 'c, , d', ['a']],
    ['which leave out two different ones', 'a, , b', 'c, d, ', ['a', 'c']],
  ])('%s', (_, first, second, left) => {
    const all = [...`${first}, ${second}`.matchAll(/\w/g)].join();
    const model = modelOf(`g (float[6] x) => (float[6] y) {
      ${first} = Split (x)
      ${second} = Split (x)
      y = Concat <axis = 0> (${all})
    }`);
    expect(merged(model)).toEqual([...left, 'y']);
  });
});

test('users of what is one are one, and so on; the first in order stays', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    b1 = Neg (x)
    b2 = Exp (b1)
    a1 = Neg (x)
    a2 = Exp (a1)
    y = Sub (a2, b2)
  }`);
  expect(merged(model)).toEqual(['b1', 'b2', 'y']);
});

test('what leaves the graph keeps its name, and is read by whoever read the other', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y, float[2] z) {
    a = Neg (x)
    y = Neg (x)
    z = Exp (y)
  }`);
  expect(merged(model)).toEqual(['y', 'z']);
  const twice = modelOf(`g (float[2] x) => (float[2] y, float[2] z) {
    y = Neg (x)
    z = Neg (x)
  }`);
  expect(merged(twice)).toEqual(['y', 'z']);
});

test('a repetition is told by the names of both', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    [one] a = Neg (x)
    [two] b = Neg (x)
    y = Sub (a, b)
  }`);
  const [rewrite] = repeatedNodes(model.graph);
  expect(rewrite).toMatchObject({
    rule: 'common-subexpression',
    node: { name: 'two' },
    why: 'it repeats "one"',
  });
});

describe('constants', () => {
  const make = (outputs = 'y') =>
    modelOf(`g (float[2] x) => (${outputs})
    <float[2] a = {1, 2}, float[2] b = {1, 2}, float[2] c = {2, 1}, float[2] d = {1, 2}> {
      p = Add (x, a)
      q = Mul (p, b)
      r = Sub (q, c)
      y = Div (r, d)
    }`);

  const left = (model: Model, isMade: (name: string) => boolean) => {
    mergeConstants(model.graph, (value) => isMade(value.name));
    expect(findViolations(model.graph)).toEqual([]);
    const second = [...model.graph.nodes].map(({ inputs }) => inputs[1]!.name);
    return { constants: namesOf(model.graph.initializers), read: second.join('') };
  };

  test.each<[string, (name: string) => boolean, string[], string]>([
    ['all made', () => true, ['a', 'c'], 'aaca'],
    ['none made', () => false, ['a', 'b', 'c', 'd'], 'abcd'],
    ['the first not made', (name) => name !== 'a', ['a', 'b', 'c'], 'abcb'],
    ['one made', (name) => name === 'b', ['a', 'b', 'c', 'd'], 'abcd'],
  ])('%s', (_, isMade, constants, read) => {
    expect(left(make(), isMade)).toEqual({ constants, read });
  });

  test('one that leaves the graph stays, beside the one that is read', () => {
    expect(left(make('y, b'), () => true)).toEqual({ constants: ['a', 'b', 'c'], read: 'aaca' });
  });

  const far: Tensor['data'] = {
    kind: 'external',
    location: 'w.bin',
    offset: 0,
    length: 8,
    files: undefined,
  };
  test.each<[string, Tensor]>([
    ['in a file of their own', { dtype: 'float32', dims: [2], data: far }],
    ['without data', { dtype: 'float32', dims: [2], data: { kind: 'none' } }],
    ['of more bytes than are compared', float32Tensor(new Array<number>(65).fill(1))],
  ])('%s stay', (_, tensor) => {
    const model = make();
    for (const name of ['a', 'b']) named(model, name).initializer = tensor;
    expect(left(model, () => true).read).toBe('abcd');
  });
});
