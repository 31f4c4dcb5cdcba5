/**
 * Timesteps along a gamma curve: one number says whether the calls crowd at low or at high noise.
 *
 * Kim et al., "Diffusion model compression for image-to-image translation" (ACCV 2024, arXiv
 * 2401.17547) choose the timesteps of a short loop by one such parameter, found for each task. Their
 * formula was not found, so this curve is our own: a power of the share of the training timesteps
 * that is left, which is `trailing` spacing at gamma 1.
 */
import { samplerOptionOutOfRange } from '../../errors/index.js';
import { TRAIN_TIMESTEPS } from './noise-schedule.js';
import { roundHalfToEven } from './numbers.js';

export interface GammaOptions {
  readonly steps: number;
  /** Timesteps in the denoiser's training; default 1000. */
  readonly trainTimesteps?: number;
  /** Above 0. 1: `trailing` spacing. More: the calls crowd at low noise; less: at high noise. */
  readonly gamma: number;
}

/**
 * t_i = round(T (1 - i/K)^gamma) - 1 for i = 0 .. K-1, with halves rounded to even, T training
 * timesteps and K steps. The first is always T - 1. Where the curve is so flat that neighbours
 * coincide, they are moved apart: each is at least one above the next.
 *
 * @returns K whole numbers in [0, T), strictly descending
 * @throws SAMPLER_OPTION_RANGE when there are more steps than training timesteps, or gamma is not
 * above 0
 */
export function gammaTimesteps(options: GammaOptions): number[] {
  const { steps, trainTimesteps = TRAIN_TIMESTEPS, gamma } = options;
  if (!Number.isSafeInteger(trainTimesteps) || trainTimesteps < 1)
    throw samplerOptionOutOfRange('trainTimesteps', trainTimesteps, 'an integer from 1 up');
  if (!Number.isInteger(steps) || steps < 1 || steps > trainTimesteps)
    throw samplerOptionOutOfRange('steps', steps, `an integer from 1 to ${trainTimesteps}`);
  if (!(gamma > 0 && Number.isFinite(gamma)))
    throw samplerOptionOutOfRange('gamma', gamma, 'a number above 0');

  const stride = trainTimesteps / steps;
  const timesteps = Array.from({ length: steps }, (_, i) => {
    const left = trainTimesteps - i * stride;
    // Not T * share^gamma: so, gamma 1 gives `trailing` to the last bit, and the same roundings.
    const point = left * (left / trainTimesteps) ** (gamma - 1);
    // The steps before it need a place above.
    return Math.min(roundHalfToEven(point) - 1, trainTimesteps - 1 - i);
  });
  let next = -1;
  for (let i = steps - 1; i >= 0; i--) {
    timesteps[i] = Math.max(timesteps[i]!, next + 1);
    next = timesteps[i]!;
  }
  return timesteps;
}
