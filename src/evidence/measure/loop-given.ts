/**
 * What a loop is given for its inputs: arrays, or numbers written out, which take type and shape from the
 * input. What has one row serves every image.
 */
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import { feedNumbers } from '../../errors/index.js';
import { elementCount } from '../../model/ir/tensor.js';
import { parseDim, sizeOf, symbolsOf } from '../../model/shape/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { concretePort, type Feeds, tensorOf } from './feeds.js';

/** By input; a number may stand for every element, and a row of numbers for every row. */
export type GivenFeeds = Readonly<Record<string, Tensor | readonly number[]>>;

export const isWritten = (given: Tensor | readonly number[]): given is readonly number[] =>
  Array.isArray(given);

/** Of what is given, the arrays. */
export const arraysOf = (given: GivenFeeds): Feeds =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, one]) => (isWritten(one) ? [] : [[name, one]])),
  );

/** Of what is given, the numbers that are written out. */
export const numbersOf = (given: GivenFeeds): Record<string, readonly number[]> =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, one]) => (isWritten(one) ? [[name, one]] : [])),
  );

/**
 * The size that numbers settle: where of an image's dimensions one is not known, such as the length of a row of tokens.
 * @param sizes of symbols; what is found is added
 */
export function settleByNumbers(
  { shape }: Port,
  numbers: readonly number[],
  sizes: Map<string, number>,
): void {
  if (numbers.length <= 1) return;
  const row = shape.slice(1).map((dim) => sizeOf(dim, sizes));
  const unknown = row.flatMap((size, i) => (size === undefined ? [i + 1] : []));
  const dim = shape[unknown[0] ?? -1];
  if (unknown.length !== 1 || typeof dim !== 'string' || !symbolsOf(parseDim(dim)).has(dim)) return;
  const rest = row.reduce<number>((product, size) => product * (size ?? 1), 1);
  if (numbers.length % rest === 0) sizes.set(dim, numbers.length / rest);
}

/**
 * Numbers as a tensor of the input's type and shape.
 * @param port with its rows as the model sees them
 * @param sizes of all symbols
 * @throws FEED_NUMBERS, FEED_SHAPE_UNKNOWN
 */
export function tensorOfNumbers(
  Tensor: TensorConstructor,
  port: Port,
  numbers: readonly number[],
  sizes: ReadonlyMap<string, number>,
): Tensor {
  const dims = concretePort(port, sizes);
  const fits = dims.map((_, axis) => elementCount(dims.slice(axis)));
  if (numbers.length !== 1 && !fits.includes(numbers.length))
    throw feedNumbers(port, dims, numbers);
  const isReal = /^float/.test(port.type);
  const fits01 = (value: number) => value === 0 || value === 1;
  const isWhole = port.type === 'bool' ? fits01 : Number.isSafeInteger;
  if (!isReal && !numbers.every(isWhole)) throw feedNumbers(port, dims, numbers);
  let at = 0;
  const next = () => numbers[at++ % numbers.length]!;
  return tensorOf(Tensor, port, dims, { real: next, whole: next });
}

/**
 * An array of one row as often as there are images.
 * @param rows undefined where their number is not known, or the input has no row for each image
 */
export function forEveryImage(
  Tensor: TensorConstructor,
  tensor: Tensor,
  rows: number | undefined,
): Tensor {
  const { dims, type, data } = tensor;
  if (rows === undefined || rows === 1 || dims[0] !== 1 || !ArrayBuffer.isView(data)) return tensor;
  const row = data as Float32Array;
  const all = new (row.constructor as Float32ArrayConstructor)(rows * row.length);
  for (let i = 0; i < rows; i++) all.set(row, i * row.length);
  return new Tensor(type as 'float32', all, [rows, ...dims.slice(1)]) as unknown as Tensor;
}
