/** Options of a loop that a bundle keeps: said once, when it is made. */
import { texts } from './arguments.js';
import { guidanceOptions } from './loop-options.js';
import { partOptions } from './pipeline-options.js';

export const keptOptions = {
  feed: texts(
    'Input from a file, or numbers: context=context.npy, guidance=3.5; others are made up',
  ),
  ...guidanceOptions,
  'embedded-guidance': partOptions['embedded-guidance'],
} as const;
