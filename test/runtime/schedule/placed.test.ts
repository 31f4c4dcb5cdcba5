/**
 * What was found for one loop, in others. The rule is held against what it promises, by places as fractions of the loop:
 * nothing less exact than the nearest step had, nothing lost on the way, and the share of full steps kept.
 */
import { describe, expect, test } from 'vitest';
import type { Placed } from '../../../src/generated/schedule.js';
import { choicesOf } from '../../../src/runtime/schedule/index.js';

/** 0 full; 1 and 2 ask for different things; 3 is less than 1 alone, 4 less than all. */
const COVERS = [[0, 1, 2, 3, 4], [1, 3, 4], [2, 4], [3, 4], [4]];
const ORDER = [4, 3, 2, 1, 0];
const placed = (base: readonly number[], timesteps?: readonly number[]): Placed => ({
  kind: 'placed',
  base: [...base],
  covers: COVERS,
  order: ORDER,
  ...(timesteps && { timesteps: [...timesteps] }),
});
const covers = (own: number, other: number) => COVERS[own]!.includes(other);
const isFull = (choice: number) => choice === 0;

let state = 7;
const below = (end: number): number => {
  state = (state * 16_807) % 2_147_483_647;
  return state % end;
};
const found = (steps: number) => [0, ...Array.from({ length: steps - 1 }, () => below(5))];
/** Eight of twenty, each with others between: the dearest to place by both sides. */
const ALONE = [0, 4, 0, 4, 4, 0, 4, 4, 0, 4, 0, 4, 4, 0, 4, 4, 0, 4, 0, 4];
const BASES = [ALONE, [0], [0, 4], ...[2, 3, 5, 8, 20, 25, 50].map(found)];

/** The searched steps at the least distance from a place, within rounding. */
function nearestTo(at: number, places: readonly number[]): number[] {
  const distances = places.map((place) => Math.abs(place - at));
  const least = Math.min(...distances);
  return [...places.keys()].filter((j) => distances[j]! < least + 1e-9);
}

const inLoop = (steps: number) =>
  Array.from({ length: steps }, (_, i) => (steps === 1 ? 0 : i / (steps - 1)));

/** What is promised of each step, in places of which both loops have some. */
function holds(
  base: readonly number[],
  searched: readonly number[],
  own: readonly number[],
  choices: readonly number[],
) {
  expect(choices).toHaveLength(own.length);
  const near = own.map((at) => nearestTo(at, searched));
  near.forEach((places, i) => {
    for (const j of places) expect(covers(choices[i]!, base[j]!), `step ${i} for ${j}`).toBe(true);
  });
  base.forEach((choice, j) => {
    if (near.some((places) => places.includes(j))) return;
    const behind = near.findIndex((places) => places[0]! > j);
    expect(covers(choices.at(behind)!, choice), `passed over: ${j}`).toBe(true);
  });
}

describe.each(BASES.map((base) => [base.join(''), base] as const))('%s', (_, base) => {
  const rule = placed(base);

  test('comes back in its own loop', () => {
    expect(choicesOf(rule, { steps: base.length, start: 0 })).toEqual(base);
  });

  test('every loop is as exact as what is nearest, and loses nothing', () => {
    for (let steps = 2; steps <= 60; steps++) {
      const choices = choicesOf(rule, { steps, start: 0 });
      // where one step was searched, all lie on it
      holds(
        base,
        inLoop(base.length),
        base.length === 1 ? choices.map(() => 0) : inLoop(steps),
        choices,
      );
    }
  });

  test('from a later step on, the first is full and the others are what they are in the whole loop', () => {
    for (const steps of [1, 2, 7, 20, 30, 49])
      for (let start = 1; start < steps; start++) {
        const [first, ...others] = choicesOf(rule, { steps, start });
        expect(first).toBe(0);
        expect(others).toEqual(choicesOf(rule, { steps, start: 0 }).slice(start + 1));
      }
  });

  test.skipIf(base.length < 3)(
    'a longer loop keeps the share of full steps, up to one for each row of them',
    () => {
      // two that ask for different things are full together, where they are equally near
      const comparable = placed(base.map((choice) => (choice === 2 ? 1 : choice)));
      const full = base.filter(isFull).length;
      const rows = base.filter((choice, j) => isFull(choice) && !isFull(base[j - 1] ?? 4)).length;
      for (let steps = base.length + 1; steps <= 120; steps++) {
        const stretch = (steps - 1) / (base.length - 1);
        const share = choicesOf(comparable, { steps, start: 0 }).filter(isFull).length;
        expect(share).toBeLessThanOrEqual(full * stretch + rows);
        // the first and the last step have half a stretch each
        expect(share).toBeGreaterThanOrEqual((full - 1) * stretch - rows);
      }
    },
  );
});

test('8 of 20 that stand alone are 12 of 30, 16 of 40 and 20 of 50', () => {
  const full = (steps: number) =>
    choicesOf(placed(ALONE), { steps, start: 0 }).filter(isFull).length;
  expect([20, 30, 40, 50].map(full)).toEqual([8, 12, 16, 20]);
});

test('a loop of one step is full, unless there was nothing else', () => {
  expect(choicesOf(placed([0, 4]), { steps: 1, start: 0 })).toEqual([0]);
  expect(choicesOf(placed([4, 4]), { steps: 1, start: 0 })).toEqual([0]);
  expect(choicesOf(placed([4]), { steps: 1, start: 0 })).toEqual([4]);
});

describe('of two that are equally near', () => {
  // of five steps the second and the fourth lie between those of three
  test.each([
    ['the one that covers the other', [0, 3, 1], [0, 0, 3, 1, 1]],
    ['where neither does, the first in order that covers both', [0, 1, 2], [0, 0, 1, 0, 2]],
    ['their own where they are alike', [0, 3, 3], [0, 0, 3, 3, 3]],
  ])('%s', (_, base, wanted) => {
    expect(choicesOf(placed(base), { steps: 5, start: 0 })).toEqual(wanted);
  });

  test('their own before one that costs less', () => {
    // all are as exact as all
    const rule: Placed = { ...placed([0, 2, 1]), covers: [0, 1, 2, 3, 4].map(() => [...ORDER]) };
    expect(choicesOf(rule, { steps: 5, start: 0 })).toEqual([0, 2, 2, 2, 1]);
  });
});

describe('by timesteps', () => {
  const ranges = (): number[] => {
    const picked = new Set(Array.from({ length: 2 + below(40) }, () => below(1000)));
    return [...picked].sort((a, b) => b - a);
  };

  test('what is promised holds wherever steps lie', () => {
    for (let t = 0; t < 200; t++) {
      const [timesteps, own] = [ranges(), ranges()];
      const base = found(timesteps.length);
      const loop = { steps: own.length, start: 0, timesteps: own };
      const choices = choicesOf(placed(base, timesteps), loop);
      holds(base, timesteps, own, choices);
      expect(choices[0]).toBe(0);
      const written = { steps: timesteps.length, start: 0, timesteps };
      expect(choicesOf(placed(base, timesteps), written)).toEqual(base);
    }
  });

  test('by those that are known of both loops alone', () => {
    const rule = placed([0, 4, 3], [900, 500, 100]);
    const timesteps = [900, 890, 880, 870, 860];
    expect(choicesOf(rule, { steps: 5, start: 0 })).toEqual([0, 0, 4, 3, 3]);
    // the last has what comes behind it
    expect(choicesOf(rule, { steps: 5, start: 0, timesteps })).toEqual([0, 0, 0, 0, 0]);
    expect(choicesOf(placed([0, 4, 3]), { steps: 5, start: 0, timesteps })).toEqual([
      0, 0, 4, 3, 3,
    ]);
  });

  test('a loop that begins behind the first step begins in full', () => {
    const rule = placed([4, 4, 3], [900, 500, 100]);
    expect(choicesOf(rule, { steps: 2, start: 0, timesteps: [800, 100] })).toEqual([4, 3]);
    expect(choicesOf(rule, { steps: 2, start: 0, timesteps: [500, 100] })).toEqual([0, 3]);
    expect(choicesOf(rule, { steps: 2, start: 0, timesteps: [700, 100] })).toEqual([0, 3]);
  });
});
