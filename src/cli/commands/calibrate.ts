/** `stepfold calibrate`: finds the plan of a pass on a denoising loop. */
import type { Argv } from 'yargs';
import { MOST_CALLS } from '../../compiler/pipeline/limits.js';
import { PLACEMENT_RULES } from '../../evidence/calibrate/full-calls/placement-rules.js';
import {
  jsonOption,
  modelArgument,
  number,
  pluginOption,
  texts,
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

export const command = 'calibrate <model>';
export const describe = 'Find the plan of a pass: what each site does at each call';

const search = {
  output: { alias: 'o', type: 'string', demandOption: true, describe: 'Plan file to write' },
  pass: {
    ...texts('The pass with its options: ditfastattn:threshold=D3,window=1/8'),
    demandOption: true,
  },
  ...pluginOption,
  calls: {
    type: 'number',
    demandOption: true,
    describe: 'Calls in the denoising loop',
    check: wholeNumber('calls', 1, MOST_CALLS),
  },
  search: {
    choices: ['segments', 'plain'],
    default: 'segments',
    describe: 'Run only what a candidate changes, or the whole model each time; same plan',
  },
  'full-calls': {
    type: 'number',
    describe:
      'For passes whose plan says which steps are full: so many of them, found by where loops end',
    check: wholeNumber('full-calls', 1, MOST_CALLS),
  },
  rule: {
    choices: PLACEMENT_RULES,
    describe: 'How full steps are found [default: end-error]',
  },
  threshold: {
    type: 'number',
    describe: 'With --rule magcache or smoothcache: their threshold, in place of --full-calls',
    check: number('threshold'),
  },
  yardstick: {
    type: 'boolean',
    describe: 'Beside full steps that were found: fewer steps at the same cost [default: true]',
  },
  force: { type: 'boolean', default: false, describe: 'Replace a plan that is there' },
  restart: {
    type: 'boolean',
    default: false,
    describe: 'Drop what an interrupted search has left, and begin anew',
  },
  ...jsonOption,
} as const;

const loop = {
  ...searchLoop(8),
  ...timestepOptions,
} as const;

const inputs = {
  ...searchInputs,
  recorded: texts('Input recorded from a real loop, with a first axis of calls; no sampler runs'),
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
        [
          'With guidance, the null class as the unconditional half',
          'stepfold calibrate dit.onnx --pass ditfastattn:threshold=D3 --calls 20 -o plan.json \\\n  --guidance cond-first --guidance-scale 4 --unconditional y=null.npy',
        ],
        [
          'On the inputs of a real loop',
          'stepfold calibrate dit.onnx --pass ditfastattn --calls 20 -o plan.json \\\n  --recorded x=x.npy --recorded t=t.npy --recorded y=y.npy',
        ],
        [
          'The 14 steps of 50 at which a forecast needs the model',
          'stepfold calibrate unet.onnx --pass forecast --full-calls 14 --calls 50 -o plan.json',
        ],
        ['The plan in use', 'stepfold transform dit.onnx --plan plan.json -o bundle'],
      ),
      'An interrupted search goes on where it was when the same command is given again.',
    ].join('\n\n'),
  );

export type CalibrateArguments = Arguments<typeof modelArgument & typeof options>;
