/** `stepfold costs`: what `stepfold tune` has to know of the machine that its answer is for. */
import type { Argv } from 'yargs';
import {
  jsonOption,
  modelArgument,
  pluginOption,
  roleOptions,
  shapeOptions,
  texts,
  threadsOption,
} from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';
import { pairOptions } from '../loop-options.js';

export const command = 'costs <model>';
export const describe = 'Measure what steps cost on this machine, for `stepfold tune` on another';

export const options = {
  output: { alias: 'o', type: 'string', demandOption: true, describe: 'File of costs to write' },
  try: texts('Passes to measure alone [default: all that the model has a place for]'),
  machine: { type: 'string', describe: 'Name of this machine [default: its processors]' },
  ...threadsOption,
  ...pairOptions,
  ...shapeOptions,
  ...roleOptions,
  ...pluginOption,
  force: { type: 'boolean', default: false, describe: 'Replace a file that is there' },
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('model', modelArgument.model), options).epilogue(
    [
      examples([
        'On the machine that the pictures are to be made on',
        'stepfold costs unet.onnx --guidance uncond-first -o costs.json',
      ]),
      'On the machine that searches, `stepfold tune` takes the file as its cost.',
    ].join('\n\n'),
  );

export type CostsArguments = Arguments<typeof modelArgument & typeof options>;
