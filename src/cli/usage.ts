/**
 * What is wrong with a command line, in one sentence with the nearest right word. yargs finds the
 * fault; its wording is replaced here.
 */
import fs from 'node:fs';
import path from 'node:path';
import { badUsage, didYouMean, nearest, type StepfoldError } from '../errors/index.js';
import { type Command, nameOf } from './command.js';
import { exampleValues } from './example-values.js';
import { similarPath } from './file-hints.js';
import { missingFrom } from './missing.js';
import { commandText } from './next.js';

/** Options by the names that they have elsewhere. */
const SAME_AS: Readonly<Record<string, string>> = {
  '--cfg': '--guidance-scale',
  '--cfg-scale': '--guidance-scale',
  '--images': '--samples',
  '--input': '--feed',
  '--num-inference-steps': '--steps',
  '--scheduler': '--sampler',
  '--source': '--against',
  '--steps': '--calls',
};

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
      const same = known.find((option) => option === SAME_AS[asked]);
      const meant = same === undefined ? didYouMean(asked, known) : `Did you mean ${same}? `;
      return badUsage(`${name} has no option ${asked}.`, `${meant}${help}`);
    }
    case 'few':
      return badUsage(`${positionals[Number(/got (\d+)/.exec(rest)?.[1] ?? 0)]} is missing.`, help);
    case 'missing':
      return missingFrom(...exampleValues(name, typed, rest.split(', ')));
    case 'value': {
      // what was given may hold any character, ends of lines that are not escaped among them
      const said = /^Argument: (.+?), Given: (.+), Choices: (.+)$/s.exec(rest);
      if (!said) return badUsage(`${rest}.`, help);
      const [, option, given, choices] = said;
      const place = `<${option}>`;
      const what = positionals.includes(place) ? place : `--${option}`;
      const known = choices!.split(', ').map((choice) => choice.replaceAll('"', ''));
      const meant = didYouMean(given!.replaceAll('"', ''), known);
      return badUsage(`${what} cannot be ${given}.`, `${meant}Choose one of ${choices}.`);
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
  const names = [...commands.map(nameOf), 'completion'];
  const known = `The commands are ${names.join(', ')}; see \`stepfold --help\`.`;
  if (word === undefined)
    return badUsage(
      typed.length === 0 ? 'A command is missing.' : `A command is missing before ${typed[0]}.`,
      known,
    );
  // a name with spaces that was not quoted comes in parts
  const whole = typed.join(' ');
  const file = fs.existsSync(whole) ? whole : similarPath(word);
  const isFile = file !== undefined && (file === whole || path.parse(file).name === word);
  const near = isFile ? undefined : nearest(word, names);
  if (near !== undefined)
    return badUsage(
      `There is no command "${word}".`,
      `Did you mean ${near}? See \`stepfold --help\`.`,
    );
  return badUsage(
    `There is no command "${word}", and no file.`,
    file === undefined ? known : `Did you mean \`${commandText([file])}\`?`,
  );
}
