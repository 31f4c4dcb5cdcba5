/** `stepfold transform`: a model and passes in, a bundle out. */
import type { Argv } from 'yargs';
import { WEIGHTS_MODES } from '../../compiler/emit/modes.js';
import { EMIT_FORMS } from '../../compiler/lower/lowered.js';
import { MOST_CALLS } from '../../compiler/pipeline/limits.js';
import { TARGET_NAMES } from '../../compiler/targets/names.js';
import {
  jsonOption,
  modelArgument,
  pluginOption,
  roleOptions,
  shapeOptions,
  texts,
  wholeNumber,
} from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';
import { dumpOptions } from '../dump-options.js';
import { keptOptions } from '../kept-options.js';
import { madeForOptions } from '../placing-options.js';

export const command = 'transform <model>';
export const describe = 'Write a bundle: models and the schedule that runs them';

export const options = {
  output: { alias: 'o', type: 'string', describe: 'Folder for the bundle [required]' },
  pass: texts('Pass with its options: deepcache:branch=2,interval=3'),
  recipe: {
    type: 'string',
    describe:
      "exact, balanced, fast, or another of the model's family: `stepfold recipes` lists them",
  },
  ...pluginOption,
  calls: {
    type: 'number',
    describe: 'Calls in the denoising loop',
    check: wholeNumber('calls', 1, MOST_CALLS),
  },
  start: {
    type: 'number',
    describe:
      'Steps before these calls that the loop leaves out: 12 with --calls 18 for the last 18 of 30 [default: 0]',
    check: wholeNumber('start', 0, MOST_CALLS),
  },
  'fixed-loop': {
    type: 'boolean',
    default: false,
    describe: 'List the calls of this loop alone, and refuse any other number of steps or start',
  },
  config: { type: 'string', describe: 'pipeline.json with passes and options' },
  plan: {
    type: 'string',
    describe:
      'plan.json: the strategy of each site at each call, and passes and calls where they are not given; of another number of calls, it is placed in this loop',
  },
  timesteps: {
    type: 'string',
    describe: 'timesteps.json that the loop will run on: written into the schedule, for `run`',
  },
  'max-programs': {
    type: 'number',
    describe: 'Group calls into so many programs, none less exact than planned',
    check: wholeNumber('max-programs', 1),
  },
  emit: {
    choices: EMIT_FORMS,
    describe:
      'How programs become models [default: split for up to 3 different calls that share few weights, else merged]',
  },
  decode: {
    type: 'string',
    bare: true,
    describe:
      "With --emit loop: a decoder whose pictures the loop gives too; without a file, the pipeline folder's own",
  },
  target: {
    choices: TARGET_NAMES,
    describe:
      'Rewrite the models for one engine, equal up to rounding, and no longer for any other: faster on a CPU, or in what an engine with limits takes',
  },
  weights: {
    choices: WEIGHTS_MODES,
    describe:
      'Hard-link the weights, clone or copy them, or write only those that are read [default: link]',
  },
  'hash-weights': {
    type: 'boolean',
    default: false,
    describe: 'Record the hash of whole weights files over 64 MiB too, for verify: reads them once',
  },
  force: {
    type: 'boolean',
    default: false,
    describe: 'Replace a bundle, or a dump, that is there',
  },
  ...keptOptions,
  ...madeForOptions,
  ...shapeOptions,
  ...roleOptions,
  ...dumpOptions,
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('model', modelArgument.model), options)
    .group(['output', 'recipe', 'pass', 'calls', 'plan', 'target', 'force'], 'Most used:')
    .group(
      Object.keys(keptOptions),
      'Guidance and inputs, which the bundle keeps for whoever runs it:',
    )
    .group(Object.keys({ ...shapeOptions, ...roleOptions }), 'The model:')
    .group(Object.keys(madeForOptions), 'The loop that it is for, which it then takes by default:')
    .epilogue(
      examples(
        ['Which settings fit this model', 'stepfold transform unet.onnx'],
        [
          'One of them, by its name',
          'stepfold transform unet.onnx --calls 50 --recipe balanced -o bundle',
        ],
        [
          'One full call, two shallow ones, and so on',
          'stepfold transform unet.onnx --calls 50 -o bundle \\\n  --pass deepcache:branch=2,interval=3',
        ],
        [
          'Full calls crowd around call 15',
          'stepfold transform unet.onnx --calls 50 -o bundle \\\n  --pass deepcache:branch=1,interval=5,center=15,power=1.4',
        ],
        [
          'Full calls listed; one model with an If',
          'stepfold transform unet.onnx --calls 20 -o bundle --emit merged \\\n  --pass deepcache:branch=2,full=0+5+12',
        ],
        [
          'The model as it is, faster in onnxruntime on a CPU',
          'stepfold transform unet.onnx --calls 50 --target onnxruntime-cpu -o bundle',
        ],
        [
          'For WebNN, which takes fixed sizes alone',
          'stepfold transform unet.onnx --calls 50 --target webnn -o bundle \\\n  --pass deepcache:branch=2,interval=3 --freeze batch=2',
        ],
        [
          'What becomes of the graph, stage by stage',
          'stepfold transform unet.onnx --calls 50 -o bundle --dump stages \\\n  --pass deepcache:branch=2,interval=3',
        ],
        [
          'A plan that was searched, in at most four programs',
          'stepfold transform dit.onnx --plan plan.json --max-programs 4 -o bundle',
        ],
      ),
    );

export type TransformArguments = Arguments<typeof modelArgument & typeof options>;
