/** `stepfold bench`: measured speed-up beside the one that the MACs promise. */
import type { Argv } from 'yargs';
import {
  bundleArgument,
  jsonOption,
  seedOption,
  shapeOptions,
  sourceOption,
  threadsOption,
  wholeNumber,
} from '../arguments.js';
import { askedLoopOptions } from '../asked-loop-options.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'bench <bundle>';
export const describe = 'Measure a bundle and its source in alternating runs';

const own = {
  ...sourceOption,
  rounds: {
    type: 'number',
    default: 7,
    describe: 'Counted turns of source and bundle',
    check: wholeNumber('rounds', 1),
  },
  ...threadsOption,
  ...seedOption('the random inputs'),
  shape: shapeOptions.shape,
  ...jsonOption,
} as const;

export const options = { ...own, ...askedLoopOptions } as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('bundle', bundleArgument.bundle), options)
    .group(Object.keys(own), 'Measuring:')
    .group(Object.keys(askedLoopOptions), 'The loop:')
    .epilogue(
      examples(
        [
          'Batch 1, 64x64 latents',
          'stepfold bench bundle --against unet.onnx --shape sample=1x4x64x64',
        ],
        [
          'From image to image: the last 18 of 30 steps',
          'stepfold bench bundle --against unet.onnx --steps 30 --start 12',
        ],
      ),
    );

export type BenchArguments = Arguments<typeof bundleArgument & typeof options>;
