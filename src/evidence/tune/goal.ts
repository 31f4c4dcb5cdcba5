/** What is asked of a search. */
import { badErrorGoal } from '../../errors/index.js';

export type Goal =
  /** So many times as fast as the loop as it is, with the least error. */
  | { readonly kind: 'speedup'; readonly times: number }
  /** As fast as it gets with no more error: decibels at least. */
  | { readonly kind: 'error'; readonly decibels: number }
  /** What there is at each speed, for as long as there is time; the first of `FRONT` is written. */
  | { readonly kind: 'front' };

/** Times as fast, in the order in which they are searched. */
export const FRONT = [2, 3, 1.5, 4, 6];

/**
 * `40dB`, or `40`.
 * @throws TUNE_GOAL
 */
export function readErrorGoal(text: string): Goal {
  const found = /^(\d+(?:\.\d+)?)\s*(?:dB)?$/i.exec(text.trim());
  if (!found) throw badErrorGoal(text);
  return { kind: 'error', decibels: Number(found[1]) };
}
