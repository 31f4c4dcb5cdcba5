/**
 * Full steps that were found for one loop, in another. The rule is held against what it promises, by counting: the share, how
 * dense full steps lie, both ends; and against lists worked out by hand.
 */
import { describe, expect, test } from 'vitest';
import { referenceChoices } from '../../../src/evidence/measure/loops/choices.js';
import type { Placed } from '../../../src/generated/schedule.js';
import { checkSchedule, choicesOf } from '../../../src/runtime/schedule/index.js';
import { scheduleOf } from '../../conformance/cases.js';

const rule = (base: readonly number[]): Placed => ({
  kind: 'placed',
  base: [...base],
  apart: true,
  covers: [[0, 1], [1]],
  order: [1, 0],
});
/** A list with a letter a step: c is full, r is not. */
const list = (letters: string) => [...letters].map((letter) => (letter === 'c' ? 0 : 1));
const fullOf = (choices: readonly number[]) => [...choices.keys()].filter((i) => choices[i] === 0);
const whole = (base: readonly number[], steps: number) =>
  choicesOf(rule(base), { steps, start: 0 });
const fullIn = (base: readonly number[], steps: number) => fullOf(whole(base, steps));

/** Steps 0 2 5 8 11 14 17 18, as a search found them. */
const FOUND = list('crcrrcrrcrrcrrcrrccr');

let state = 11;
const below = (end: number): number => {
  state = (state * 16_807) % 2_147_483_647;
  return state % end;
};
const random = (steps: number, oneIn: number, last?: number) => [
  0,
  ...Array.from({ length: steps - 2 }, () => (below(oneIn) === 0 ? 0 : 1)),
  last ?? below(2),
];
const BASES = [
  FOUND,
  list('cr'),
  list('crc'),
  list('crrc'),
  list('ccr'),
  list('crrrrrrrrr'),
  list('crrrrrrrrrrrrrrrrrcc'),
  list('crrrrcrrrrcrrrrcrrrc'),
  ...[3, 5, 9, 20, 28, 50].flatMap((steps) => [
    random(steps, 2),
    random(steps, 4, 0),
    random(steps, 6, 1),
  ]),
];
const named = BASES.map(
  (base) => [base.map((choice) => (choice ? 'r' : 'c')).join(''), base] as const,
);

describe.each(named)('%s', (_, base) => {
  const full = fullOf(base);
  const [length, endsFull] = [base.length, full.length > 1 && base.at(-1) === 0];

  test('comes back in its own loop', () => {
    expect(whole(base, length)).toEqual(base);
  });

  test('keeps the share, to the nearest whole number, and its ends', () => {
    for (let steps = 1; steps <= 120; steps++) {
      const own = fullIn(base, steps);
      const share = Math.round((full.length * steps) / length);
      const ends = endsFull && steps > 1 ? 2 : 1;
      expect(own, `${steps} steps`).toHaveLength(Math.max(share, ends));
      expect(own[0]).toBe(0);
      if (endsFull) expect(own.at(-1)).toBe(steps - 1);
    }
  });

  test('is as `verify` works it out, from any step on', () => {
    for (let steps = 1; steps <= 70; steps++)
      for (let start = 0; start < steps; start += 1 + below(9)) {
        const loop = { steps, start };
        expect(choicesOf(rule(base), loop), `${steps} from ${start}`).toEqual(
          referenceChoices(rule(base), loop),
        );
      }
  });

  test('from a later step on, the first is full and the others are what they are in the whole loop', () => {
    for (const steps of [2, 7, 20, 30, 49])
      for (let start = 1; start < steps; start++) {
        const [first, ...others] = choicesOf(rule(base), { steps, start });
        expect(first).toBe(0);
        expect(others).toEqual(whole(base, steps).slice(start + 1));
      }
  });

  test('where timesteps are asked for too, they are not looked at', () => {
    const timesteps = Array.from({ length: 30 }, (__, i) => 1000 - (i * i) / 2);
    expect(choicesOf(rule(base), { steps: 30, start: 0, timesteps })).toEqual(whole(base, 30));
  });
});

/** Full steps of a list before a place in it, each counted evenly up to where the next one, or the end, is. */
const countedTo = (place: number, full: readonly number[], end: number) =>
  full.reduce((sum, from, f) => {
    const to = full[f + 1] ?? end;
    return sum + Math.min(1, Math.max(0, (place - from) / (to - from)));
  }, 0);

test('full steps are as dense as they were in each part of the loop', () => {
  for (const base of BASES.filter((own) => own.at(-1) !== 0))
    for (let steps = 2; steps <= 120; steps += 1 + below(4)) {
      const [full, own] = [fullOf(base), fullIn(base, steps)];
      for (let end = 0; end <= steps; end++) {
        const counted = countedTo((end * base.length) / steps, full, base.length);
        const wanted = (counted * own.length) / full.length;
        const found = own.filter((step) => step < end).length;
        expect(Math.abs(found - wanted), `${base.join('')} in ${steps}`).toBeLessThan(1.6);
      }
    }
});

test('what stands alone does not become a row', () => {
  for (const base of [
    FOUND.toSpliced(18, 1, 1),
    list('crrrrcrrrrcrrrrcrrrc'),
    list('crrcrrcrrcrrc'),
  ])
    for (let steps = 2; steps <= 200; steps++) {
      const own = fullIn(base, steps);
      if (steps > base.length)
        expect(own.every((step, k) => k === 0 || step - own[k - 1]! > 1)).toBe(true);
    }
});

describe('worked out by hand', () => {
  test.each([
    // by the script that measured it first, bench/placing.mjs
    ['longer by half', FOUND, 30, [0, 2, 5, 8, 11, 14, 17, 20, 23, 26, 27, 28]],
    ['twice as long', FOUND, 40, [0, 2, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 35, 36, 38]],
    // 4 of 10, every second of those found: 0 5 11 17, halved and halves up
    ['half as long', FOUND, 10, [0, 3, 6, 9]],
    // 16 of 40: those found, 0 1 2 3 4 8 12 16, doubled, and one halfway to each next
    [
      'with a row at the beginning',
      list('cccccrrrcrrrcrrrcrrr'),
      40,
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 28, 32, 36],
    ],
    // 4 of 20; the last is set aside, and the other three lie at thirds of 19: 0 6.33 12.67
    ['the last of which is full', list('crrrrrrrrc'), 20, [0, 6, 13, 19]],
    // the second table of docs/schedule.md
    ['which are moved on', list('crrrrccc'), 15, [0, 4, 9, 10, 11, 12, 13, 14]],
    ['the last of which stays full in a short loop', list('crrrrrrrrc'), 3, [0, 2]],
    ['one step alone', list('crrc'), 1, [0]],
  ])('%s', (_, base, steps, wanted) => {
    expect(fullIn(base, steps)).toEqual(wanted);
  });

  test('where two would fall on one step, the second takes the next; and room is left for those that follow', () => {
    // 15 of 100, the last set aside: 14 of 99 at sevenths of 0 18 | 19, which end at 92.6 93.2 … 98.3 (times 99 / 19)
    const own = fullIn(list('crrrrrrrrrrrrrrrrrcc'), 100);
    expect(own).toHaveLength(15);
    expect(own.slice(-8)).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
  });
});

test('half a full step is one', () => {
  // 1 of 2 in 3 is 1.5
  expect(fullIn(list('cr'), 3)).toEqual([0, 2]);
  // 2.5 of 5, of which none lies on another
  expect(fullIn(list('crcr'), 5)).toHaveLength(3);
});

describe('is refused', () => {
  test.each<[string, (rule: Placed, choices: string[][][]) => void]>([
    [
      'with a third choice',
      (when, choices) => {
        choices.push(choices[1]!);
        when.covers.push([2]);
        when.order.push(2);
      },
    ],
    [
      'where the first step is not full',
      (when) => {
        when.base[0] = 1;
      },
    ],
    [
      'beside timesteps',
      (when) => {
        when.timesteps = when.base.map((_, step) => 999 - step);
      },
    ],
  ])('%s', (_, change) => {
    const schedule = structuredClone(scheduleOf('apart'));
    expect(checkSchedule(schedule).errors).toEqual([]);
    const { when, choices } = schedule.loop!.rules![0]!;
    change(when as Placed, choices);
    expect(checkSchedule(schedule).errors.map(({ path }) => path)).toContain(
      '/loop/rules/0/when/apart',
    );
  });
});
