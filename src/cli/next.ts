/** Command lines that are printed for people to copy: quoted for a shell, by the name that the program was started by. */
import { printText } from './output.js';
import { shellWord } from './shell.js';

/**
 * `stepfold`, or as npx has it where nothing is installed for good. Other scripts that npx runs may run this, so that
 * what it was asked to run counts.
 */
function programWords(): string[] {
  const { npm_lifecycle_event: event, npm_lifecycle_script: script = '' } = process.env;
  const isNpx = event === 'npx' && /^["']?stepfold["']?( |$)/.test(script);
  return isNpx ? ['npx', 'stepfold'] : ['stepfold'];
}

/** A command line of the program, without its name. */
export const commandText = (words: readonly string[]): string =>
  [...programWords(), ...words].map(shellWord).join(' ');

const WIDTH = 78;

/**
 * The same in lines that fit a terminal, broken between options.
 * @param pieces what stays together, the command itself first
 */
export function brokenCommand(pieces: readonly (readonly string[])[], indent = '  '): string {
  const [first = [], ...others] = pieces;
  const lines = [`${indent}${commandText(first)}`];
  for (const piece of others) {
    const text = piece.map(shellWord).join(' ');
    const last = lines.length - 1;
    if (lines[last]!.length + 1 + text.length <= WIDTH) lines[last] += ` ${text}`;
    else lines.push(`${indent}  ${text}`);
  }
  return lines.join(' \\\n');
}

/** The last line of a command that went well: the one that comes after it. */
export const printNext = (...words: readonly string[]): void =>
  printText(`Next: ${commandText(words)}`);
