/** Options of a loop that a bundle keeps: said once, when it is made. */
import { texts } from './arguments.js';
import type { Arguments } from './command.js';
import { guidanceOptions } from './loop-options.js';
import { partOptions } from './pipeline-options.js';
import { givenFlags } from './reading-flags.js';

export const keptOptions = {
  feed: texts(
    'Input from a file, or numbers: context=context.npy, guidance=3.5; others are made up',
  ),
  ...guidanceOptions,
  'embedded-guidance': partOptions['embedded-guidance'],
} as const;

const GUIDANCE = [
  'guidance',
  'guidanceMode',
  'guidanceScale',
  'guidanceInterval',
  'guidanceRescale',
  'unconditional',
] as const;

/** Those that were given, for a further command that is to keep them; of guidance nothing where its half was made up. */
export const keptFlags = (args: Partial<Arguments<typeof keptOptions>>): string[][] =>
  givenFlags(args, [...(args.unconditional ? GUIDANCE : []), 'feed', 'embeddedGuidance']);
