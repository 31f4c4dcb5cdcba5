/** Options that several commands share, and how their values are read. */
import type { Tensor } from 'onnxruntime-common';
import {
  badNumber,
  badPair,
  badShape,
  badSize,
  badWholeNumber,
  givenTwice,
} from '../errors/index.js';
import { loadOrt } from '../evidence/measure/engine.js';
import type { Feeds } from '../evidence/measure/feeds.js';
import type { GivenFeeds } from '../evidence/measure/index.js';
import { type NumericArray, readNpy } from '../io/npy.js';
import { readRegular } from '../io/regular-file.js';

export const jsonOption = {
  json: { type: 'boolean', default: false, describe: 'Print one JSON value and nothing else' },
} as const;

/** An option that may be repeated; each time it takes one text. */
export const texts = <const D extends string>(describe: D) =>
  ({ type: 'string', array: true, nargs: 1, describe: `${describe} (repeatable)` }) as const;

export const shapeOptions = {
  shape: texts('Fix the shape of an input: sample=2x4x64x64'),
  freeze: texts('Fix a symbolic dimension: batch=2'),
} as const;

/** The argument of commands that look at a bundle. */
export const bundleArgument = {
  bundle: {
    type: 'string',
    demandOption: true,
    describe: 'Folder of the bundle, or of its pipeline',
  },
} as const;

/** The argument of commands that look at a model. */
export const modelArgument = {
  model: { type: 'string', demandOption: true, describe: 'ONNX file, or folder of a pipeline' },
} as const;

/** What a bundle is held against. */
export const sourceOption = {
  against: {
    type: 'string',
    demandOption: true,
    describe: 'The source: its ONNX file, or folder of its pipeline',
  },
} as const;

export const pluginOption = {
  plugin: texts('ES module with a pass of your own'),
} as const;

export const queueOption = {
  type: 'string',
  describe:
    'Redis through which trials are shared: redis://[user:password@]host[:port][/database], or rediss:// (needs the package stepfold-queue)',
} as const;

export const roleOptions = {
  latent: { type: 'string', describe: 'Name of the latent input, where it is not found' },
  timestep: { type: 'string', describe: 'Name of the timestep input, where it is not found' },
} as const;

/** Checks a number given as an option. */
export const number = (name: string) => (value: number) => {
  if (!Number.isFinite(value)) throw badNumber(name);
};

/** Checks a whole number given as an option. */
export const wholeNumber =
  (name: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  (value: number) => {
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw badWholeNumber(name, least, most);
  };

export const threadsOption = {
  threads: {
    type: 'number',
    describe:
      "onnxruntime's threads [default: its own choice, or the processors that this process is kept to]",
    check: wholeNumber('threads', 1, 1024),
  },
} as const;

/** Seeds are read as 32-bit numbers. */
export const seedOption = (what: string) =>
  ({
    seed: {
      type: 'number',
      default: 0,
      describe: `Seed of ${what}`,
      check: wholeNumber('seed', 0, 2 ** 32 - 1),
    },
  }) as const;

export function readRoles(args: {
  readonly latent?: string | undefined;
  readonly timestep?: string | undefined;
}): { latent?: string; timestep?: string } {
  return {
    ...(args.latent !== undefined && { latent: args.latent }),
    ...(args.timestep !== undefined && { timestep: args.timestep }),
  };
}

/** `name=value` pairs, each name once. */
function readPairs<T>(
  flag: string,
  list: readonly string[] = [],
  example: string,
  read: (value: string, text: string) => T,
): Record<string, T> {
  const pairs = new Map<string, T>();
  for (const text of list) {
    const at = text.indexOf('=');
    if (at <= 0 || at === text.length - 1) throw badPair(flag, text, example);
    const name = text.slice(0, at);
    if (pairs.has(name)) throw givenTwice(`${flag} ${name}`);
    pairs.set(name, read(text.slice(at + 1), text));
  }
  return Object.fromEntries(pairs);
}

export function readShapes(list?: readonly string[]): Record<string, number[]> {
  return readPairs('shape', list, 'sample=2x4x64x64', (value, text) =>
    readSizeList('shape', value, text),
  );
}

/** Sizes joined by `x`. */
export function readSizeList(flag: string, value: string, text = value): number[] {
  const sizes = value.split(/[x,]/).map(Number);
  if (!sizes.every((n) => Number.isSafeInteger(n) && n >= 1)) throw badShape(flag, text);
  return sizes;
}

export function readSizes(flag: string, list?: readonly string[]): Record<string, number> {
  return readPairs(flag, list, 'batch=2', (value, text) => {
    const size = Number(value);
    if (!Number.isSafeInteger(size) || size < 1) throw badSize(flag, text);
    return size;
  });
}

/** Reads `name=file.npy` pairs into tensors. */
export async function readArrays(flag: string, list: readonly string[] = []): Promise<Feeds> {
  const files = readPairs(flag, list, 'context=context.npy', (file) => file);
  const arrays = await Promise.all(
    Object.entries(files).map(async ([name, file]) => [name, await readArray(file)] as const),
  );
  return Object.fromEntries(arrays);
}

/** Reads `name=file.npy` pairs, and `name=1,2,3`: numbers written out. */
export function readInputs(
  flag: string,
  list: readonly string[] = [],
): Record<string, NumericArray | readonly number[]> {
  return readPairs(
    flag,
    list,
    'context=context.npy',
    (text) => writtenOut(text) ?? readNpy(readRegular(text), text),
  );
}

/** The same, arrays as onnxruntime's tensors. */
export async function readFeeds(flag: string, list: readonly string[] = []): Promise<GivenFeeds> {
  const feeds = await Promise.all(
    Object.entries(readInputs(flag, list)).map(
      async ([name, one]) => [name, 'dims' in one ? await tensorOfArray(one) : one] as const,
    ),
  );
  return Object.fromEntries(feeds);
}

/** Numbers with commas between them; undefined for anything else. */
function writtenOut(text: string): number[] | undefined {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  return numbers.every(Number.isFinite) ? numbers : undefined;
}

/** @throws FILE_NOT_FOUND, FILE_UNREADABLE, the NPY_ errors */
export const readArray = (file: string): Promise<Tensor> =>
  tensorOfArray(readNpy(readRegular(file), file));

async function tensorOfArray({ type, data, dims }: NumericArray): Promise<Tensor> {
  const ort = await loadOrt();
  return new ort.Tensor(type as never, data as never, dims) as unknown as Tensor;
}
