/** Weights of forecasts, against polynomials and against the papers' formulas written out for few values. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forecastWeights } from '../../../src/runtime/schedule/index.js';

const sum = (weights: readonly number[], values: readonly number[]) =>
  weights.reduce((total, weight, i) => total + weight * (values[i] ?? Number.NaN), 0);

/** Different steps, the last first, and one beyond them. */
const anyPositions = (most: number) =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: most })
    .map((steps) => [...steps].sort((a, b) => b - a))
    .chain((steps) =>
      fc.tuple(fc.constant(steps), fc.integer({ min: steps[0]! + 1, max: steps[0]! + 9 })),
    );

describe('lagrange', () => {
  test('is exact on polynomials of its order, at whatever distances', () => {
    fc.assert(
      fc.property(
        anyPositions(4),
        fc.integer({ min: 0, max: 3 }),
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 4, maxLength: 4 }),
        ([steps, at], order, coefficients) => {
          const degree = Math.min(order, steps.length - 1);
          const f = (x: number) =>
            coefficients.slice(0, degree + 1).reduce((y, c, n) => y + c * (x / 10) ** n, 0);
          const weights = forecastWeights({ order, basis: 'lagrange' }, steps, at, 70);
          expect(weights).toHaveLength(order + 1);
          const values = Array.from({ length: order + 1 }, (_, i) => f(steps[i] ?? 0));
          const scale = weights.reduce((m, w) => m + Math.abs(w), 1) * 1000;
          expect(Math.abs(sum(weights, values) - f(at))).toBeLessThan(1e-9 * scale);
        },
      ),
    );
  });

  test('through two values is TaylorSeer of the first order: (1 + k/g) F1 - (k/g) F2', () => {
    const [last, before] = forecastWeights({ order: 1, basis: 'lagrange' }, [9, 6], 11, 50);
    expect(last).toBeCloseTo(1 + 2 / 3, 12);
    expect(before).toBeCloseTo(-2 / 3, 12);
  });

  test('goes by fewer values where there are no more', () => {
    expect(forecastWeights({ order: 2, basis: 'lagrange' }, [4], 6, 50)).toEqual([1, 0, 0]);
    expect(forecastWeights({ order: 2, basis: 'lagrange' }, [4, 2], 6, 50)).toEqual([2, -1, 0]);
    // and by no more than the order asks for
    expect(forecastWeights({ order: 1, basis: 'lagrange' }, [4, 2, 1], 6, 50)).toEqual([2, -1]);
    expect(forecastWeights({ order: 0, basis: 'lagrange' }, [4, 2, 1], 6, 50)).toEqual([1]);
  });
});

describe('hermite', () => {
  // F + d1 s H1(s k) + d2 / 2 s^2 H2(s k), with H1(x) = 2 x, H2(x) = 4 x^2 - 2 and s = 1/2
  test('is the sum of HiCache, written out', () => {
    const [g, h, k] = [3, 2, 2];
    const [f1, f2, f3] = [5, 3, 4];
    const d1 = (f1 - f2) / g;
    const before = (f2 - f3) / h;
    const d2 = (d1 - before) / g;
    const x = k / 2;
    const expected = f1 + d1 * 0.5 * (2 * x) + (d2 / 2) * 0.25 * (4 * x * x - 2);
    const weights = forecastWeights({ order: 2, basis: 'hermite' }, [20, 17, 15], 22, 50);
    expect(sum(weights, [f1, f2, f3])).toBeCloseTo(expected, 12);
  });

  // a port with the sign of k turned round passes every test on pictures
  test('goes on in the direction of a series', () => {
    const weights = forecastWeights({ order: 1, basis: 'hermite' }, [10, 8], 13, 50);
    // 2 s^2 k d1 = k d1 / 2: half of the slope
    expect(sum(weights, [10, 8])).toBeCloseTo(10 + 3 / 2, 12);
  });

  test('leaves a constant as it is', () => {
    fc.assert(
      fc.property(anyPositions(4), fc.integer({ min: 0, max: 3 }), ([steps, at], order) => {
        const weights = forecastWeights({ order, basis: 'hermite' }, steps, at, 70);
        expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('chebyshev', () => {
  // ridge regression asks for the coefficients c that make |X c - y|^2 + 0.1 |c|^2 least
  test('is where no other coefficients fit better', () => {
    const [steps, at, length, order] = [[20, 17, 15, 10], 22, 50, 3];
    const basis = (step: number) => {
      const angle = Math.acos((2 * step) / length - 1);
      return Array.from({ length: 5 }, (_, n) => Math.cos(n * angle));
    };
    const values = [1.5, -0.5, 0.25, 2];
    const rows = steps.map(basis);
    const loss = (c: readonly number[]) =>
      rows.reduce((s, row, i) => s + (sum(row, c) - values[i]!) ** 2, 0) +
      0.1 * c.reduce((s, x) => s + x * x, 0);
    // plain descent on the definition
    let c = [0, 0, 0, 0, 0];
    for (let i = 0; i < 200_000; i++) {
      const residuals = rows.map((row, r) => sum(row, c) - values[r]!);
      c = c.map(
        (x, n) => x - 0.02 * (rows.reduce((s, row, r) => s + row[n]! * residuals[r]!, 0) + 0.1 * x),
      );
    }
    expect(loss(c)).toBeLessThan(loss([1, 0, 0, 0, 0]));
    const weights = forecastWeights({ order, basis: 'chebyshev' }, steps, at, length);
    expect(sum(weights, values)).toBeCloseTo(sum(basis(at), c), 8);
  });
});
