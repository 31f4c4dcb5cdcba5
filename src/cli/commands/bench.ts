/** `stepfold bench`: measured speed-up beside the one that the MACs promise. */
import type { Argv } from 'yargs';
import { jsonOption, shapeOptions } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'bench <bundle>';
export const describe = 'Measure a bundle and its source in alternating runs';

export const builder = (yargs: Argv) =>
  yargs
    .positional('bundle', { type: 'string', demandOption: true, describe: 'Folder of the bundle' })
    .options({
      against: { type: 'string', demandOption: true, describe: 'The source model' },
      rounds: { type: 'number', default: 7, describe: 'Counted runs of each program' },
      threads: { type: 'number', describe: "onnxruntime's threads [default: its own choice]" },
      seed: { type: 'number', default: 0, describe: 'Seed of the random inputs' },
      shape: shapeOptions.shape,
      ...jsonOption,
    })
    .example(
      '$0 bench bundle --against unet.onnx --shape sample=1x4x64x64',
      'Batch 1, 64x64 latents',
    );

export type BenchArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: BenchArguments): Promise<void> =>
  (await import('../actions/bench.js')).bench(args);
