/**
 * Finding the timesteps of a short loop: those on the gamma curve (samplers/gamma.ts) that end nearest
 * to where a loop of many steps ends. After the time-step optimization of Kim et al. (ACCV 2024, arXiv
 * 2401.17547); curve, objective and optimizer are our own, since theirs were not found. Costs the
 * reference loop and at most 19 loops of so many steps.
 */
import { noGammaFinite } from '../../../errors/index.js';
import { gammaTimesteps } from '../../../runtime/samplers/index.js';
import type { LoopDenoiser } from '../../measure/denoise-bundle.js';
import { REFERENCE_STEPS } from './defaults.js';
import { type TimestepLoopOptions, timestepError } from './error.js';
import { best, EVALUATIONS, searchGamma, type Tried } from './minimum.js';

export interface OptimizeTimestepsOptions extends Omit<TimestepLoopOptions, 'onStep'> {
  /** Called after each step of any loop, with the most that there can be; equal lists run only once. */
  readonly onProgress?: (done: number, most: number) => void;
}

export interface OptimizedTimesteps {
  readonly gamma: number;
  /** Strictly descending, from the last training timestep. */
  readonly timesteps: readonly number[];
  /** Mean squared difference between the final latents and those of the reference. */
  readonly error: number;
  /** The same at gamma 1: equally spaced (`trailing`). */
  readonly uniform: { readonly error: number };
  /** Every gamma that was tried, in order. */
  readonly tried: readonly Tried[];
  readonly trainTimesteps: number;
  readonly referenceSteps: number;
  readonly samples: number;
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
}

/**
 * Finds the timesteps. The result is never worse than equal spacing on the same images.
 *
 * @param denoiser a plain model, or a bundle of as many calls as the steps make; see `openLoopModel`
 * and `openLoopBundle`
 * @throws what `timestepError` throws, and TIMESTEPS_NOT_FINITE
 */
export async function optimizeTimesteps(
  denoiser: LoopDenoiser,
  options: OptimizeTimestepsOptions,
): Promise<OptimizedTimesteps> {
  const { steps, referenceSteps = REFERENCE_STEPS, onProgress } = options;
  const most = referenceSteps + EVALUATIONS * steps;
  let done = 0;
  const measured = await timestepError(denoiser, {
    ...options,
    ...(onProgress && { onStep: () => onProgress(++done, most) }),
  });
  const { trainTimesteps, samples, madeUp } = measured;
  const place = (gamma: number) => gammaTimesteps({ steps, trainTimesteps, gamma });
  const tried = await searchGamma((gamma) => measured.of(place(gamma)));
  const { gamma, error } = best(tried);
  if (!Number.isFinite(error)) throw noGammaFinite(measured.notFinite!);
  return {
    gamma,
    timesteps: place(gamma),
    error,
    uniform: { error: tried.find((point) => point.gamma === 1)!.error },
    tried,
    trainTimesteps,
    referenceSteps: measured.referenceSteps,
    samples,
    madeUp,
  };
}
