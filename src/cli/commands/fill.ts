/** `stepfold fill`: random weights for a model whose weights file is missing. */
import type { Argv } from 'yargs';
import { jsonOption } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'fill <model>';
export const describe = 'Give a model without weights random ones, so that it runs';

export const builder = (yargs: Argv) =>
  yargs
    .positional('model', {
      type: 'string',
      demandOption: true,
      describe: 'ONNX file without its weights',
    })
    .options({
      output: {
        alias: 'o',
        type: 'string',
        demandOption: true,
        describe: 'Folder for the model and its weights',
      },
      seed: { type: 'number', default: 0, describe: 'Seed of the weights' },
      ...jsonOption,
    })
    .example('$0 fill samples/architectures/ddpm-cifar10.onnx -o cifar', 'A DDPM U-Net that runs');

export type FillArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: FillArguments): Promise<void> =>
  (await import('../actions/fill.js')).fill(args);
