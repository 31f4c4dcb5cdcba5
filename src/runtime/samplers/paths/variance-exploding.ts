/**
 * The path on which the signal stays and noise is added to it: x = clean + sigma noise (Song et al., arXiv
 * 2011.13456), with the noise levels of Karras et al. (arXiv 2206.00364, equation 5) as timesteps.
 */
import { samplerOptionOutOfRange } from '../../../errors/index.js';
import { TRAIN_TIMESTEPS } from '../noise-schedule.js';
import { interpolate } from '../numbers.js';
import { checkOptions } from '../options.js';
import { KARRAS_RHO, karrasRatios } from './karras.js';
import { type NoisePath, WHOLE } from './noise-path.js';

export const VARIANCE_EXPLODING_OPTIONS = {
  sigmaMin: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 0.002,
    flag: true,
    description: 'Noise level of the first timestep',
  },
  sigmaMax: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 80,
    flag: true,
    description: 'Noise level of the last timestep',
  },
  rho: {
    type: 'number',
    exclusiveMinimum: 0,
    default: KARRAS_RHO,
    flag: true,
    description: 'How strongly timesteps crowd at low noise',
  },
  trainTimesteps: {
    type: 'integer',
    minimum: 2,
    default: TRAIN_TIMESTEPS,
    flag: true,
    description: 'Timesteps in training',
  },
} as const;

/** What `VARIANCE_EXPLODING_OPTIONS` describes. */
export interface VarianceExplodingOptions {
  /** Noise level of the first timestep. */
  readonly sigmaMin?: number | undefined;
  /** Noise level of the last timestep. */
  readonly sigmaMax?: number | undefined;
  /** How strongly timesteps crowd at low noise. */
  readonly rho?: number | undefined;
  /** Timesteps in training. */
  readonly trainTimesteps?: number | undefined;
}

const levelOf = (ratio: number) => ({ alpha: 1, sigma: ratio, ratio, variance: 1 + ratio * ratio });

/** @throws SAMPLER_OPTION_RANGE, SAMPLER_OPTION_UNKNOWN */
export function varianceExploding(options: VarianceExplodingOptions = {}): NoisePath {
  const { sigmaMin, sigmaMax, rho, trainTimesteps } = checkOptions(
    'The variance-exploding path',
    VARIANCE_EXPLODING_OPTIONS,
    { ...options },
  );
  if (sigmaMax <= sigmaMin) throw samplerOptionOutOfRange('sigmaMax', sigmaMax, 'above sigmaMin');
  const sigmas = Float64Array.from(karrasRatios(sigmaMin, sigmaMax, trainTimesteps, rho));
  const timesteps = Float64Array.from(sigmas.keys());
  const logSigmas = sigmas.map(Math.log);
  return {
    ...WHOLE,
    trainTimesteps,
    firstTimestep: 0,
    lastTimestep: trainTimesteps - 1,
    levelAt: (timestep) => levelOf(interpolate(timestep, timesteps, sigmas)),
    levelOf,
    levelWith: levelOf,
    timestepAt: (ratio) => interpolate(Math.log(ratio), logSigmas, timesteps),
    startScale: ({ sigma }) => sigma,
  };
}
