/** `stepfold inspect`: what a model is, what its inputs are for, where it can be cut, and its attention. */
import type { Argv } from 'yargs';
import { TARGET_NAMES } from '../../compiler/targets/names.js';
import { jsonOption, modelArgument, roleOptions, shapeOptions } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';
import { dumpOptions } from '../dump-options.js';

export const command = 'inspect <model>';
export const describe = 'Show what a model is, what each cut would save, and its attention';

export const options = {
  ...shapeOptions,
  ...roleOptions,
  target: {
    choices: TARGET_NAMES,
    describe:
      'Say what an engine would take of the model as `transform --target` writes it, and end with 1 where it takes nothing',
  },
  explain: {
    type: 'boolean',
    default: false,
    describe: 'List what canonicalization rewrote',
  },
  ...dumpOptions,
  force: { type: 'boolean', default: false, describe: 'Replace a dump that is there' },
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('model', modelArgument.model), options).epilogue(
    examples(
      ['Skip branches, and what caching at each would save', 'stepfold inspect unet.onnx'],
      ['The same, counted for 32x32 pixels', 'stepfold inspect ddpm.onnx --shape x=1x3x32x32'],
      ['Attention modules and what they cost', 'stepfold inspect dit.onnx'],
      [
        'What WebNN would not take of it',
        'stepfold inspect unet.onnx --target webnn \\\n  --freeze batch=2 --freeze height=64 --freeze width=64',
      ],
    ),
  );

export type InspectArguments = Arguments<typeof modelArgument & typeof options>;
