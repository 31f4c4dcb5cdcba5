/**
 * The path of flow matching: the straight line x = (1 - sigma) clean + sigma noise (Lipman et al., arXiv
 * 2210.02747; Liu et al., arXiv 2209.03003). Timestep t is told as it is: sigma = t / trainTimesteps.
 */
import { TRAIN_TIMESTEPS } from '../noise-schedule.js';
import { checkOptions } from '../options.js';
import { SHIFT_OPTIONS, type ShiftOptions, shiftOf } from './flow-shift.js';
import type { NoiseLevel, NoisePath } from './noise-path.js';

export const FLOW_OPTIONS = {
  ...SHIFT_OPTIONS,
  trainTimesteps: {
    type: 'integer',
    minimum: 1,
    default: TRAIN_TIMESTEPS,
    flag: true,
    description: 'Timesteps in training',
  },
} as const;

/** What `FLOW_OPTIONS` describes. */
export interface FlowOptions extends ShiftOptions {
  /** Timesteps in training. */
  readonly trainTimesteps?: number | undefined;
}

/** Of the signal, what solvers take at sigma 1 that need some, as diffusers' UniPC does. */
const LEAST_SHARE = 1e-6;

/** sigma of a noise over signal. */
const shareOf = (ratio: number) => (ratio === Number.POSITIVE_INFINITY ? 1 : ratio / (1 + ratio));

/**
 * @param signal whether there has to be some at every level
 * @throws SAMPLER_OPTION_RANGE, SAMPLER_OPTION_UNKNOWN, SAMPLER_SHIFT_TOKENS
 */
export function flow(options: FlowOptions = {}, signal = false): NoisePath {
  const { trainTimesteps, ...shifting } = checkOptions('The path of flow matching', FLOW_OPTIONS, {
    ...options,
  });
  const { shift, double, terminal } = shiftOf(shifting);
  const noisiest = signal ? 1 - LEAST_SHARE : 1;
  const level = (share: number): NoiseLevel => {
    const sigma = Math.min(share, noisiest);
    const alpha = 1 - sigma;
    return { alpha, sigma, ratio: sigma / alpha, variance: alpha * alpha + sigma * sigma };
  };
  const shifted = (timestep: number) => trainTimesteps * shift(timestep / trainTimesteps);
  return {
    trainTimesteps,
    firstTimestep: 1,
    lastTimestep: trainTimesteps,
    continuous: true,
    measure: 'sigma',
    levelAt: (timestep) => level(timestep / trainTimesteps),
    levelOf: (ratio) => level(shareOf(ratio)),
    levelWith: level,
    timestepAt: (ratio) => trainTimesteps * shareOf(ratio),
    place(spaced, { spacing, arrivalPoint }) {
      if (spacing === 'even') return shifted(spaced);
      if (spacing !== 'linear') return shifted(spaced + 1);
      // the cleanest level of training is a shifted one, and is shifted again, as in the program of SD 3; not so
      // where it is no step's, but where the loop arrives, as in UniPC
      const first = double && !arrivalPoint ? shifted(1) : 1;
      const share = trainTimesteps > 1 ? spaced / (trainTimesteps - 1) : 1;
      return shifted(first + share * (trainTimesteps - first));
    },
    finish(timesteps) {
      const left = 1 - timesteps.at(-1)! / trainTimesteps;
      const factor = terminal === undefined || left === 0 ? 1 : (1 - terminal) / left;
      return timesteps.map((t) => {
        const sigma = factor === 1 ? t / trainTimesteps : 1 - (1 - t / trainTimesteps) * factor;
        return trainTimesteps * Math.min(sigma, noisiest);
      });
    },
    startScale: () => 1,
  };
}
