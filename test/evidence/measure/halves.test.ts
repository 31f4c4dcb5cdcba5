/** Both halves of a guidance pair in one tensor, and a batch that holds pairs. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { scheduleBindings } from '../../../src/evidence/measure/index.js';
import {
  conditionalHalf,
  rowsOfHalf,
  withEqualHalves,
  withHalfTwice,
} from '../../../src/evidence/measure/pairs.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';

const tensor = (data: number[], dims: number[]) =>
  new ort.Tensor('float32', Float32Array.from(data), dims) as never;
const numbers = (t: { data: unknown }) => [...(t.data as Float32Array)];

describe('one half in the place of both', () => {
  test('is the first or the second of the rows', () => {
    const rows = tensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const twice = (half: 0 | 1) => numbers(withHalfTwice(ort.Tensor as never, rows, half));
    expect(twice(0)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(twice(1)).toEqual([5, 6, 7, 8, 5, 6, 7, 8]);
    expect(numbers(rows)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([rowsOfHalf(4, 0), rowsOfHalf(4, 1)]).toEqual([
      [0, 1, 0, 1],
      [2, 3, 2, 3],
    ]);
  });

  test('in all inputs of even batches, where no latent is known', () => {
    const feeds = {
      x: tensor([1, 2, 3, 4], [4]),
      odd: tensor([1, 2, 3], [3]),
      c: tensor([5, 6], [2]),
      t: tensor([9], []),
    };
    for (const roles of [{}, { latent: 'gone' }]) {
      const equal = withEqualHalves(ort.Tensor as never, feeds, roles);
      expect(Object.fromEntries(Object.entries(equal).map(([k, t]) => [k, numbers(t)]))).toEqual({
        x: [1, 2, 1, 2],
        odd: [1, 2, 3],
        c: [5, 5],
        t: [9],
      });
    }
  });

  test('in none where the batch is odd', () => {
    const feeds = { x: tensor([1, 2, 3], [3]), c: tensor([5, 6], [2]) };
    expect(withEqualHalves(ort.Tensor as never, feeds, { latent: 'x' })).toEqual(feeds);
  });

  test('is the first where the conditional half comes first', () => {
    expect(conditionalHalf('cond-first')).toBe(0);
    expect(conditionalHalf('uncond-first')).toBe(1);
  });

  test('in all inputs that have the batch, and in no other', () => {
    const feeds = {
      x: tensor([1, 2], [2, 1]),
      c: tensor([3, 4], [2]),
      places: tensor([5, 6, 7, 8], [4]),
      t: tensor([9], []),
    };
    const equal = withEqualHalves(ort.Tensor as never, feeds, { latent: 'x' });
    expect(Object.fromEntries(Object.entries(equal).map(([k, t]) => [k, numbers(t)]))).toEqual({
      x: [1, 1],
      c: [3, 3],
      places: [5, 6, 7, 8],
      t: [9],
    });
  });
});

describe('the batch that is made up', () => {
  const schedule = (mode?: 'batch' | 'two-calls', batch = 1) =>
    ({
      source: {
        inputs: [
          { name: 'x', type: 'float32', shape: ['batch', 'size'] },
          { name: 'y', type: 'float32', shape: ['other'] },
        ],
        roles: { latent: 'x' },
        ...(mode && { guidance: { order: 'cond-first', mode } }),
      },
      cost: { macs: { bindings: { batch, size: 7 } } },
    }) as unknown as Schedule;
  const sizes = (of: Schedule, given = {}) => Object.fromEntries(scheduleBindings(of, given));

  test('is even where it holds pairs, and nothing else changes', () => {
    expect(sizes(schedule('batch'))).toEqual({ batch: 2, size: 7, other: 1 });
    expect(sizes(schedule('batch', 3))).toEqual({ batch: 6, size: 7, other: 1 });
    expect(sizes(schedule('batch', 4))).toEqual({ batch: 4, size: 7, other: 1 });
    expect(sizes(schedule('two-calls'))).toEqual({ batch: 1, size: 7, other: 1 });
    expect(sizes(schedule())).toEqual({ batch: 1, size: 7, other: 1 });
  });

  test('is even once, though several inputs have it', () => {
    const inputs = ['x', 'y'].map((name) => ({ name, type: 'float32', shape: ['batch', 'size'] }));
    const { source, cost } = schedule('batch', 3);
    const of = { source: { ...source, inputs, roles: {} }, cost } as unknown as Schedule;
    expect(sizes(of)).toEqual({ batch: 6, size: 7 });
  });

  test('is what was asked for, even or not', () => {
    expect(sizes(schedule('batch'), { x: [3, 5] })).toEqual({ batch: 3, size: 5, other: 1 });
  });
});
