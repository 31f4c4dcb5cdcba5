// Families of settings from lists of what may differ in them.
import { evenSteps } from '../../dist/src/runtime/schedule/index.js';

/** Every choice of one item from each list. */
export const crossed = (...lists) =>
  lists.reduce((all, list) => all.flatMap((tuple) => list.map((item) => [...tuple, item])), [[]]);

/**
 * Two passes in one loop: the output is had from the model at `count` steps alone, and of these only every
 * `interval`th computes what the other pass works on.
 */
export function nested({ steps, count, interval }) {
  const computed = evenSteps(steps, count);
  const full = computed.filter((_, i) => i % interval === 0 || i === count - 1);
  return { computed, full };
}
