/** Options that say where the steps of a loop lie. */
import { SAMPLER_NAMES } from '../runtime/samplers/index.js';
import { noiseOptions, samplerOptions, timestepOptions } from './loop-options.js';

const { levels, 'distilled-steps': distilledSteps } = samplerOptions;

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
