/** `stepfold unet.onnx`: a path in place of a command. */
import fs from 'node:fs';
import { type Command, nameOf } from './command.js';
import { STANDARD_INPUT } from './standard-input.js';

/** The command line with the command that looks at what is there, and with `-` as what it stands for. */
export function withCommand(
  given: readonly string[],
  commands: readonly Command[],
): readonly string[] {
  const [first, ...rest] = given;
  if (first === COMPLETING) return given;
  if (first === 'help') return [...rest, '--help'];
  if (first === 'version') return [...rest, '--version'];
  const typed = given.map((word) => (word === '-' ? STANDARD_INPUT : word));
  const word = typed.find((text) => !text.startsWith('-'));
  const isCommand = word === undefined || commands.some((command) => nameOf(command) === word);
  return isCommand || !isPath(word) ? typed : ['propose', ...typed];
}

/** By which a shell asks how a command line may go on. */
export const COMPLETING = '--get-yargs-completions';

/** There, or written as a path is. */
const isPath = (word: string): boolean =>
  word === STANDARD_INPUT || word.endsWith('.onnx') || /[/\\]/.test(word) || fs.existsSync(word);
