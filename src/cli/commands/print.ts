/** `stepfold print`: a model in ONNX's standard text form. */
import type { Argv } from 'yargs';
import { jsonOption, modelArgument, shapeOptions, wholeNumber } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'print <model>';
export const describe = "Print a model in ONNX's standard text form";

export const options = {
  canonical: { type: 'boolean', default: false, describe: 'Print the canonical form' },
  elements: {
    type: 'number',
    default: 16,
    describe: 'Write out tensors of at most this many elements',
    check: wholeNumber('elements', 0),
  },
  ...shapeOptions,
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('model', modelArgument.model), options).epilogue(
    examples(['What analyses and passes see', 'stepfold print unet.onnx --canonical']),
  );

export type PrintArguments = Arguments<typeof modelArgument & typeof options>;
