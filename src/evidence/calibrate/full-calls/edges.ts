/**
 * What edges weigh: how far the loop in which only the steps between two full ones are not full ends from the full
 * loop, relative to the size of what that ends with. Run one by one, all edges would take a rest of the loop each. Here
 * what lies before an edge is shared by all (the full loop), the steps between are run once for all edges that begin
 * alike, and what becomes of an error on the rest of the way is a factor for the step at which an edge ends, measured
 * at some of them.
 */
import { ResultError } from '../../../errors/index.js';
import { distance, type FullLoop, orInfinite, positionWith, stepsBefore } from './full-loop.js';
import type { Memo } from './memo.js';
import type { OpenVariant, Position, StepLoop } from './step-loop.js';

export interface EdgeSubject {
  readonly loop: StepLoop;
  readonly whole: FullLoop;
  readonly open: OpenVariant;
}

/**
 * By the step at which an edge from `from` ends, how far the latent is then from that of the full loop, from the first
 * step behind `from` on; relative to the size of the final latent.
 * @param gap that between `from` and the full steps before it
 */
export async function localErrors(
  { loop, whole, open }: EdgeSubject,
  gap: number,
  from: number,
  mostGap: number,
): Promise<number[]> {
  const { depth } = open.variant;
  let at: Position = positionWith(whole, stepsBefore(from, gap, depth));
  const errors = [0];
  while (errors.length < mostGap && at.step < loop.length) {
    const next = await loop.next(at, open, false).catch(notFinite);
    if (!next) break;
    at = next;
    const there = whole.positions[at.step]!.trajectory.latent;
    errors.push(distance(at.trajectory.latent, there) / whole.size);
  }
  const most = Math.min(mostGap, loop.length - from);
  return Array.from({ length: most }, (_, i) => errors[i] ?? Number.POSITIVE_INFINITY);
}

/** By how much the error with which an edge ends at a step has grown at the end of the loop. */
export function gainAt(subject: EdgeSubject, gap: number, to: number): Promise<number> {
  const { loop, whole, open } = subject;
  return orInfinite(
    (async () => {
      const from = Math.max(0, to - gap);
      let at: Position = positionWith(whole, stepsBefore(from, gap, open.variant.depth));
      while (at.step < to) at = await loop.next(at, open, false);
      const before = distance(at.trajectory.latent, whole.positions[to]!.trajectory.latent);
      while (at.step < loop.length) at = await loop.next(at, open, true);
      const end = whole.positions.at(-1)!.trajectory.latent;
      return before === 0 ? 1 : distance(at.trajectory.latent, end) / before;
    })(),
  );
}

/** How many steps have a factor of their own; those between are interpolated. */
const GAINS = 10;

/** Steps at which factors are measured. */
export function gainSteps(steps: number): number[] {
  const count = Math.min(GAINS, steps - 2);
  return [
    ...new Set(
      Array.from({ length: count }, (_, i) =>
        Math.round(2 + (i * (steps - 3)) / Math.max(1, count - 1)),
      ),
    ),
  ].filter((step) => step < steps);
}

/**
 * The factor at any step, along straight lines through the logarithms of those that are known; 1 at the end.
 * @param known ascending
 */
export function gains(
  steps: number,
  known: readonly (readonly [step: number, gain: number])[],
): (to: number) => number {
  const points = [...known, [steps, 1] as const];
  return (to) => {
    const behind = points.findIndex(([step]) => step >= to);
    const [right, high] = points[behind]!;
    const [left, low] = points[behind - 1] ?? [right, high];
    if (left === right || !(low > 0) || !(high > 0)) return high;
    const share = (to - left) / (right - left);
    return Math.exp(Math.log(low) * (1 - share) + Math.log(high) * share);
  };
}

/** Gaps before an edge at which errors are measured where that takes work. */
export function gapGrid(mostGap: number, usual: number): number[] {
  return [...new Set([1, Math.ceil(usual / 2), usual, mostGap])].sort((a, b) => a - b);
}

/** @param row errors by gap, which grow with it; those between are interpolated */
export function between(
  grid: readonly number[],
  row: readonly (readonly number[])[],
  gap: number,
  index: number,
): number {
  const behind = grid.findIndex((known) => known >= gap);
  const high = row[behind]?.[index] ?? Number.POSITIVE_INFINITY;
  const left = grid[behind - 1];
  if (left === undefined || grid[behind] === gap) return high;
  const share = (gap - left) / (grid[behind]! - left);
  return row[behind - 1]![index]! * (1 - share) + high * share;
}

/** The most measured edges of a variant, as names of what is remembered have them. */
export async function rememberedErrors(
  memo: Memo,
  label: string,
  subject: EdgeSubject,
  grid: readonly number[],
  mostGap: number,
): Promise<readonly (readonly number[])[][]> {
  const byStep: (readonly number[])[][] = [];
  for (let from = 0; from < subject.loop.length; from++) {
    const row: (readonly number[])[] = [];
    for (const gap of grid)
      row.push(
        // as many values as there are cannot be further apart
        from > 0 && gap > from && row.length > 0 && grid[row.length - 1]! >= from
          ? row.at(-1)!
          : await memo.of(`errors ${label} ${gap} ${from}`, () =>
              localErrors(subject, gap, from, mostGap),
            ),
      );
    byStep.push(row);
  }
  return byStep;
}

const notFinite = (error: unknown): undefined => {
  if (error instanceof ResultError) return undefined;
  throw error;
};
