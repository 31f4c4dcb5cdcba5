/**
 * Noise schedules: how much of the signal is left at each training timestep.
 *
 * A schedule is a property of the trained denoiser, not of the sampler. It assumes the
 * variance-preserving process x_t = sqrt(alphasCumprod[t]) x_0 + sqrt(1 - alphasCumprod[t]) noise of
 * DDPM (Ho et al., arXiv 2006.11239, equation 4). Costs one pass over the training timesteps.
 */
import { samplerOptionOutOfRange } from '../../errors/index.js';
import { interpolate, linspace } from './numbers.js';
import { checkOptions } from './options.js';

/** How beta grows with the timestep; `cosine` is also called squaredcos_cap_v2. */
export const BETA_SCHEDULES = ['linear', 'scaled_linear', 'cosine'] as const;
export type BetaSchedule = (typeof BETA_SCHEDULES)[number];

/** Timesteps in training, where nothing else is said. */
export const TRAIN_TIMESTEPS = 1000;

export const NOISE_SCHEDULE_OPTIONS = {
  betas: {
    enum: BETA_SCHEDULES,
    default: 'linear',
    title: 'noise schedule',
    flag: true,
    description: 'Curve of the betas',
  },
  // neither end of the betas is used by the cosine
  betaStart: {
    type: 'number',
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 1e-4,
    flag: true,
    description: 'First beta',
  },
  betaEnd: {
    type: 'number',
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.02,
    flag: true,
    description: 'Last beta',
  },
  trainTimesteps: {
    type: 'integer',
    minimum: 1,
    default: TRAIN_TIMESTEPS,
    flag: true,
    description: 'Timesteps in training',
  },
  // square roots of the shares are moved and stretched so that the last is 0 and the first stays (Lin et
  // al., arXiv 2305.08891, algorithm 1)
  zeroSnr: {
    type: 'boolean',
    default: false,
    flag: true,
    description: 'Betas rescaled so that no signal is left at the last timestep',
  },
  // in variance: `snr_shift_scale` of CogVideoX
  snrShift: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 1,
    flag: true,
    description: 'Signal to noise divided by this: 3 or 1 for CogVideoX',
  },
} as const;

/** What `NOISE_SCHEDULE_OPTIONS` describes. */
export interface NoiseScheduleOptions {
  /** Curve of the betas. */
  readonly betas?: BetaSchedule | undefined;
  readonly betaStart?: number | undefined;
  readonly betaEnd?: number | undefined;
  /** Timesteps in training. */
  readonly trainTimesteps?: number | undefined;
  /** Betas rescaled so that no signal is left at the last timestep. */
  readonly zeroSnr?: boolean | undefined;
  /** Signal to noise divided by this. */
  readonly snrShift?: number | undefined;
}

/**
 * The share of the signal that samplers take where there is none and they need some: the noise level is
 * then 4096 in place of infinity. As diffusers does; the smallest number of float16.
 */
export const LEAST_SIGNAL = 2 ** -24;

export interface NoiseSchedule {
  readonly trainTimesteps: number;
  /** The share of the signal's variance that is left, per timestep: decreasing, in [0, 1). */
  readonly alphasCumprod: Float64Array;
  /**
   * Noise over signal, sqrt((1 - alphasCumprod) / alphasCumprod): the noise level of Karras et al.,
   * per timestep, increasing; infinity where no signal is left.
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
 * @param least taken for the share of the signal at the last timestep where that is 0
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE, SAMPLER_OPTION_UNKNOWN
 */
export function noiseSchedule(options: NoiseScheduleOptions = {}, least = 0): NoiseSchedule {
  const { betas, betaStart, betaEnd, trainTimesteps, zeroSnr, snrShift } = checkOptions(
    'The noise schedule',
    NOISE_SCHEDULE_OPTIONS,
    { ...options },
  );
  if (betaEnd < betaStart) {
    throw samplerOptionOutOfRange('betaEnd', betaEnd, 'from betaStart up and below 1');
  }
  if (zeroSnr && trainTimesteps < 2) {
    throw samplerOptionOutOfRange('trainTimesteps', trainTimesteps, 'at least 2 with zeroSnr');
  }

  const alphasCumprod = new Float64Array(trainTimesteps);
  let product = 1;
  BETAS[betas](betaStart, betaEnd, trainTimesteps).forEach((beta, t) => {
    product *= 1 - beta;
    alphasCumprod[t] = product / (snrShift + (1 - snrShift) * product);
  });
  if (zeroSnr) {
    withoutLastSignal(alphasCumprod);
    alphasCumprod[trainTimesteps - 1] = least;
  }
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

/** Moves and stretches the square roots so that the last is 0 and the first stays. */
function withoutLastSignal(shares: Float64Array): void {
  const first = Math.sqrt(shares[0]!);
  const last = Math.sqrt(shares.at(-1)!);
  for (const [t, share] of shares.entries())
    shares[t] = (((Math.sqrt(share) - last) * first) / (first - last)) ** 2;
}
