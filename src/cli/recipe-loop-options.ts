/** Options of commands that name recipes for a model. */
import { MOST_CALLS } from '../compiler/pipeline/limits.js';
import { roleOptions, shapeOptions, wholeNumber } from './arguments.js';
import { pairOptions } from './loop-options.js';

export const recipeLoopOptions = {
  calls: {
    type: 'number',
    describe: 'Calls in the denoising loop [default: 50 steps; 28 for families of flow matching]',
    check: wholeNumber('calls', 1, MOST_CALLS),
  },
  ...pairOptions,
  ...shapeOptions,
  ...roleOptions,
} as const;
