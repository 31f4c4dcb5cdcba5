/** The path search against every path that there is, on small graphs of random weights. */
import { describe, expect, test } from 'vitest';
import {
  bestPath,
  OBJECTIVES,
  type PathProblem,
} from '../../../../src/evidence/calibrate/full-calls/paths.js';
import { createRandom } from '../../../../src/runtime/samplers/index.js';

/** @param coarse few different weights, so that there are ties */
function randomProblem(
  seed: number,
  { steps, full, mostGap, history }: Omit<PathProblem, 'weight'>,
  coarse = false,
): PathProblem {
  const known = new Map<string, number>();
  const random = createRandom(seed);
  return {
    steps,
    full,
    mostGap,
    history,
    weight(gap, from, to) {
      const key = `${gap} ${from} ${to}`;
      if (!known.has(key)) known.set(key, coarse ? random.integer(3) : random.uniform());
      return known.get(key)!;
    },
  };
}

/** Every row of full steps from 0 on with edges that are not too long. */
function everyPath({ steps, full, mostGap }: PathProblem): number[][] {
  const grow = (path: number[]): number[][] =>
    path.length === full
      ? [path]
      : Array.from({ length: steps }, (_, step) => step)
          .filter((step) => step > path.at(-1)!)
          .flatMap((step) => grow([...path, step]));
  return grow([0]).filter((path) =>
    path.every((step, i) => (path[i + 1] ?? steps) - step <= mostGap),
  );
}

function weightsOf({ steps, history, weight }: PathProblem, path: readonly number[]): number[] {
  return path.map((step, i) =>
    weight(history && i > 0 ? step - path[i - 1]! : 1, step, path[i + 1] ?? steps),
  );
}

const measures = {
  sum: (weights: readonly number[]) => [weights.reduce((a, b) => a + b, 0)],
  minimax: (weights: readonly number[]) => [...weights].sort((a, b) => b - a),
};

/** Less, equal or more, from the first number that differs. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (Math.abs(value - b[i]!) > 1e-12) return value - b[i]!;
  return 0;
}

describe.each(OBJECTIVES)('%s', (objective) => {
  const shapes = [
    { steps: 7, full: 3, mostGap: 7 },
    { steps: 8, full: 4, mostGap: 3 },
    { steps: 9, full: 5, mostGap: 4 },
    { steps: 6, full: 1, mostGap: 6 },
    { steps: 5, full: 5, mostGap: 2 },
  ];
  test.each(
    shapes.flatMap((shape) =>
      [true, false].flatMap((history) =>
        [1, 2, 3].flatMap((seed) => [
          [{ ...shape, history }, seed, false] as const,
          [{ ...shape, history }, seed, true] as const,
        ]),
      ),
    ),
  )('%j, seed %i, ties %s', (shape, seed, coarse) => {
    const problem = randomProblem(seed, shape, coarse);
    const measure = measures[objective];
    const best = everyPath(problem)
      .map((path) => measure(weightsOf(problem, path)))
      .reduce((a, b) => (compare(b, a) < 0 ? b : a));
    const found = bestPath(problem, objective)!;
    expect(found).toHaveLength(shape.full);
    expect(found[0]).toBe(0);
    expect(everyPath(problem)).toContainEqual(found);
    expect(compare(measure(weightsOf(problem, found)), best)).toBe(0);
  });

  test('no path where edges would have to be too long', () => {
    const shape = { steps: 10, full: 2, mostGap: 4, history: false };
    expect(bestPath(randomProblem(1, shape), objective)).toBeUndefined();
  });
});

test('the second largest weight decides where the largest is the same', () => {
  const weights = new Map([
    ['0 3', 5],
    ['3 4', 1],
    ['3 5', 1],
    ['4 6', 4],
    ['5 6', 2],
  ]);
  const weight = (_: number, from: number, to: number) => weights.get(`${from} ${to}`) ?? 9;
  const problem = { steps: 6, full: 3, mostGap: 6, history: false, weight };
  expect(bestPath(problem, 'minimax')).toEqual([0, 3, 5]);
});
