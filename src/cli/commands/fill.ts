/** `stepfold fill`: random weights for a model whose weights file is missing. */
import type { Argv } from 'yargs';
import { jsonOption, seedOption } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'fill <model>';
export const describe = 'Give a model without weights random ones, so that it runs';

const positionals = {
  model: { type: 'string', demandOption: true, describe: 'ONNX file without its weights' },
} as const;

export const options = {
  output: {
    alias: 'o',
    type: 'string',
    demandOption: true,
    describe: 'Folder for the model and its weights',
  },
  ...seedOption('the weights'),
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('model', positionals.model), options).epilogue(
    examples([
      'A DDPM U-Net that runs',
      'stepfold fill samples/architectures/ddpm-cifar10.onnx -o cifar',
    ]),
  );

export type FillArguments = Arguments<typeof positionals & typeof options>;
