/**
 * A model on standard input: `cat unet.onnx | stepfold inspect -`. Models are read at many places and more than once, so
 * that it is written to a file first, which is gone when the command has ended.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inputIsTerminal } from '../errors/index.js';

/** As it is called in what is printed; `-` on the command line, of which yargs would make an empty word. */
export const STANDARD_INPUT = '<standard input>';

/**
 * Does something with a file: the one that was given, or what comes in.
 * @throws CLI_ARGUMENT where somebody would have to type it
 */
export async function withModelFile<T>(
  given: string,
  use: (file: string) => Promise<T>,
): Promise<T> {
  if (given !== STANDARD_INPUT) return use(given);
  if (process.stdin.isTTY) throw inputIsTerminal();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-input-'));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  // also where the command is interrupted
  process.once('exit', remove);
  const interrupt = () => process.exit(130);
  process.once('SIGINT', interrupt);
  try {
    const file = path.join(folder, 'model.onnx');
    await pipeline(process.stdin, fs.createWriteStream(file));
    return await use(file);
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('exit', remove);
    remove();
  }
}
