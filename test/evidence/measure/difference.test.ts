/** How far two tensors are apart, and the median that measurements report. */
import { Tensor } from 'onnxruntime-common';
import { describe, expect, test } from 'vitest';
import { compareOutputs } from '../../../src/evidence/measure/difference.js';
import { difference, median } from '../../../src/evidence/measure/index.js';
import { encodeFloat16 } from '../../../src/io/float16.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';

const floats = (values: number[], dims = [values.length]) =>
  new Tensor('float32', Float32Array.from(values), dims);
const FAR = {
  absolute: Number.POSITIVE_INFINITY,
  relative: Number.POSITIVE_INFINITY,
  identical: false,
};

describe('difference', () => {
  test('is relative to the largest magnitude of the reference', () => {
    expect(difference(floats([1, 2, -8]), floats([1, 3, -8]))).toEqual({
      absolute: 1,
      relative: 1 / 8,
      identical: false,
    });
    expect(difference(floats([8, 3, 1]), floats([-8, 3, 1]))).toMatchObject({ relative: 2 });
    expect(difference(floats([1, 3, 2]), floats([2, 8, 1])).relative).toBe(5 / 8);
    expect(difference(floats([0, 0]), floats([0, 0]))).toEqual({
      absolute: 0,
      relative: 0,
      identical: true,
    });
    // a reference of zeros is met or missed, with nothing in between
    expect(difference(floats([1e-9]), floats([0])).relative).toBe(Number.POSITIVE_INFINITY);
  });

  test('of what cannot be compared is infinite', () => {
    expect(difference(floats([1, 2]), floats([1, 2, 3]))).toEqual(FAR);
    expect(difference(floats([1, 2], [1, 2]), floats([1, 2], [2, 1]))).toEqual(FAR);
    expect(difference(floats([Number.NaN]), floats([1]))).toEqual(FAR);
    expect(difference(floats([1]), floats([Number.NaN]))).toEqual(FAR);
    const infinite = floats([Number.POSITIVE_INFINITY, 1]);
    expect(difference(infinite, floats([1, 1]))).toEqual(FAR);
    expect(difference(floats([1, 1]), infinite)).toEqual(FAR);
    expect(difference(infinite, infinite)).toEqual(FAR);
  });

  test('is none only where every bit agrees', () => {
    const zeros = difference(floats([0, 1]), floats([-0, 1]));
    expect(zeros).toEqual({ absolute: 0, relative: 0, identical: false });
    // beyond 2^53 two neighbours are one number
    const long = (value: bigint) => new Tensor('int64', BigInt64Array.of(value), [1]);
    expect(difference(long(2n ** 53n), long(2n ** 53n + 1n)).identical).toBe(false);
  });

  test('of types is infinite', () => {
    expect(difference(floats([1]), new Tensor('int32', Int32Array.of(1), [1]))).toEqual(FAR);
  });

  test('of strings is none or infinite', () => {
    const words = (...data: string[]) => new Tensor('string', data, [data.length]);
    expect(difference(words('a', 'b'), words('a', 'b')).identical).toBe(true);
    expect(difference(words('a', 'b'), words('a', 'c'))).toEqual(FAR);
    expect(difference(words('a', 'b'), words('c', 'b'))).toEqual(FAR);
  });

  test('knows half precision and 64-bit integers', () => {
    const half = (values: number[]) =>
      new Tensor('float16', encodeFloat16(Float32Array.from(values)) as never, [values.length]);
    expect(difference(half([1, 2]), half([1, 4]))).toMatchObject({ absolute: 2, relative: 0.5 });
    const long = (...values: bigint[]) =>
      new Tensor('int64', BigInt64Array.from(values), [values.length]);
    expect(difference(long(3n, 10n), long(5n, 10n))).toMatchObject({ absolute: 2, relative: 0.2 });
    const unsigned = (...values: bigint[]) =>
      new Tensor('uint64', BigUint64Array.from(values), [values.length]);
    expect(difference(unsigned(3n, 10n), unsigned(5n, 10n))).toEqual({
      absolute: 2,
      relative: 0.2,
      identical: false,
    });
    // bits of other types are no halves
    const short = (...values: number[]) =>
      new Tensor('uint16', Uint16Array.from(values), [values.length]);
    expect(difference(short(3, 10), short(5, 10))).toMatchObject({ absolute: 2, relative: 0.2 });
  });
});

test('of the outputs of a call the worst counts, of each number', () => {
  const schedule = { source: { outputs: [{ name: 'a' }, { name: 'b' }] } } as Schedule;
  const compare = (a: number[], b: number[]) =>
    compareOutputs(schedule, { a: floats(a), b: floats(b) }, { a: floats([1]), b: floats([100]) });
  expect(compare([1], [100])).toEqual({ absolute: 0, relative: 0, identical: true });
  expect(compare([1.5], [100])).toEqual({ absolute: 0.5, relative: 0.5, identical: false });
  expect(compare([1], [101])).toEqual({ absolute: 1, relative: 0.01, identical: false });
  expect(compare([1.5], [101])).toEqual({ absolute: 1, relative: 0.5, identical: false });
  expect(compare([Number.NaN], [100])).toEqual(FAR);
});

test.each([
  [[3], 3],
  [[3, 1], 2],
  [[10, 1, 3], 3],
  [[4, 1, 100, 2], 3],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});
