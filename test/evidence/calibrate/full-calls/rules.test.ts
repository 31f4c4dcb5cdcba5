/** Published rules against what their texts say, worked out step by step. */
import { describe, expect, test } from 'vitest';
import {
  magCache,
  planOfSize,
  smoothCache,
} from '../../../../src/evidence/calibrate/full-calls/rules.js';
import { createRandom } from '../../../../src/runtime/samplers/index.js';

const random = createRandom(5);
const STEPS = 30;
const RATIOS = Array.from({ length: STEPS }, () => 0.9 + 0.15 * random.uniform());
const SERIES = Array.from({ length: STEPS }, (_, t) =>
  Array.from({ length: 4 }, (_, i) => Math.sin(0.1 * t * (i + 1)) + 2 + 0.02 * random.normal()),
);

/** MagCache: go on without the model while what has added up stays below, at most so many in a row. */
function plainMagCache(threshold: number, most: number, warmup: number): number[] {
  const full: number[] = [];
  let [error, product, row] = [0, 1, 0];
  for (let t = 0; t < STEPS; t++) {
    product *= RATIOS[t]!;
    error += Math.abs(1 - product);
    row++;
    if (t >= warmup && t > 0 && error <= threshold && row <= most) continue;
    full.push(t);
    [error, product, row] = [0, 1, 0];
  }
  return full;
}

function relativeL1(a: readonly number[], b: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((x, y) => x + y, 0) / list.length;
  return mean(a.map((v, i) => Math.abs(v - b[i]!))) / mean(b.map(Math.abs));
}

/** SmoothCache: behind a full step, the longest row of at most three whose end is near enough. */
function plainSmoothCache(threshold: number): number[] {
  const full: number[] = [];
  for (let t = 0; t < STEPS; ) {
    full.push(t);
    let next = t + 1;
    for (const k of [3, 2, 1])
      if (t + k < STEPS && relativeL1(SERIES[t + k]!, SERIES[t]!) <= threshold) {
        next = t + k + 1;
        break;
      }
    t = next;
  }
  return full;
}

const smooth = smoothCache(STEPS, (step, before) => relativeL1(SERIES[step]!, SERIES[before]!));

describe('plans at a threshold', () => {
  test.each([0, 0.02, 0.06, 0.2, 1])('MagCache at %d', (threshold) => {
    for (const [most, warmup] of [
      [3, 6],
      [5, 1],
    ] as const)
      expect(magCache(RATIOS).plan(threshold, most, warmup)).toEqual(
        plainMagCache(threshold, most, warmup),
      );
  });

  test.each([0, 0.02, 0.05, 0.08, 0.18, 1])('SmoothCache at %d', (threshold) => {
    expect(smooth.plan(threshold, 3, 1)).toEqual(plainSmoothCache(threshold));
  });
});

describe('plans of a size', () => {
  const sizes = [1, 2, 3, 5, 8, 12, 17, 22, 29, 30];
  test.each(sizes)('%i full steps', (count) => {
    for (const [rule, warms] of [
      [magCache(RATIOS), true],
      [smooth, false],
    ] as const) {
      const { full } = planOfSize(rule, STEPS, count, warms);
      expect(full).toHaveLength(count);
      expect(full[0]).toBe(0);
      expect(full).toEqual([...new Set(full)].sort((a, b) => a - b));
      expect(full.at(-1)!).toBeLessThan(STEPS);
    }
  });

  test('the published numbers stay where they allow it', () => {
    const { full, mostInRow, warmup, threshold } = planOfSize(magCache(RATIOS), STEPS, 16, true);
    expect([mostInRow, warmup]).toEqual([3, 6]);
    expect(full).toEqual(plainMagCache(threshold, 3, 6));
  });

  test('no smaller threshold gives the plan', () => {
    const { threshold } = planOfSize(magCache(RATIOS), STEPS, 16, true);
    expect(plainMagCache(threshold - 1e-9, 3, 6).length).toBeGreaterThan(16);
  });
});
