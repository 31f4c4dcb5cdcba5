/** Small constants, made and read, against bytes written down by hand. */
import { describe, expect, test } from 'vitest';
import { isDeterministic } from '../../../src/compiler/canonicalize/deterministic.js';
import {
  integerTensor,
  isAtHand,
  uniformConstant,
  uniformElement,
} from '../../../src/compiler/canonicalize/tensors.js';
import {
  elementCount,
  float32Tensor,
  int64Tensor,
  type Tensor,
  type TensorData,
} from '../../../src/model/ir/tensor.js';
import type { DataType } from '../../../src/model/ir/types.js';
import { modelOf, named } from '../../helpers/text.js';

describe('whole numbers in little-endian bytes', () => {
  test.each<[DataType, bigint[], number[]]>([
    ['int64', [-2n, 258n], [254, 255, 255, 255, 255, 255, 255, 255, 2, 1, 0, 0, 0, 0, 0, 0]],
    ['int32', [-2n, 66051n], [254, 255, 255, 255, 3, 2, 1, 0]],
    ['uint32', [4294967295n, 66051n], [255, 255, 255, 255, 3, 2, 1, 0]],
    ['int16', [-2n, 258n, 7n], [254, 255, 2, 1, 7, 0]],
    ['uint16', [65535n, 258n], [255, 255, 2, 1]],
    ['int8', [-2n, 7n], [254, 7]],
    ['uint8', [254n, 7n], [254, 7]],
    ['bool', [1n, 0n], [1, 0]],
  ])('%s', (dtype, values, bytes) => {
    const dims = [values.length, 1];
    const tensor = { dtype, dims, data: { kind: 'bytes', bytes: Uint8Array.from(bytes) } };
    expect(integerTensor(dtype, values, dims)).toEqual(tensor);
  });

  test.each<DataType>(['uint64', 'float64', 'string', 'int4', 'uint4', 'int2', 'unknown:99'])(
    'not as %s',
    (dtype) => {
      expect(integerTensor(dtype, [1n, 1n, 1n], [3])).toBeUndefined();
    },
  );
});

test.each<[TensorData['kind'], Partial<TensorData>, boolean]>([
  ['bytes', { bytes: new Uint8Array(4) }, true],
  ['range', {}, true],
  ['typed', { field: 'floatData', values: [1] }, true],
  ['external', {}, false],
  ['strings', { values: [] }, false],
  ['none', {}, false],
])('%s are at hand or not', (kind, data, is) => {
  const tensor = { dtype: 'float32', dims: [1], data: { kind, ...data } } as Tensor;
  expect(isAtHand(tensor)).toBe(is);
  if (!is) expect(uniformElement(tensor)).toBeUndefined();
});

describe('the one number that all are', () => {
  const bytes = (dtype: DataType, dims: number[], ...numbers: number[]): Tensor => ({
    dtype,
    dims,
    data: { kind: 'bytes', bytes: Uint8Array.from(numbers) },
  });
  const many = (count: number, last = 3) =>
    float32Tensor([...new Array<number>(count - 1).fill(3), last]);

  test.each<[string, Tensor, number | undefined]>([
    ['one', float32Tensor([2.5], []), 2.5],
    ['several', many(7), 3],
    ['of which the last differs', many(7, 4), undefined],
    ['of which the first differs', float32Tensor([1, 2, 2]), undefined],
    ['no number', float32Tensor([Number.NaN, Number.NaN]), Number.NaN],
    ['negative zeros', float32Tensor([-0, -0]), -0],
    ['zeros of both signs', float32Tensor([0, -0]), undefined],
    ['none at all', float32Tensor([]), undefined],
    ['none, on one of two axes', float32Tensor([], [3, 0]), undefined],
    ['as many as are searched', many(4096), 3],
    ['more than are searched', many(4097), undefined],
    ['64 bits', int64Tensor([-5, -5]), -5],
    ['Booleans', bytes('bool', [2], 1, 1), 1],
    ['numbers of half a byte', bytes('int4', [2], 0x11), undefined],
  ])('%s', (_, tensor, number) => {
    expect(elementCount(tensor.dims)).toBeLessThan(5000);
    expect(uniformElement(tensor)).toBe(number);
  });

  test('of what is fed, computed or left out there is none', () => {
    const model = modelOf(`g (float x, float d) => (float y) <float d = {1}, float w = {1}> {
      a = Add (w, d)
      y = Add (a, x)
    }`);
    for (const name of ['x', 'd', 'a', 'y'])
      expect(uniformConstant(named(model, name))).toBeUndefined();
    expect(uniformConstant(named(model, 'w'))).toBe(1);
    expect([uniformConstant(null), uniformConstant(undefined)]).toEqual([undefined, undefined]);
  });
});

test.each([
  ['Exp (x)', true],
  ['Sum (x, x, on)', true],
  ['own.Exp (x)', false],
  ['RandomNormal <shape = [2]> ()', false],
  ['RandomNormalLike (x)', false],
  ['RandomUniform <shape = [2]> ()', false],
  ['RandomUniformLike (x)', false],
  ['Bernoulli (x)', false],
  ['Multinomial (x)', false],
  ['own.Bernoulli (x)', false],
  ['Dropout (x)', true],
  ['Dropout (x, half)', true],
  ['Dropout (x, half, off)', true],
  ['Dropout (x, half, on)', false],
  ['Dropout (x, half, fed)', false],
  [
    'If (fed) <then_branch = t () => (a) { a = Exp (x) }, else_branch = e () => (b) { b = Neg (x) }>',
    false,
  ],
])('%s gives the same each time: %s', (text, is) => {
  const model = modelOf(`g (float[2] x, bool fed) => (float[2] y)
    <float half = {0.5}, bool on = {1}, bool off = {0}> { y = ${text} }`);
  expect(isDeterministic(named(model, 'y').producer!)).toBe(is);
});
