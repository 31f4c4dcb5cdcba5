/** Options that several commands share, and how their values are read. */
import fs from 'node:fs';
import type { Tensor } from 'onnxruntime-common';
import { badPair, badShape, badSize, cannotRead, fileNotFound } from '../errors/index.js';
import { readNpy } from '../io/npy.js';
import { loadOrt } from '../measure/engine.js';
import type { Feeds } from '../measure/feeds.js';

export const jsonOption = {
  json: { type: 'boolean', default: false, describe: 'Print JSON and nothing else' },
} as const;

export const shapeOptions = {
  shape: {
    type: 'string',
    array: true,
    nargs: 1,
    default: [] as string[],
    describe: 'Fix the shape of an input: sample=2x4x64x64 (repeatable)',
  },
  freeze: {
    type: 'string',
    array: true,
    nargs: 1,
    default: [] as string[],
    describe: 'Fix a symbolic dimension: batch=2 (repeatable)',
  },
} as const;

export const roleOptions = {
  latent: { type: 'string', describe: 'Name of the latent input, where it is not found' },
  timestep: { type: 'string', describe: 'Name of the timestep input, where it is not found' },
} as const;

/** `name=value`; the name may itself hold `=` signs, the value never does. */
function splitPair(flag: string, text: string, example: string): [string, string] {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw badPair(flag, text, example);
  return [text.slice(0, at), text.slice(at + 1)];
}

export function readShapes(list: readonly string[]): Record<string, number[]> {
  return Object.fromEntries(
    list.map((text) => {
      const [name, value] = splitPair('shape', text, 'sample=2x4x64x64');
      const sizes = value.split(/[x,]/).map(Number);
      if (!sizes.every((n) => Number.isInteger(n) && n >= 1)) throw badShape(text);
      return [name, sizes];
    }),
  );
}

export function readSizes(flag: string, list: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    list.map((text) => {
      const [name, value] = splitPair(flag, text, 'batch=2');
      const size = Number(value);
      if (!Number.isInteger(size) || size < 1) throw badSize(flag, text);
      return [name, size];
    }),
  );
}

/** Reads `name=file.npy` pairs into tensors. */
export async function readFeeds(flag: string, list: readonly string[]): Promise<Feeds> {
  const ort = list.length > 0 ? await loadOrt() : undefined;
  return Object.fromEntries(
    list.map((text) => {
      const [name, file] = splitPair(flag, text, 'context=context.npy');
      const { type, data, dims } = readNpy(readFile(file), file);
      return [name, new ort!.Tensor(type as never, data as never, dims) as unknown as Tensor];
    }),
  );
}

export function readFile(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'ENOENT' ? fileNotFound(file) : cannotRead(file, message);
  }
}
