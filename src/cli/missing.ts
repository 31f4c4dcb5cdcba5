/** What a command line lacks, with the command line that has it. */
import { hideBin } from 'yargs/helpers';
import { missingOptions, type StepfoldError } from '../errors/index.js';
import { commandText } from './next.js';

/** As it was typed, without the program. */
export const typedWords = (): readonly string[] => hideBin(process.argv);

/** @param missing options with values as they could have, by name */
export const missingFrom = (
  typed: readonly string[],
  missing: Readonly<Record<string, string>>,
): StepfoldError => {
  const flags = Object.entries(missing).flatMap(([name, value]) =>
    name === 'output' ? ['-o', value] : [`--${name}`, value],
  );
  return missingOptions(
    Object.keys(missing).map((name) => `--${name}`),
    commandText([...typed, ...flags]),
  );
};
