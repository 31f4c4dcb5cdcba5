/** `stepfold export`: a bundle as what a server reads. */
import type { Argv } from 'yargs';
import { WEIGHTS_MODES } from '../../compiler/emit/modes.js';
import { bundleArgument, jsonOption, texts, wholeNumber } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'export <kind> <bundle>';
export const describe = 'Write a bundle as a model for a server: a repository for Triton';

const positionals = {
  kind: {
    choices: ['triton'],
    demandOption: true,
    describe: 'triton: a model repository for its onnxruntime backend',
  },
  ...bundleArgument,
} as const;

const sequenceOptions = {
  sequences: {
    type: 'number',
    describe: 'Images under way at a time, each a sequence of requests [default: 4]',
    check: wholeNumber('sequences', 1, 2 ** 31 - 1),
  },
  idle: {
    type: 'number',
    describe:
      'Seconds between two requests behind which Triton gives a sequence up, the time of a call among them [default: 60]',
    check: wholeNumber('idle', 1, 10 ** 6),
  },
} as const;

const loopOptions = {
  'max-batch': {
    type: 'number',
    describe: 'Images that requests are joined to, where every input has rows [default: 4]',
    check: wholeNumber('max-batch', 1, 2 ** 31 - 1),
  },
  'warm-up': {
    type: 'boolean',
    describe: 'Make an image of zeros before the model is served [default: yes]',
  },
  size: texts('Size of that image: height=64'),
} as const;

export const options = {
  output: {
    alias: 'o',
    type: 'string',
    demandOption: true,
    describe: 'Folder of the repository; other models in it stay',
  },
  name: { type: 'string', describe: "The model's name [default: that of the bundle's folder]" },
  weights: {
    choices: WEIGHTS_MODES,
    describe:
      'Hard-link the weights, clone or copy them, or write only those that are read [default: link]',
  },
  ...sequenceOptions,
  ...loopOptions,
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(
    yargs.positional('kind', positionals.kind).positional('bundle', positionals.bundle),
    options,
  )
    .group(Object.keys(sequenceOptions), 'A bundle of the form stateful, a request for each call:')
    .group(Object.keys(loopOptions), 'A bundle of the form loop, a request for each image:')
    .epilogue(
      examples(
        [
          'A call at a time, of a bundle of the form stateful',
          'stepfold export triton sd15 -o repository',
        ],
        [
          'Longer images, and more of them at a time',
          'stepfold export triton sd15 -o repository --idle 300 --sequences 16',
        ],
        [
          'Whole loops in batches, of a bundle of the form loop',
          'stepfold export triton sd15-loop -o repository --max-batch 8',
        ],
      ),
    );

export type ExportArguments = Arguments<typeof positionals & typeof options>;
