/** How far back into the noise a picture goes that is changed: from a strength to the step where the loop starts. */
import { samplerOptionOutOfRange, strengthOfNothing } from '../../errors/index.js';
import type { PathName } from './paths/index.js';

/**
 * The first step of a loop that changes a picture by so much, as diffusers' pipelines have it. Those of
 * flow matching round the steps that are left out down, all others those that are made.
 *
 * @param steps of the whole loop
 * @param strength above 0: 1 makes all of them
 * @returns what `start` of a sampler takes
 * @throws SAMPLER_OPTION_RANGE, SAMPLER_STRENGTH when none is made
 */
export function startOfStrength(
  steps: number,
  strength: number,
  path: PathName = 'variance-preserving',
): number {
  if (!Number.isSafeInteger(steps) || steps < 1)
    throw samplerOptionOutOfRange('steps', steps, 'an integer from 1 up');
  if (!(strength >= 0 && strength <= 1))
    throw samplerOptionOutOfRange('strength', strength, 'above 0 and at most 1');
  const made = steps * strength;
  const start = path === 'flow' ? Math.floor(steps - made) : steps - Math.floor(made);
  if (start < steps) return start;
  throw strengthOfNothing(strength, steps, Math.ceil(1e4 / steps) / 1e4);
}
