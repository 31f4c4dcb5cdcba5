/** `stepfold print`: a model in ONNX's standard text form. */
import type { Argv } from 'yargs';
import { jsonOption, shapeOptions } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'print <model>';
export const describe = "Print a model in ONNX's standard text form";

export const builder = (yargs: Argv) =>
  yargs
    .positional('model', { type: 'string', demandOption: true, describe: 'ONNX file' })
    .options({
      canonical: { type: 'boolean', default: false, describe: 'Print the canonical form' },
      elements: {
        type: 'number',
        default: 16,
        describe: 'Write out tensors of at most this many elements',
      },
      ...shapeOptions,
      ...jsonOption,
    })
    .example('$0 print unet.onnx --canonical', 'What analyses and passes see');

export type PrintArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: PrintArguments): Promise<void> =>
  (await import('../actions/print.js')).printCommand(args);
