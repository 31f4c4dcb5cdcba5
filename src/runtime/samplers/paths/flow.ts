/**
 * The path of flow matching: the straight line x = (1 - sigma) clean + sigma noise (Lipman et al., arXiv
 * 2210.02747; Liu et al., arXiv 2209.03003). Timestep t is told as it is: sigma = t / trainTimesteps.
 */
import { TRAIN_TIMESTEPS } from '../noise-schedule.js';
import { checkOptions } from '../options.js';
import type { NoiseLevel, NoisePath } from './noise-path.js';

export const FLOW_OPTIONS = {
  shift: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 1,
    flag: true,
    description: 'Flow steps moved towards noise: 3 for SD 3',
  },
  trainTimesteps: {
    type: 'integer',
    minimum: 1,
    default: TRAIN_TIMESTEPS,
    flag: true,
    description: 'Timesteps in training',
  },
} as const;

/** What `FLOW_OPTIONS` describes. */
export interface FlowOptions {
  /** Flow steps moved towards noise. */
  readonly shift?: number | undefined;
  /** Timesteps in training. */
  readonly trainTimesteps?: number | undefined;
}

/** sigma of a noise over signal. */
const shareOf = (ratio: number) => (ratio === Number.POSITIVE_INFINITY ? 1 : ratio / (1 + ratio));

/**
 * @param least taken for the share of the signal's variance at the last timestep
 * @throws SAMPLER_OPTION_RANGE, SAMPLER_OPTION_UNKNOWN
 */
export function flow(options: FlowOptions = {}, least = 0): NoisePath {
  const { shift, trainTimesteps } = checkOptions('The path of flow matching', FLOW_OPTIONS, {
    ...options,
  });
  const noisiest = 1 - Math.sqrt(least);
  const level = (share: number): NoiseLevel => {
    const sigma = Math.min(share, noisiest);
    const alpha = 1 - sigma;
    return { alpha, sigma, ratio: sigma / alpha, variance: alpha * alpha + sigma * sigma };
  };
  // Esser et al., arXiv 2403.03206, equation 23, with shift for the square root there
  const shifted = (timestep: number) => {
    const sigma = timestep / trainTimesteps;
    return trainTimesteps * ((shift * sigma) / (1 + (shift - 1) * sigma));
  };
  return {
    trainTimesteps,
    firstTimestep: 1,
    lastTimestep: trainTimesteps,
    continuous: true,
    levelAt: (timestep) => level(timestep / trainTimesteps),
    levelOf: (ratio) => level(shareOf(ratio)),
    timestepAt: (ratio) => trainTimesteps * shareOf(ratio),
    place(spaced, bothEnds) {
      if (!bothEnds) return shifted(spaced + 1);
      // the cleanest level of training is a shifted one, and is shifted again, as in the program of SD 3
      const first = shifted(1);
      const share = trainTimesteps > 1 ? spaced / (trainTimesteps - 1) : 1;
      return shifted(first + share * (trainTimesteps - first));
    },
    startScale: () => 1,
  };
}
