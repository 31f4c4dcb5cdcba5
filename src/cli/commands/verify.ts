/** `stepfold verify`: proof that a bundle computes what it should. */
import type { Argv } from 'yargs';
import { jsonOption, shapeOptions } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'verify <bundle>';
export const describe = 'Check in onnxruntime that a bundle computes what it should';

export const builder = (yargs: Argv) =>
  yargs
    .positional('bundle', { type: 'string', demandOption: true, describe: 'Folder of the bundle' })
    .options({
      against: { type: 'string', demandOption: true, describe: 'The source model' },
      seed: { type: 'number', default: 0, describe: 'Seed of the random inputs' },
      tolerance: {
        type: 'number',
        default: 1e-5,
        describe: 'Largest relative difference that passes',
      },
      optimization: {
        choices: ['disabled', 'all', 'both'] as const,
        default: 'both' as const,
        describe: "onnxruntime's graph optimization to check under",
      },
      shape: shapeOptions.shape,
      ...jsonOption,
    })
    .example('$0 verify bundle --against unet.onnx', 'Exits with 1 when a check fails')
    .example(
      '$0 verify bundle --against unet.onnx --shape sample=2x4x64x64',
      'With inputs of that shape',
    );

export type VerifyArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: VerifyArguments): Promise<void> =>
  (await import('../actions/verify.js')).verify(args);
