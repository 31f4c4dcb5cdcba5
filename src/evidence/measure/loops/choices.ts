/**
 * What a rule asks of each step of a loop, worked out anew for `verify` from docs/schedule.md: what reads schedules is checked by
 * this, and so nothing of it goes in here.
 */
import type { Rule } from '../../../runtime/schedule/index.js';

type When = Rule['when'];
type Counted = Exclude<When, { kind: 'placed' }>;
type Placed = Extract<When, { kind: 'placed' }>;

/** A loop by its steps, and the first of them that is taken. */
export interface LoopLength {
  readonly steps: number;
  readonly start: number;
  /** Of each step that is taken, falling, where choices shall be placed by them. */
  readonly timesteps?: readonly number[] | undefined;
}

/** The choice of each step that is taken. */
export function referenceChoices(when: When, loop: LoopLength): number[] {
  if (when.kind === 'placed') return when.apart ? apart(when, loop) : placed(when, loop);
  const taken = loop.steps - loop.start;
  return Array.from({ length: taken }, (_, i) =>
    isFull(when, i, taken) ? 0 : between(when.between, i, taken),
  );
}

function isFull(when: Counted, i: number, taken: number): boolean {
  switch (when.kind) {
    case 'every':
      if (i < when.warmup || taken - i <= when.cooldown) return true;
      return onGrid(i - Math.max(0, when.warmup - 1), when.interval);
    case 'even': {
      const count = Math.min(when.count, taken);
      if (count === 1) return i === 0;
      // the j for which i is the nearest whole number, halves up: 2 j (m - 1) + (c - 1) within 2 (c - 1) of i
      const gaps = count - 1;
      return Array.from({ length: count }, (_, j) => 2 * j * (taken - 1) + gaps).some(
        (twice) => twice >= 2 * gaps * i && twice < 2 * gaps * (i + 1),
      );
    }
    case 'crowded': {
      const found = when.center < taken ? crowded(when, taken) : undefined;
      return found ? found.has(i) : onGrid(i, when.interval);
    }
  }
}

const onGrid = (i: number, interval: number): boolean => i >= 0 && i % interval === 0;

const between = (entries: Counted['between'], i: number, taken: number): number =>
  entries.find(({ before, beforePart }) => {
    if (before !== undefined) return i < before;
    return beforePart === undefined || i < Math.floor(beforePart * taken);
  })!.choice;

/** Equation 7 of arXiv 2312.00858 in complex numbers (decision 7), the power lowered until as many steps come out as wanted. */
function crowded(
  { interval, center, power }: Extract<When, { kind: 'crowded' }>,
  taken: number,
): Set<number> | undefined {
  const wanted = Math.ceil(taken / interval);
  for (let p = power; p > 1; p -= 0.02) {
    const offsets = crowdedOffsets(taken, wanted, center, p);
    if (offsets.length === wanted - 1) return new Set([0, ...offsets.map((o) => o + center)]);
  }
  return undefined;
}

function crowdedOffsets(taken: number, wanted: number, center: number, p: number): number[] {
  // (-c)^(1/p) lies at the angle pi / p, (m - c)^(1/p) on the real axis
  const radius = center ** (1 / p);
  const from = [radius * Math.cos(Math.PI / p), radius * Math.sin(Math.PI / p)] as const;
  const to = (taken - center) ** (1 / p);
  const scale = (difference: number) =>
    center === 0 ? difference / wanted : difference * (1 / wanted);
  const [re, im] = [scale(to - from[0]), scale(-from[1])];
  const whole = new Set<number>();
  for (let i = 0; i <= wanted; i++) {
    const x = i === wanted ? to : from[0] + i * re;
    const y = i === wanted ? 0 : from[1] + i * im;
    const raised = p === 2 ? x * x - y * y : Math.hypot(x, y) ** p * Math.cos(Math.atan2(y, x) * p);
    whole.add(Math.trunc(raised) + 0);
  }
  return [...whole].sort((a, b) => a - b).slice(1, -1);
}

/** By where steps lie among those of `base`: from its borders to both neighbours each of them has a stretch. */
function placed({ base, covers, order, timesteps }: Placed, loop: LoopLength): number[] {
  const own = timesteps && loop.timesteps;
  const [gaps, ownGaps] = [base.length - 1, loop.steps - 1];
  /** How much further a step is from place j - 1 than from place j: of one loop in steps, twice, times the gaps of both. */
  const nearer = (i: number, j: number): number =>
    own
      ? timesteps[j - 1]! - own[i]! - (own[i]! - timesteps[j]!)
      : 2 * gaps * (loop.start + i) - (2 * j - 1) * ownGaps;
  const borders = base.map((_, j) => j).slice(1);
  /** The first and the last of its nearest places. */
  const lies = (i: number) =>
    [
      borders.filter((j) => nearer(i, j) > 0).length,
      borders.filter((j) => nearer(i, j) >= 0).length,
    ] as const;
  const taken = loop.steps - loop.start;
  return Array.from({ length: taken }, (_, i) => {
    const [first, last] = lies(i);
    const before = i > 0 ? lies(i - 1)[1] : -1;
    const wanted = base.filter((_, place) => {
      const isNearest = place >= first && place <= last;
      const isPassed = place > before && place < first;
      return isNearest || isPassed || (i === taken - 1 && place > last);
    });
    if (i === 0) return loop.start === 0 && wanted.length === 1 ? base[0]! : 0;
    const standsFor = (choice: number) => wanted.every((other) => covers[choice]!.includes(other));
    const within = order.find((choice) => wanted.includes(choice) && standsFor(choice));
    return within ?? order.find(standsFor)!;
  });
}

/**
 * Walked from step to step: a step is full where by its end more of the full steps are due than there were, or where no more
 * steps are left than full ones.
 */
function apart({ base }: Placed, { steps, start }: LoopLength): number[] {
  const full = base.flatMap((choice, j) => (choice === 0 ? [j] : []));
  // full at the end, which is no part of the rest
  const end = steps > 1 && full.length > 1 && base.at(-1) === 0 ? 1 : 0;
  const [own, length, taken] = [full.length - end, base.length - end, steps - end];
  const share = Math.round((full.length * steps) / base.length);
  const wanted = Math.max(1, share - end);
  const whole = Array.from({ length: steps }, () => 1);
  if (end) whole[steps - 1] = 0;
  let had = 0;
  for (let i = 0; i < taken; i++) {
    // its end lies at (2 i + 1) length / 2 taken: behind the full step j, before the next one
    const at = (2 * i + 1) * length;
    const j = full.findLastIndex((step, f) => f < own && 2 * taken * step <= at);
    const gap = (j + 1 < own ? full[j + 1]! : length) - full[j]!;
    const passed = wanted * (2 * taken * gap * j + at - 2 * taken * full[j]!);
    const isDue = had < wanted && had * own * 2 * taken * gap < passed;
    if (!isDue && taken - i > wanted - had) continue;
    whole[i] = 0;
    had++;
  }
  whole[start] = 0;
  return whole.slice(start);
}
