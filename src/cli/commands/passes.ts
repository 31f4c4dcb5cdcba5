/** `stepfold passes`: what passes there are, and their options. */
import type { Argv } from 'yargs';
import { jsonOption } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'passes [name]';
export const describe = 'List the passes, or the options of one';

export const builder = (yargs: Argv) =>
  yargs
    .positional('name', { type: 'string', describe: 'Pass to describe' })
    .options(jsonOption)
    .example('$0 passes deepcache', 'Its options with their meaning');

export type PassesArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: PassesArguments): Promise<void> =>
  (await import('../actions/passes.js')).listPasses(args);
