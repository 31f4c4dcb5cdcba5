/** `stepfold unet.onnx`: a path in place of a command. */
import fs from 'node:fs';
import { type Command, nameOf } from './command.js';

/** The command line with the command that looks at what is there. */
export function withCommand(
  typed: readonly string[],
  commands: readonly Command[],
): readonly string[] {
  const word = typed.find((text) => !text.startsWith('-'));
  const isCommand = word === undefined || commands.some((command) => nameOf(command) === word);
  return isCommand || !isPath(word) ? typed : ['propose', ...typed];
}

/** There, or written as a path is. */
const isPath = (word: string): boolean =>
  word.endsWith('.onnx') || /[/\\]/.test(word) || fs.existsSync(word);
