/** `stepfold diff`: what two models differ in, by structure. */
import type { Argv } from 'yargs';
import { jsonOption, wholeNumber } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'diff <before> <after>';
export const describe = 'Compare two models by structure, whatever their nodes are called';

const positionals = {
  before: { type: 'string', demandOption: true, describe: 'ONNX file, or folder of a pipeline' },
  after: { type: 'string', demandOption: true, describe: 'The same, to compare it with' },
} as const;

export const options = {
  canonical: {
    type: 'boolean',
    default: false,
    describe: 'Compare the canonical forms, in which exporters differ less',
  },
  nodes: {
    type: 'number',
    default: 12,
    describe: 'List at most this many nodes of a region; 0 lists all',
    check: wholeNumber('nodes', 0),
  },
  output: { alias: 'o', type: 'string', describe: 'Write a page with the regions drawn' },
  force: { type: 'boolean', default: false, describe: 'Replace a page that is there' },
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(
    yargs.positional('before', positionals.before).positional('after', positionals.after),
    options,
  ).epilogue(
    [
      examples(
        [
          'What a program leaves out of its source',
          'stepfold diff unet.onnx bundle/shallow.onnx --canonical',
        ],
        ['Two exports, as pictures', 'stepfold diff old.onnx new.onnx -o diff.html'],
      ),
      '',
      'Exit status: 0 the same, 1 different, 2 bad usage or bad input.',
    ].join('\n'),
  );

export type DiffArguments = Arguments<typeof positionals & typeof options>;
