/** `stepfold tune`: finds what is fastest at the least error, on the user's own model and machine. */
import type { Argv } from 'yargs';
import { ERROR_TO } from '../../evidence/tune/error-to.js';
import {
  jsonOption,
  modelArgument,
  number,
  pluginOption,
  queueOption,
  texts,
  threadsOption,
  wholeNumber,
} from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';
import { timestepOptions } from '../loop-options.js';
import {
  groupSearchWithParts,
  searchInputs,
  searchLoop,
  searchWithParts,
} from '../search-options.js';

export const command = 'tune <model>';
export const describe = 'Find the fastest way to the same pictures, and write it as a bundle';

const search = {
  output: { alias: 'o', type: 'string', demandOption: true, describe: 'Bundle to write' },
  speedup: {
    type: 'number',
    describe: 'So many times as fast, at the least error that can be found [default: 2]',
    check: number('speedup'),
  },
  error: {
    type: 'string',
    describe: 'As fast as it gets with no more error than this, such as 40dB',
  },
  to: {
    choices: ERROR_TO,
    default: 'converged',
    describe: 'Error to the pictures of very many steps, or to those of the loop as it is',
  },
  steps: {
    type: 'number',
    describe: 'Steps of the loop as it is [default: 50; 28 for flow matching]',
    check: wholeNumber('steps', 1),
  },
  cost: {
    type: 'string',
    default: 'measured',
    describe:
      'What counts as fast: time on this machine (measured), multiply-accumulates (macs), or time on another, in a file that `stepfold costs` wrote there',
  },
  try: texts('Passes to try alone [default: all that the model has a place for]'),
  ...pluginOption,
  minutes: {
    type: 'number',
    describe:
      'Ends the search after so many; without a goal: all speeds from 1.5 to 6 times, as far as it comes',
    check: number('minutes'),
  },
  force: { type: 'boolean', default: false, describe: 'Replace a bundle that is there' },
  restart: {
    type: 'boolean',
    default: false,
    describe: 'Drop what an interrupted search has left, and begin anew',
  },
  work: {
    type: 'string',
    describe:
      'Folder of trials, to share with `stepfold work` and to keep for other goals [default: beside the bundle, removed at the end]',
  },
  queue: queueOption,
  ...threadsOption,
  page: { type: 'string', describe: 'HTML page of all that was tried' },
  ...jsonOption,
} as const;

const loop = { ...searchLoop(16), ...timestepOptions } as const;

const inputs = {
  ...searchInputs,
  recorded: texts('Refused here, as second models are: see `stepfold calibrate`'),
} as const;

const parts = { search, loop, inputs };

export const options = searchWithParts(parts);

export const builder = (yargs: Argv) =>
  groupSearchWithParts(
    addOptions(yargs.positional('model', modelArgument.model), options),
    parts,
  ).epilogue(
    [
      examples(
        ['Twice as fast, whatever does it best', 'stepfold tune unet.onnx --speedup 2 -o bundle'],
        [
          'As fast as 40 dB allow, in the loop that is in use, with guidance',
          'stepfold tune dit.onnx --error 40dB --sampler dpm++2m --steps 30 -o bundle \\\n  --guidance cond-first --guidance-scale 4 --unconditional y=null.npy',
        ],
        ['The bundle in use', 'stepfold run bundle -o out'],
      ),
      'An interrupted search goes on where it was when the same command is given again.',
    ].join('\n\n'),
  );

export type TuneArguments = Arguments<typeof modelArgument & typeof options>;
