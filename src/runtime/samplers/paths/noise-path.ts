/**
 * A noise path: how the denoiser's training mixed the clean latent with noise, from timestep to timestep.
 *
 * x_t = alpha(t) clean + sigma(t) noise. A path is a property of the trained denoiser, not of the sampler;
 * solvers see nothing of it but levels, so that each of them goes along any path.
 */
import type { TimestepSpacing } from '../spacings.js';

/** Signal and noise of one level: x = alpha * clean + sigma * noise. */
export interface NoiseLevel {
  readonly alpha: number;
  readonly sigma: number;
  /** sigma / alpha: the level in the coordinates of Karras et al.; infinity where alpha is 0. */
  readonly ratio: number;
  /** alpha^2 + sigma^2: exactly 1 on a path that preserves the variance. */
  readonly variance: number;
}

export interface NoisePath {
  readonly trainTimesteps: number;
  /** The cleanest and the noisiest timestep of training. */
  readonly firstTimestep: number;
  readonly lastTimestep: number;
  /** Whether denoisers take timesteps with fractions, so that none is rounded. */
  readonly continuous: boolean;
  /** Of a timestep that may have a fraction, from 0 to the last. */
  levelAt(timestep: number): NoiseLevel;
  /** The level with this noise over signal. */
  levelOf(ratio: number): NoiseLevel;
  /** The timestep, with its fraction, of a noise over signal. */
  timestepAt(ratio: number): number;
  /** How noise levels are measured where they are placed themselves. */
  readonly measure: 'ratio' | 'sigma';
  /** The level of that measure. */
  levelWith(measure: number): NoiseLevel;
  /** Where a step goes that a spacing puts at `spaced` of the training timesteps, counted from 0. */
  place(
    spaced: number,
    by: { readonly spacing: TimestepSpacing; readonly arrivalPoint: boolean },
  ): number;
  /** The timesteps of a whole loop, moved to where its last has to be, and its first can be. */
  finish(timesteps: readonly number[]): number[];
  /** Standard deviation of a latent that starts at this level. */
  startScale(level: NoiseLevel): number;
}

/** Logarithm of the ratio of signal to noise, in variance: infinity without noise. */
export const logSnr = ({ ratio }: Pick<NoiseLevel, 'ratio'>): number => -2 * Math.log(ratio);

/** A path of whole timesteps, counted from 0, that are visited where a spacing puts them. */
export const WHOLE = {
  place: (spaced: number) => spaced,
  finish: (timesteps: readonly number[]) => [...timesteps],
  measure: 'ratio',
  continuous: false,
} as const;
