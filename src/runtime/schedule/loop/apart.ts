/**
 * The full steps that were found for one loop, in another: the same share of its steps, and as dense in each part of it
 * relative to the others. Whole numbers throughout, so that two readers round alike.
 */
import type { LoopShape } from './loop-shape.js';

/**
 * Choice 0 where a step is full, 1 elsewhere, for each step that is taken.
 * @param base the same of each step that was searched; its first is full
 */
export function apart(base: readonly number[], { steps, start }: LoopShape): number[] {
  const full = new Set(fullSteps(base, steps));
  // a loop begins in full
  return Array.from({ length: steps - start }, (_, i) => (i === 0 || full.has(start + i) ? 0 : 1));
}

function fullSteps(base: readonly number[], steps: number): number[] {
  const own = [...base.keys()].filter((step) => base[step] === 0);
  const count = rounded(own.length * steps, base.length);
  // a last step that is full serves no step behind it: it is set aside, and what is left ends where it lay
  const endsFull = own.length > 1 && own.at(-1) === base.length - 1;
  if (!endsFull) return spread(own, base.length, Math.max(1, count), steps);
  if (steps === 1) return [0];
  const others = Math.max(1, count - 1);
  return [...spread(own.slice(0, -1), base.length - 1, others, steps - 1), steps - 1];
}

/**
 * So many steps of a loop, at equal parts of the number of those that were found.
 * @param own the full steps of a loop of `length` that was searched, which is as long as the end of the last one's stretch
 */
function spread(own: readonly number[], length: number, count: number, steps: number): number[] {
  const ends = [...own.slice(1), length];
  const placed: number[] = [];
  for (let k = 0; k < count; k++) {
    const from = Math.floor((k * own.length) / count);
    const part = (k * own.length) % count;
    // of `count` parts of a searched step
    const place = own[from]! * count + part * (ends[from]! - own[from]!);
    const step = rounded(place * steps, count * length);
    const free = k === 0 ? 0 : placed[k - 1]! + 1;
    placed.push(Math.min(Math.max(step, free), steps - count + k));
  }
  return placed;
}

/** The nearest whole number to a fraction, halves up. */
const rounded = (numerator: number, denominator: number): number =>
  Math.floor((2 * numerator + denominator) / (2 * denominator));
