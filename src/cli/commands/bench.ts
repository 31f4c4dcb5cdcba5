/** `stepfold bench`: measured speed-up beside the one that the MACs promise. */
import type { Argv } from 'yargs';
import { jsonOption, seedOption, shapeOptions, wholeNumber } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'bench <bundle>';
export const describe = 'Measure a bundle and its source in alternating runs';

const positionals = {
  bundle: {
    type: 'string',
    demandOption: true,
    describe: 'Folder of the bundle, or of its pipeline',
  },
} as const;

export const options = {
  against: {
    type: 'string',
    demandOption: true,
    describe: 'The source: its ONNX file, or folder of its pipeline',
  },
  rounds: {
    type: 'number',
    default: 7,
    describe: 'Counted turns of source and bundle',
    check: wholeNumber('rounds', 1),
  },
  threads: {
    type: 'number',
    describe: "onnxruntime's threads [default: its own choice]",
    check: wholeNumber('threads', 1, 1024),
  },
  ...seedOption('the random inputs'),
  shape: shapeOptions.shape,
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('bundle', positionals.bundle), options).epilogue(
    examples([
      'Batch 1, 64x64 latents',
      'stepfold bench bundle --against unet.onnx --shape sample=1x4x64x64',
    ]),
  );

export type BenchArguments = Arguments<typeof positionals & typeof options>;
