/** `stepfold recipes`: settings of published families, each with its source. */
import type { Argv } from 'yargs';
import { jsonOption } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';
import { recipeLoopOptions } from '../recipe-loop-options.js';

export const command = 'recipes [model]';
export const describe = 'List settings of published model families, or those for a model';

const positionals = {
  model: { type: 'string', describe: 'ONNX file, or folder of a pipeline' },
} as const;

export const options = { ...recipeLoopOptions, ...jsonOption } as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('model', positionals.model), options).epilogue(
    examples(
      ['Every family, with its recipes', 'stepfold recipes'],
      ['Which family a model is of, and its settings', 'stepfold recipes unet.onnx --calls 30'],
      [
        'One of them, in a bundle',
        'stepfold transform unet.onnx --recipe balanced --calls 30 -o bundle',
      ],
    ),
  );

export type RecipesArguments = Arguments<typeof positionals & typeof options>;
