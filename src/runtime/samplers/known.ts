/**
 * Inpainting with a model that knows nothing of it: behind each step, what is known of the images takes the place of what
 * the step made, with as much noise as there is by then (Lugmayr et al., arXiv 2201.09865, equation 8).
 */
import { latentLength } from '../../errors/index.js';
import type { Sampler, Trajectory } from './sampler.js';

export interface KnownPart {
  /** The clean latents, as long as those of the loop. */
  readonly latent: Float32Array;
  /** As long: 1 where the loop is free, 0 where the latent is known, or between them. */
  readonly mask: Float32Array;
}

/** @throws SAMPLER_LATENT_LENGTH */
export function checkKnown({ latent, mask }: KnownPart, length: number): void {
  for (const [what, { length: found }] of [
    ['The known latent', latent],
    ['The mask', mask],
  ] as const)
    if (found !== length) throw latentLength(what, found, length);
}

/**
 * The trajectory with what is known in its place.
 * @param noise that the loop has started from
 * @param step that was taken
 */
export function withKnown(
  sampler: Sampler,
  { latent, mask }: KnownPart,
  noise: Float32Array,
  trajectory: Trajectory,
  step: number,
): Trajectory {
  const known = sampler.noised(latent, noise, step + 1);
  const blended = trajectory.latent.map(
    (value, i) => mask[i]! * value + (1 - mask[i]!) * known[i]!,
  );
  return { ...trajectory, latent: blended };
}
