/** What a shell may complete a command line with, beside what yargs knows of commands, options and their choices. */
import type { Command } from './command.js';
import { nameOf } from './command.js';

/** Commands whose positional argument is the name of a pass. */
const OF_PASSES = ['passes'];
/** Options whose value begins with the name of a pass. */
const PASS_OPTIONS = ['--pass', '--try'];
const RECIPES = ['exact', 'balanced', 'fast'];

/**
 * @param words that were typed, the program first and what is being typed last
 * @returns nothing where yargs knows; none where it is a file, which the shell knows
 */
export async function completions(
  words: readonly string[],
  commands: readonly Command[],
): Promise<readonly string[] | undefined> {
  const current = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  const command = commands.find((one) => words.slice(1, -1).includes(nameOf(one)));
  if (!command || current.startsWith('-')) return undefined;
  const isPass =
    PASS_OPTIONS.includes(before) ||
    (OF_PASSES.includes(nameOf(command)) && before === nameOf(command));
  if (isPass) return Object.keys((await import('../../passes/table.js')).passes);
  if (before === '--recipe') return RECIPES;
  const option = command.options[before.replace(/^--/, '')];
  if (option?.choices || nameOf(command) === 'export') return undefined;
  return [];
}
