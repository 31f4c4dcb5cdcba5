/** Options that ask a bundle for a loop. */
import { wholeNumber } from './arguments.js';
import { timestepOptions } from './loop-options.js';
import { placingOptions } from './placing-options.js';

export const stepsOption = {
  steps: {
    type: 'number',
    describe: "Steps of the loop [default: the bundle's]",
    check: wholeNumber('steps', 1),
  },
} as const;

export const startOption = {
  start: {
    type: 'number',
    describe: 'First step that is taken, from 0: above 0 as from image to image [default: 0]',
    check: wholeNumber('start', 0),
  },
} as const;

/** Of a loop that is not run as one, and need not have a sampler. */
export const askedLoopOptions = {
  ...stepsOption,
  ...startOption,
  ...placingOptions,
  timesteps: timestepOptions.timesteps,
} as const;
