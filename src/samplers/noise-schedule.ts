/**
 * Noise schedules: how much of the signal is left at each training timestep.
 *
 * A schedule is a property of the trained denoiser, not of the sampler. It assumes the
 * variance-preserving process x_t = sqrt(alphasCumprod[t]) x_0 + sqrt(1 - alphasCumprod[t]) noise of
 * DDPM (Ho et al., arXiv 2006.11239, equation 4). Costs one pass over the training timesteps.
 */
import { samplerOptionOutOfRange, unknownSamplerChoice } from '../errors/index.js';
import { interpolate, linspace } from './numbers.js';

/** How beta grows with the timestep; `cosine` is also called squaredcos_cap_v2. */
export const BETA_SCHEDULES = ['linear', 'scaled_linear', 'cosine'] as const;
export type BetaSchedule = (typeof BETA_SCHEDULES)[number];

/** Timesteps in training, where nothing else is said. */
export const TRAIN_TIMESTEPS = 1000;

export interface NoiseScheduleOptions {
  /** Default `linear`. */
  readonly betas?: BetaSchedule;
  /** Beta of timestep 0; default 1e-4. Not used by `cosine`. */
  readonly betaStart?: number;
  /** Beta of the last timestep; default 0.02. Not used by `cosine`. */
  readonly betaEnd?: number;
  /** Timesteps in training; default 1000. */
  readonly trainTimesteps?: number;
}

export interface NoiseSchedule {
  readonly trainTimesteps: number;
  /** The share of the signal's variance that is left, per timestep: decreasing, in (0, 1). */
  readonly alphasCumprod: Float64Array;
  /**
   * Noise over signal, sqrt((1 - alphasCumprod) / alphasCumprod): the noise level of Karras et al.,
   * per timestep, increasing.
   */
  readonly sigmas: Float64Array;
  /** Noise level of a timestep between 0 and trainTimesteps - 1, fractions interpolated linearly. */
  sigmaAt(timestep: number): number;
  /** The timestep, with its fraction, of a noise level; linear in the level's logarithm. */
  timestepAt(sigma: number): number;
}

const BETAS: Record<BetaSchedule, (start: number, end: number, count: number) => number[]> = {
  // DDPM, section 4.
  linear: (start, end, count) => linspace(start, end, count),
  // Latent diffusion (Rombach et al., arXiv 2112.10752): linear in the square root.
  scaled_linear: (start, end, count) =>
    linspace(Math.sqrt(start), Math.sqrt(end), count).map((root) => root * root),
  // Nichol and Dhariwal, arXiv 2102.09672, equation 17, with beta capped at 0.999.
  cosine: (_start, _end, count) => {
    const signal = (time: number) => Math.cos((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2;
    return Array.from({ length: count }, (_, t) =>
      Math.min(1 - signal((t + 1) / count) / signal(t / count), 0.999),
    );
  },
};

/**
 * Builds the schedule that the denoiser was trained with.
 *
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE
 */
export function noiseSchedule(options: NoiseScheduleOptions = {}): NoiseSchedule {
  const { betas = 'linear', betaStart = 1e-4, betaEnd = 0.02 } = options;
  const { trainTimesteps = TRAIN_TIMESTEPS } = options;
  if (!Object.hasOwn(BETAS, betas)) {
    throw unknownSamplerChoice('noise schedule', betas, BETA_SCHEDULES);
  }
  if (!Number.isInteger(trainTimesteps) || trainTimesteps < 1) {
    throw samplerOptionOutOfRange('trainTimesteps', trainTimesteps, 'an integer from 1 up');
  }
  if (!(betaStart > 0 && betaStart < 1)) {
    throw samplerOptionOutOfRange('betaStart', betaStart, 'between 0 and 1');
  }
  if (!(betaEnd >= betaStart && betaEnd < 1)) {
    throw samplerOptionOutOfRange('betaEnd', betaEnd, 'from betaStart up and below 1');
  }

  const alphasCumprod = new Float64Array(trainTimesteps);
  let product = 1;
  BETAS[betas](betaStart, betaEnd, trainTimesteps).forEach((beta, t) => {
    product *= 1 - beta;
    alphasCumprod[t] = product;
  });
  const sigmas = alphasCumprod.map((signal) => Math.sqrt((1 - signal) / signal));
  const logSigmas = sigmas.map(Math.log);
  const timesteps = Float64Array.from(sigmas.keys());
  return {
    trainTimesteps,
    alphasCumprod,
    sigmas,
    sigmaAt: (timestep) => interpolate(timestep, timesteps, sigmas),
    timestepAt: (sigma) => interpolate(Math.log(sigma), logSigmas, timesteps),
  };
}
