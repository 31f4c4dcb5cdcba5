/**
 * What every sampler is: a fixed list of timesteps and a pure step from one noise level to the next.
 *
 * A sampler holds no state. What a step must remember travels in the `Trajectory`, so that one sampler
 * serves many images and a trajectory can be continued in two ways from any step (calibration does).
 * Each step needs exactly one evaluation of the denoiser. Numbers are float32, computed in float64.
 */
import {
  latentLength,
  samplerOptionOutOfRange,
  stepOutOfRange,
  unknownSamplerChoice,
} from '../../errors/index.js';
import type { NoiseLevelOptions, NoiseLevels } from './noise-levels.js';
import { PREDICTIONS, type Prediction } from './prediction.js';

/** Where a denoising stands: immutable, made by `start` and `step`. */
export interface Trajectory {
  /** In the sampler's own scale: see `scaleInput`. */
  readonly latent: Float32Array;
  /** The clean latent predicted by the step before, where the sampler uses it. */
  readonly previousClean?: Float32Array;
}

export interface Sampler {
  /** What to tell the denoiser at each step, the noisiest first; as many as there are steps. */
  readonly timesteps: readonly number[];
  /** Standard deviation of the initial latent. */
  readonly initialScale: number;
  /** Whether `step` draws fresh noise. */
  readonly needsNoise: boolean;
  /** The trajectory before step 0, from standard normal noise. */
  start(noise: Float32Array): Trajectory;
  /** The latent as the denoiser expects it: unit variance; the latent itself unless it is scaled. */
  scaleInput(latent: Float32Array, step: number): Float32Array;
  /**
   * One step down, from the denoiser's output at `timesteps[step]`.
   *
   * @param modelOutput as long as the latent
   * @param noise gives standard normal numbers, as many as the latent has; needed if `needsNoise`
   * @throws SAMPLER_STEP_RANGE, SAMPLER_LATENT_LENGTH, SAMPLER_NOISE_MISSING
   */
  step(
    modelOutput: Float32Array,
    step: number,
    trajectory: Trajectory,
    noise?: () => Float32Array,
  ): Trajectory;
}

/** Options that all samplers share. */
export interface SamplerOptions extends NoiseLevelOptions {
  /** What the denoiser was trained to predict; default `epsilon`. */
  readonly prediction?: Prediction;
  /** Clamp the predicted clean latent to [-clip, clip]; for pixels in [-1, 1] use 1. Default: don't. */
  readonly clip?: number;
}

/** @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE */
export function checkPrediction({ prediction = 'epsilon', clip }: SamplerOptions): {
  prediction: Prediction;
  clip: number;
} {
  if (!PREDICTIONS.includes(prediction)) {
    throw unknownSamplerChoice('prediction', prediction, PREDICTIONS);
  }
  if (clip !== undefined && !(clip > 0)) throw samplerOptionOutOfRange('clip', clip, 'above 0');
  return { prediction, clip: clip ?? Number.POSITIVE_INFINITY };
}

/** The noise levels that `step` starts from and arrives at. */
export function levelsOfStep({ timesteps, levels }: NoiseLevels, step: number) {
  if (!Number.isInteger(step) || step < 0 || step >= timesteps.length) {
    throw stepOutOfRange(step, timesteps.length);
  }
  return { now: levels[step]!, next: levels[step + 1]! };
}

export function checkLength(what: string, found: Float32Array, latent: Float32Array): void {
  if (found.length !== latent.length) throw latentLength(what, found.length, latent.length);
}
