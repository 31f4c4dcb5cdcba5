/** `stepfold plan`: a plan as a heat map. */
import type { Argv } from 'yargs';
import { jsonOption, pluginOption } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'plan <plan>';
export const describe = 'Show a plan: which strategy each site has at each call';

const positionals = {
  plan: {
    type: 'string',
    demandOption: true,
    describe: 'plan.json, schedule.json, bundle or pipeline',
  },
} as const;

export const options = {
  svg: { type: 'string', describe: 'Write the heat map to this file as a picture, too' },
  force: { type: 'boolean', default: false, describe: 'Replace a picture that is there' },
  ...pluginOption,
  ...jsonOption,
} as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('plan', positionals.plan), options).epilogue(
    examples(
      ['What a search has found', 'stepfold plan plan.json'],
      ['What a bundle was made from, as a picture', 'stepfold plan bundle --svg plan.svg'],
    ),
  );

export type PlanArguments = Arguments<typeof positionals & typeof options>;
