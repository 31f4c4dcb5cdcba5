/** `stepfold passes`: what passes there are, and their options. */
import type { Argv } from 'yargs';
import { jsonOption, pluginOption } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'passes [name]';
export const describe = 'List the passes, or the options of one';

const positionals = { name: { type: 'string', describe: 'Pass to describe' } } as const;

export const options = { ...pluginOption, ...jsonOption } as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('name', positionals.name), options).epilogue(
    examples(['Its options with their meaning', 'stepfold passes deepcache']),
  );

export type PassesArguments = Arguments<typeof positionals & typeof options>;
