/** The loss against numbers worked out by hand, and the thresholds that it is held against. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { readThreshold } from '../../../src/compiler/pass/index.js';
import { relativeLoss } from '../../../src/evidence/calibrate/index.js';
import { encodeFloat16 } from '../../../src/io/float16.js';

const tensor = (...values: number[]) =>
  new ort.Tensor('float32', Float32Array.from(values), [values.length]) as never;

describe('loss', () => {
  test.each([
    ['equal outputs', [1, -2, 0], [1, -2, 0], 0],
    ['half as much', [2], [1], 1 / 2],
    ['the same the other way round', [1], [2], 1 / 2],
    ['negative numbers, by their size', [-2], [-1], 1 / 2],
    ['another sign: twice its size', [1], [-1], 2],
    ['the mean over elements', [2, 2, 4, -8], [1, 2, 3, -8], (1 / 2 + 1 / 4) / 4],
    ['nothing against something', [0], [3], 1],
    ['next to zero, by the small number below', [0], [1e-6], 1 / 2],
  ])('%s', (_, a, b, expected) => {
    expect(relativeLoss(tensor(...a), tensor(...b))).toBeCloseTo(expected, 5);
  });

  test('NaN passes no threshold', () => {
    expect(relativeLoss(tensor(1, 2), tensor(1, Number.NaN)) < 1e9).toBe(false);
  });

  test('half precision, as bit patterns', () => {
    const half = (...values: number[]) =>
      ({ type: 'float16', data: encodeFloat16(Float32Array.from(values)) }) as never;
    expect(relativeLoss(half(4, -2), half(3, -2))).toBeCloseTo(1 / 8, 3);
  });
});

describe('threshold', () => {
  test.each([
    ['D1', 0.025],
    ['D2', 0.05],
    ['D3', 0.075],
    ['D4', 0.1],
    ['D5', 0.125],
    ['D6', 0.15],
    ['d6', 0.15],
    ['0.05', 0.05],
    [0.3, 0.3],
  ])('%s', (value, expected) => {
    expect(readThreshold('toy', value)).toBe(expected);
  });

  test.each(['D0', 'D7', 'D', '', '0', '-1', 'NaN', 'Infinity', 'lots'])('%j is none', (value) => {
    expect(() => readThreshold('toy', value)).toThrow(
      expect.objectContaining({ code: 'PASS_OPTION', details: expect.anything() }),
    );
  });
});
