/** The loop in which every step is full: what all others are measured against. Keeps each of its positions. */
import { ResultError } from '../../../errors/index.js';
import type { History, Kept } from '../history.js';
import type { OpenVariant, Position, StepLoop } from './step-loop.js';

export interface FullLoop {
  /** Before each step, and at the end. */
  readonly positions: readonly Position[];
  /** Root mean square of the final latent. */
  readonly size: number;
}

/** @throws DENOISE_NOT_FINITE */
export async function runFullLoop(loop: StepLoop, open: OpenVariant): Promise<FullLoop> {
  const positions = [loop.start()];
  for (let step = 0; step < loop.length; step++)
    positions.push(await loop.next(positions[step]!, open, true));
  return { positions, size: rootMeanSquare(positions.at(-1)!.trajectory.latent) };
}

/** Steps that are taken as if they had been the only full ones, the last first, from the gaps between them. */
export function stepsBefore(from: number, gap: number, count: number): number[] {
  const steps = [from];
  while (steps.length < count && steps.at(-1)! > 0) steps.push(Math.max(0, steps.at(-1)! - gap));
  return steps;
}

/** Where the full loop stands behind the first of some steps, having kept nothing but what they left. */
export function positionWith({ positions }: FullLoop, full: readonly number[]): Position {
  const after = positions[full[0]! + 1]!;
  const histories = after.histories.map((_, batch) => {
    const lists = new Map<string, Kept[]>();
    for (const step of full)
      for (const [state, [last]] of positions[step + 1]!.histories[batch]!)
        lists.set(state, [...(lists.get(state) ?? []), last!]);
    return lists as History;
  });
  return { ...after, histories };
}

/** Root mean square of the difference. */
export function distance(a: Float32Array, b: Float32Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(total / a.length);
}

export function rootMeanSquare(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value * value;
  return Math.sqrt(total / values.length);
}

/** Infinity where the loop comes upon numbers that are not finite. */
export const orInfinite = (measured: Promise<number>): Promise<number> =>
  measured.catch((error) => {
    if (error instanceof ResultError) return Number.POSITIVE_INFINITY;
    throw error;
  });
