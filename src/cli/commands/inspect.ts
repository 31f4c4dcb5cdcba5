/** `stepfold inspect`: what a model is, what its inputs are for, and what each cut would save. */
import type { Argv } from 'yargs';
import { jsonOption, roleOptions, shapeOptions } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'inspect <model>';
export const describe = 'Show what a model is and what each cut would save';

export const builder = (yargs: Argv) =>
  yargs
    .positional('model', { type: 'string', demandOption: true, describe: 'ONNX file' })
    .options({
      ...shapeOptions,
      ...roleOptions,
      explain: {
        type: 'boolean',
        default: false,
        describe: 'List what canonicalization rewrote',
      },
      ...jsonOption,
    })
    .example('$0 inspect unet.onnx', 'Skip branches and what caching at each would save')
    .example('$0 inspect ddpm.onnx --shape x=1x3x32x32', 'The same, counted for 32x32 pixels');

export type InspectArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: InspectArguments): Promise<void> =>
  (await import('../actions/inspect.js')).inspect(args);
