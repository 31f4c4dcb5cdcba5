/** The distance of bench/quality against SciPy's matrix square root, and where it has a closed form. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { frechetDistance, type Moments, moments } from '../../bench/quality/frechet.mjs';

const { cases } = JSON.parse(fs.readFileSync('test/bench/frechet.json', 'utf8')) as {
  cases: readonly { a: Moments; b: Moments; distance: number }[];
};

test.each(cases)('SciPy, case %#', ({ a, b, distance }) => {
  expect(frechetDistance(a, b) / distance).toBeCloseTo(1, 6);
  expect(frechetDistance(b, a) / distance).toBeCloseTo(1, 6);
});

test('of independent features it is that of their means and deviations', () => {
  const normal = (mean: number[], deviations: number[]): Moments => ({
    mean,
    covariance: deviations.map((d, i) => deviations.map((_, j) => (i === j ? d * d : 0))),
  });
  // |m1 - m2|^2 + |s1 - s2|^2
  const [a, b] = [normal([1, 2, 3], [1, 2, 0]), normal([1, 0, 4], [3, 2, 1])];
  expect(frechetDistance(a, b)).toBeCloseTo(4 + 1 + 4 + 0 + 1, 6);
  expect(frechetDistance(a, a)).toBeCloseTo(0, 6);
});

test('moments are those of the textbook', () => {
  const { mean, covariance } = moments([
    [1, 2],
    [3, 6],
    [5, 1],
  ]);
  expect(mean).toEqual([3, 3]);
  expect(covariance).toEqual([
    [4, -1],
    [-1, 7],
  ]);
});
