/** Which calls are full, against NumPy's evaluation of the paper's equation and its published lists. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { everyNth, nonUniformCalls } from '../../src/runtime/schedule/index.js';

type Case = [calls: number, interval: number, center: number, power: number, full: number[]];

const cases = JSON.parse(
  readFileSync(new URL('deepcache-schedules.json', import.meta.url), 'utf8'),
) as Case[];

describe('uniform schedules (equation 6)', () => {
  test.each([
    [10, 3, [0, 3, 6, 9]],
    [10, 5, [0, 5]],
    [11, 5, [0, 5, 10]],
    [4, 1, [0, 1, 2, 3]],
    [4, 9, [0]],
    [1, 1, [0]],
  ])('%i calls, interval %i', (calls, interval, full) => {
    expect(everyNth(calls, interval, {})).toEqual(full);
  });
});

describe('non-uniform schedules (equation 7)', () => {
  test('the lists that the published hyper-parameters give', () => {
    // a signed power, as one would read the equation, gives [0, 6, 11, 14, 15, 19, 24, 29, 35, 42]
    expect(nonUniformCalls(50, 5, 15, 1.4)).toEqual([0, 5, 9, 13, 17, 21, 26, 31, 37, 43]);
    expect(nonUniformCalls(250, 20, 120, 1.4)).toEqual([
      0, 22, 42, 61, 80, 98, 115, 131, 149, 168, 187, 207, 228,
    ]);
  });

  test.each(cases)(
    '%i calls, interval %i, center %i, power %f',
    (calls, interval, center, power, full) => {
      expect(nonUniformCalls(calls, interval, center, power)).toEqual(full);
    },
  );

  test('start with call 0 and have ceil(calls / interval) different calls', () => {
    for (const [calls, interval, , , full] of cases) {
      expect(full[0]).toBe(0);
      expect(new Set(full).size).toBe(Math.ceil(calls / interval));
      expect(Math.max(...full)).toBeLessThan(calls);
    }
  });
});
