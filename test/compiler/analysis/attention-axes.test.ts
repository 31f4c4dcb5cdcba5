/** What the axes of products are, beside sizes worked out by hand: equal letters where sizes must agree. */
import { describe, expect, it } from 'vitest';
import {
  arrangement,
  axesBehind,
  permutation,
  productAxes,
} from '../../../src/compiler/analysis/attention/axes.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelFor } from '../../helpers/halves.js';
import { named } from '../../helpers/text.js';

type Sizes = readonly number[];

function model(body: string, x: Sizes, other: Sizes = [1]) {
  const source = modelFor({ x: x.join(), inputs: `float[${other}] w, int64[r] fed`, body });
  return { node: named(source, 'y').producer!, shapes: inferShapes(source), source };
}

const FUSED = (attributes: string) => `y = com.microsoft.FusedMatMul <${attributes}> (x, w)`;
const EINSUM = (equation: string) => `y = Einsum <equation = "${equation}"> (x, w)`;

// all sizes are different, so that a letter and a size are one thing
describe('one letter for each size', () => {
  it.each<[string, string, Sizes, Sizes, Sizes]>([
    ['MatMul', 'y = MatMul (x, w)', [5, 7], [7, 11], [5, 11]],
    ['MatMul with leading axes', 'y = MatMul (x, w)', [2, 3, 5, 7], [2, 3, 7, 11], [2, 3, 5, 11]],
    [
      'MatMul of more axes on the left',
      'y = MatMul (x, w)',
      [2, 3, 5, 7],
      [3, 7, 11],
      [2, 3, 5, 11],
    ],
    ['MatMul of more axes on the right', 'y = MatMul (x, w)', [5, 7], [3, 7, 11], [3, 5, 11]],
    ['FusedMatMul', FUSED('alpha = 2.0'), [5, 7], [7, 11], [5, 11]],
    ['FusedMatMul, turned on the left', FUSED('transA = 1'), [2, 7, 5], [2, 7, 11], [2, 5, 11]],
    ['FusedMatMul, turned on the right', FUSED('transB = 1'), [2, 5, 7], [2, 11, 7], [2, 5, 11]],
    ['FusedMatMul, both turned', FUSED('transA = 1, transB = 1'), [7, 5], [11, 7], [5, 11]],
    ['Einsum', EINSUM('bhid,bhjd->bhij'), [2, 3, 5, 7], [2, 3, 11, 7], [2, 3, 5, 11]],
    ['Einsum with spaces', EINSUM('b i d, d j -> j b i'), [2, 5, 7], [7, 11], [11, 2, 5]],
    ['Einsum without an arrow, in order of letters', EINSUM('zi,ia'), [5, 7], [7, 11], [11, 5]],
  ])('%s', (_, body, x, w, y) => {
    const { node, shapes } = model(body, x, w);
    const axes = productAxes(node, shapes)!;
    const pairs = [
      ...axes.operands[0].map((letter, i) => [letter, x[i]] as const),
      ...axes.operands[1].map((letter, i) => [letter, w[i]] as const),
      ...axes.result.map((letter, i) => [letter, y[i]] as const),
    ];
    expect(axes.operands.map((letters) => letters.length)).toEqual([x.length, w.length]);
    expect(axes.result).toHaveLength(y.length);
    const distinct = new Set(pairs.map(([letter, size]) => `${letter} is ${size}`));
    expect(distinct.size).toBe(new Set(pairs.map(([letter]) => letter)).size);
    expect(distinct.size).toBe(new Set([...x, ...w, ...y]).size);
  });
});

it.each<[string, string, Sizes, Sizes]>([
  ['a vector on the left', 'y = MatMul (x, w)', [7], [7, 11]],
  ['a vector on the right', 'y = MatMul (x, w)', [5, 7], [7]],
  ['a sum', 'y = Add (x, w)', [5, 7], [5, 7]],
  ['FusedMatMul that turns its batch on the left', FUSED('transBatchA = 1'), [5, 2, 7], [2, 7, 11]],
  [
    'FusedMatMul that turns its batch on the right',
    FUSED('transBatchB = 1'),
    [2, 5, 7],
    [7, 2, 11],
  ],
  ['FusedMatMul of another domain', 'y = own.FusedMatMul (x, w)', [5, 7], [7, 11]],
  ['another operator of com.microsoft', 'y = com.microsoft.BiasGelu (x, w)', [5, 7], [5, 7]],
  ['Einsum of one operand', 'y = Einsum <equation = "ij->ji"> (x)', [5, 7], [1]],
  ['Einsum of three', 'y = Einsum <equation = "ij,jk,k->i"> (x, w, w)', [5, 7], [7, 11]],
  ['Einsum of unnamed axes', EINSUM('...ij,...jk->...ik'), [5, 7], [7, 11]],
  ['a diagonal on the left', EINSUM('iij,jk->ik'), [5, 5, 7], [7, 11]],
  ['a diagonal on the right', EINSUM('ij,jkk->ik'), [5, 7], [7, 11, 11]],
])('none for %s', (_, body, x, w) => {
  const { node, shapes } = model(body, x, w);
  expect(productAxes(node, shapes)).toBeUndefined();
});

it.each(['x', 'w'])('none where the rank of %s is not known', (name) => {
  const { source, node } = model('y = MatMul (x, w)', [5, 7], [7, 11]);
  named(source, name).type = { kind: 'tensor', elem: 'float32' };
  expect(productAxes(node, inferShapes(source))).toBeUndefined();
});

it('a Transpose without an order reverses', () => {
  expect(permutation(model('y = Transpose (x)', [2, 3, 5]).node, 3)).toEqual([2, 1, 0]);
  const given = model('y = Transpose <perm = [1, 0, 2]> (x)', [2, 3, 5]);
  expect(permutation(given.node, 3)).toEqual([1, 0, 2]);
});

it('an arrangement has all that is there, and nothing else', () => {
  expect(arrangement(['a', 'b', 'c'], ['c', 'a', 'b'])).toEqual([2, 0, 1]);
  expect(arrangement(['a', 'b'], ['a', 'c'])).toBeUndefined();
  expect(arrangement(['a', 'b', 'c'], ['a', 'b'])).toBeUndefined();
  expect(arrangement([], [])).toEqual([]);
});

/** Letters a, b, c and d before; what is new has none of them, and is written as `*`. */
describe('axes behind', () => {
  const to = (...sizes: Sizes) => `s = Constant <value_ints = [${sizes}]> ()  y = Reshape (x, s)`;
  it.each<[string, string, string]>([
    ['a Transpose', 'y = Transpose <perm = [0, 2, 3, 1]> (x)', 'acdb'],
    ['what changes no size', 'y = Relu (x)', 'abcd'],
    ['leading axes that are folded', to(6, 5, 7), '*cd'],
    ['an axis in front', to(1, 2, 3, 5, 7), '*abcd'],
    ['a leading axis that is taken apart', to(1, 2, 3, 5, 7), '*abcd'],
    ['all axes but the last', to(30, 7), '*d'],
    ['the last two folded', to(2, 3, 35), '***'],
    ['all folded', to(210), '*'],
  ])('%s', (_, body, expected) => {
    const { node, shapes, source } = model(body, [2, 3, 5, 7]);
    const axes = axesBehind([...'abcd'], node, named(source, 'x'), shapes)!;
    expect(axes.map((letter) => ('abcd'.includes(letter) ? letter : '*')).join('')).toBe(expected);
    expect(new Set(axes).size).toBe(axes.length);
  });

  it.each(['x', 'y'])('a node are not known where the shape of %s is not', (name) => {
    const { source, node } = model('y = Reshape (x, fed)', [2, 3]);
    if (name === 'x') {
      named(source, 'x').type = { kind: 'tensor', elem: 'float32' };
      named(source, 'y').type = { kind: 'tensor', elem: 'float32', shape: [2, 3] };
    }
    expect(axesBehind(['a', 'b'], node, named(source, 'x'), inferShapes(source))).toBeUndefined();
  });
});
