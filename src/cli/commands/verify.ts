/** `stepfold verify`: proof that a bundle computes what it should. */
import type { Argv } from 'yargs';
import {
  bundleArgument,
  jsonOption,
  number,
  pluginOption,
  seedOption,
  shapeOptions,
  sourceOption,
} from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'verify <bundle>';
export const describe = 'Check in onnxruntime that a bundle computes what it should';

export const options = {
  ...sourceOption,
  ...seedOption('the random inputs'),
  tolerance: {
    type: 'number',
    describe:
      'Largest relative difference that passes where arithmetic differs (by default 1e-5; 1e-2 where tensors are float16, 2e-1 where activations are quantized); all else is held to the bit',
    check: number('tolerance'),
  },
  optimization: {
    choices: ['disabled', 'all', 'both'],
    default: 'both',
    describe: "onnxruntime's graph optimization to check under",
  },
  shape: shapeOptions.shape,
  'allow-unproved': {
    type: 'boolean',
    default: false,
    describe: 'Let pass what could not be compared, such as strategies that no pass explains',
  },
  ...pluginOption,
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('bundle', bundleArgument.bundle), options).epilogue(
    examples(
      [
        'Exits with 1 when a check fails, or something was not proved',
        'stepfold verify bundle --against unet.onnx',
      ],
      [
        'With inputs of that shape; where no size is said, a small picture is proved',
        'stepfold verify bundle --against unet.onnx --shape sample=2x4x64x64',
      ],
    ),
  );

export type VerifyArguments = Arguments<typeof bundleArgument & typeof options>;
