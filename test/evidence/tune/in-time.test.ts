/** Loops made to take the time that was asked for, on clocks that are written here. */
import { expect, test } from 'vitest';
import type { Candidate } from '../../../src/evidence/tune/candidate.js';
import { asTheyAre, inTime, type TimeLoops } from '../../../src/evidence/tune/in-time.js';
import type { Setting } from '../../../src/evidence/tune/setting.js';

const STEPS = 40;

/** Of whole steps, each of which costs one. */
function candidate(family: string, steps: number): Candidate {
  return {
    setting: { family, passes: [], sampler: { name: 'ddim', steps, tag: family } },
    cost: steps,
    at: (budget) => (budget >= 1 ? candidate(family, Math.floor(budget)) : undefined),
  };
}

const stepsOf = ({ sampler }: Setting) => Number(sampler['steps']);
const loop = candidate('the loop as it is', STEPS);

/** A step takes what its family says: a clock that no cost knows of. */
const clock =
  (perStep: Readonly<Record<string, number>>, asked: string[] = []): TimeLoops =>
  async (settings) =>
    settings.map((setting) => {
      asked.push(`${setting.family} ${stepsOf(setting)}`);
      const milliseconds = stepsOf(setting) * (perStep[setting.family] ?? 1);
      return { milliseconds, least: milliseconds, most: milliseconds, rounds: 1 };
    });

const chosen = candidate('forecast', 20);
const rival = candidate('fewer steps', 20);
const shares = ({ times }: { readonly times: readonly { readonly least: number }[] }) =>
  times.map(({ least }) => least / STEPS);

test('what is too slow is taken at a smaller cost', async () => {
  const found = await inTime(clock({ forecast: 1.25 }), loop, chosen, rival, 0.5);
  expect(stepsOf(found.chosen.setting)).toBe(16);
  expect(shares(found)[1]).toBe(0.5);
});

test('what is too quick is taken at a larger one', async () => {
  const found = await inTime(clock({ forecast: 0.8 }), loop, chosen, rival, 0.5);
  expect(stepsOf(found.chosen.setting)).toBe(25);
  expect(shares(found)[1]).toBe(0.5);
});

test('the rival takes as long as the chosen one, whichever of them was wrong about itself', async () => {
  for (const [perStep, steps] of [
    [{ 'fewer steps': 1.25 }, 16],
    [{ 'fewer steps': 0.8 }, 25],
  ] as const) {
    const found = await inTime(clock(perStep), loop, chosen, rival, 0.5);
    expect(stepsOf(found.rival!.setting)).toBe(steps);
    expect(shares(found)).toEqual([1, 0.5, 0.5]);
  }
});

test('where no time was asked for, the rival still takes as long as the chosen one, which stays', async () => {
  const found = await inTime(clock({ 'fewer steps': 1.25 }), loop, chosen, rival, undefined);
  expect(stepsOf(found.chosen.setting)).toBe(20);
  expect(stepsOf(found.rival!.setting)).toBe(16);
});

test('a clock that says something else each time ends, within the time that was asked for', async () => {
  let turn = 0;
  const asked: string[] = [];
  const unsteady: TimeLoops = (settings) =>
    clock({ forecast: turn++ % 2 === 0 ? 1.6 : 0.7 }, asked)(settings);
  const found = await inTime(unsteady, loop, chosen, rival, 0.5);
  expect(asked.length).toBeLessThanOrEqual(3 * 5);
  expect(shares(found)[1]).toBeLessThanOrEqual(0.5 * 1.03);
});

test('fewer steps stand beside themselves', async () => {
  const found = await inTime(clock({ 'fewer steps': 1.25 }), loop, rival, rival, 0.5);
  expect(stepsOf(found.chosen.setting)).toBe(16);
  expect(found.rival).toBe(found.chosen);
  expect(found.times).toHaveLength(2);
});

test('where the clock is not to count, nothing is moved', async () => {
  const asked: string[] = [];
  const found = await asTheyAre(clock({ forecast: 1.6 }, asked), loop, chosen, rival);
  expect(asked).toEqual(['the loop as it is 40', 'forecast 20', 'fewer steps 20']);
  expect(shares(found)).toEqual([1, 0.8, 0.5]);
});
