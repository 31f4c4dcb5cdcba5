/** `stepfold MODEL`: what a model is, and which commands fit it. */
import type { Argv } from 'yargs';
import { jsonOption } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';
import { recipeLoopOptions } from '../recipe-loop-options.js';

export const command = 'propose <model>';
export const describe = 'Say what a model is and which commands fit it: `stepfold MODEL` does so';

const positionals = {
  model: { type: 'string', demandOption: true, describe: 'ONNX file, pipeline or bundle' },
} as const;

export const options = { ...recipeLoopOptions, ...jsonOption } as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('model', positionals.model), options).epilogue(
    examples(
      ['A model that was exported just now', 'stepfold unet.onnx'],
      ['A whole pipeline, in a loop of 30 calls', 'stepfold propose sd15 --calls 30'],
    ),
  );

export type ProposeArguments = Arguments<typeof positionals & typeof options>;
