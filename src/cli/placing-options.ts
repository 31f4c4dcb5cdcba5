/** Options that say where the steps of a loop lie. */
import { SAMPLER_NAMES } from '../runtime/samplers/index.js';
import { noiseOptions, samplerOptions, timestepOptions } from './loop-options.js';

const { sampler: _, levels, 'distilled-steps': distilledSteps, ...details } = samplerOptions;

export const placingOptions = {
  sampler: {
    choices: SAMPLER_NAMES,
    describe: 'Sampler of the loop, which forecasts by axis=timestep or log-snr ask for',
  },
  spacing: timestepOptions.spacing,
  levels,
  'distilled-steps': distilledSteps,
  ...noiseOptions,
} as const;

/** Those, and what else is said of the sampler of a loop. */
export const madeForOptions = { ...placingOptions, ...details } as const;
