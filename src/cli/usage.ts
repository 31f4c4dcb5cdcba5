/**
 * What is wrong with a command line, in one sentence with the nearest right word. yargs finds the
 * fault; its wording is replaced here.
 */
import { badUsage, type StepfoldError } from '../errors/index.js';
import type { Command } from './command.js';

const nameOf = ({ command }: Command) => command.split(' ')[0]!;

/**
 * @param message what yargs says
 * @param typed the command line, without the program
 */
export function usageError(
  message: string,
  typed: readonly string[],
  commands: readonly Command[],
): StepfoldError {
  const word = typed.find((text) => !text.startsWith('-'));
  const command = commands.find((c) => nameOf(c) === word);
  if (!command) return unknownCommand(word, typed, commands);
  const name = nameOf(command);
  const help = `See \`stepfold ${name} --help\`.`;
  const [, ...positionals] = command.command.split(' ');
  const { kind, rest } = parse(message);
  switch (kind) {
    case 'unknown': {
      const [first = ''] = rest.split(', ');
      const asked = typed
        .map((text) => text.split('=')[0]!)
        .find((text) => [`--${first}`, `--no-${first}`, `-${first}`].includes(text));
      if (asked === undefined) return badUsage(`There is no place for "${first}".`, help);
      const known = [...Object.keys(command.options), 'help', 'version'].map((o) => `--${o}`);
      const near = nearest(asked, known);
      return badUsage(
        `${name} has no option ${asked}.`,
        near ? `Did you mean ${near}? ${help}` : help,
      );
    }
    case 'few':
      return badUsage(`${positionals[Number(/got (\d+)/.exec(rest)?.[1] ?? 0)]} is missing.`, help);
    case 'missing':
      return badUsage(
        `${rest
          .split(', ')
          .map((o) => `--${o}`)
          .join(' and ')} must be given.`,
        help,
      );
    case 'value': {
      // what was given may hold any character, ends of lines that are not escaped among them
      const said = /^Argument: (.+?), Given: (.+), Choices: (.+)$/s.exec(rest);
      if (!said) return badUsage(`${rest}.`, help);
      const [, option, given, choices] = said;
      const place = `<${option}>`;
      const what = positionals.includes(place) ? place : `--${option}`;
      return badUsage(`${what} cannot be ${given}.`, `Choose one of ${choices}.`);
    }
    case 'nothing':
      return badUsage(`${rest.length === 1 ? '-' : '--'}${rest} needs a value.`, help);
    case 'other':
      return badUsage(`${message.replaceAll(/\s+/g, ' ').replace(/\.?$/, '.')}`, help);
  }
}

type Kind = 'unknown' | 'few' | 'missing' | 'value' | 'nothing' | 'other';

/** The beginnings of yargs's messages. */
const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/^Unknown (?:arguments?|commands?): /, 'unknown'],
  [/^Not enough non-option arguments: /, 'few'],
  [/^Missing required arguments?: /, 'missing'],
  [/^Invalid values:\s*/, 'value'],
  [/^(?:Not enough arguments following|Missing argument values?): /, 'nothing'],
];

function parse(message: string): { kind: Kind; rest: string } {
  const found = KINDS.find(([start]) => start.test(message));
  return { kind: found?.[1] ?? 'other', rest: found ? message.replace(found[0], '') : message };
}

function unknownCommand(
  word: string | undefined,
  typed: readonly string[],
  commands: readonly Command[],
): StepfoldError {
  const names = commands.map(nameOf);
  const known = `The commands are ${names.join(', ')}; see \`stepfold --help\`.`;
  if (word === undefined)
    return badUsage(
      typed.length === 0 ? 'A command is missing.' : `A command is missing before ${typed[0]}.`,
      known,
    );
  const near = nearest(word, names);
  return badUsage(
    `There is no command "${word}".`,
    near ? `Did you mean ${near}? See \`stepfold --help\`.` : known,
  );
}

/** The word that a typing slip made of it, if it is near enough. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({ candidate, far: editDistance(word, candidate) }))
    .filter(({ candidate, far }) => far <= Math.max(1, candidate.replace(/^-+/, '').length / 3))
    .sort((a, b) => a.far - b.far);
  return best?.candidate;
}

/** Letters to insert, remove or replace (Levenshtein), one row of the table at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++)
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[to.length]!;
}
