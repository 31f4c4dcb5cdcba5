/** Seeded random inputs of the right names, types and shapes, for checks and measurements. */
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import { defaultSize } from '../../compiler/pipeline/bindings.js';
import {
  feedShapeUnknown,
  feedsUnknown,
  feedTooLarge,
  shapeMisfit,
  unknownInput,
} from '../../errors/index.js';
import { toFloat16Bits } from '../../io/float16.js';
import { elementCount } from '../../model/ir/tensor.js';
import {
  evaluate,
  type Followers,
  parseDim,
  sizeOf,
  symbolsOf,
  withFollowers,
} from '../../model/shape/index.js';
import { createRandom, TRAIN_TIMESTEPS } from '../../runtime/samplers/index.js';
import type { ElementType, Port, Schedule } from '../../runtime/schedule/index.js';
import { zeros } from '../../runtime/session/tensors.js';

export type Feeds = Record<string, Tensor>;

type Roles = NonNullable<Schedule['source']['roles']>;

/** Integer conditions are classes or tokens; every embedding has at least two rows. */
export const CLASSES = 2;
/** Seeds are 32-bit numbers. */
export const SEEDS = 2 ** 32;

/** A typed array holds no more on every platform. */
const MOST_ELEMENTS = 2 ** 31 - 1;

export interface FeedOptions {
  readonly ort: { readonly Tensor: TensorConstructor };
  /** What the inputs are for; see `findInputRoles`. */
  readonly roles: Roles;
  /** Sizes for symbolic dimensions. */
  readonly bindings: ReadonlyMap<string, number>;
  readonly seed: number;
  /** By input, how many integers there are to choose from; two where nothing is said. */
  readonly classes?: ReadonlyMap<string, number>;
}

/**
 * Standard normal floats, a timestep from 0 to 999, integers below the number of classes.
 * @throws FEED_SHAPE_UNKNOWN when an input's size is not known
 */
export function randomFeeds(inputs: readonly Port[], options: FeedOptions): Feeds {
  const { ort, roles, bindings, seed, classes } = options;
  return Object.fromEntries(
    inputs.map((port, stream) => {
      const dims = concretePort(port, bindings);
      const random = createRandom(seed, stream);
      const isTimestep = port.name === roles.timestep;
      const limit = isTimestep ? TRAIN_TIMESTEPS : (classes?.get(port.name) ?? CLASSES);
      // one timestep for the whole batch, as in a denoising loop
      const one = random.integer(limit);
      const elements = isTimestep
        ? { real: () => one, whole: () => one }
        : { real: random.normal, whole: () => random.integer(limit) };
      return [port.name, tensorOf(ort.Tensor, port, dims, elements)];
    }),
  );
}

/**
 * Whatever cannot be made up is asked for at once.
 * @throws FEED_SHAPE_UNKNOWN
 */
export function requireKnown(inputs: readonly Port[], bindings: ReadonlyMap<string, number>): void {
  const unknown = inputs.filter(
    ({ type, shape }) => !NEXT[type] || shape.some((dim) => sizeOf(dim, bindings) === undefined),
  );
  // what is wrong with one alone says where
  if (unknown.length > 1) throw feedsUnknown(unknown);
}

/** @throws FEED_SHAPE_UNKNOWN, FEED_TOO_LARGE */
export function concretePort(
  port: Port,
  bindings: ReadonlyMap<string, number>,
  isLatent = false,
): number[] {
  const dims = port.shape.map((dim, axis) => {
    const size = sizeOf(dim, bindings);
    if (size === undefined) throw feedShapeUnknown(port.name, axis, isLatent);
    return size;
  });
  checkSize(port.name, dims);
  return dims;
}

/** @throws FEED_TOO_LARGE */
export function checkSize(input: string, dims: readonly number[]): void {
  if (elementCount(dims) > MOST_ELEMENTS) throw feedTooLarge(input, dims);
}

/**
 * Sizes for the symbols of a schedule's inputs: those it was costed with, overridden by `given`. Where
 * both halves of a guidance pair are in one batch, it is even.
 * @param given shapes by input name
 * @param leastRows of the batch, where its size was not asked for
 * @throws SHAPE_UNKNOWN_INPUT, SHAPE_MISFIT
 */
export function scheduleBindings(
  schedule: Schedule,
  given: Readonly<Record<string, readonly number[]>> = {},
  leastRows = 1,
): Map<string, number> {
  const { inputs, guidance, roles = {} } = schedule.source;
  const bindings = new Map<string, number>();
  for (const [name, dims] of Object.entries(given)) {
    const port = inputs.find((p) => p.name === name);
    if (!port)
      throw unknownInput(
        name,
        inputs.map((p) => p.name),
      );
    if (!fitShape(port, dims, bindings)) throw shapeMisfit(name, dims, port.shape, bindings);
  }
  const asked = new Set(bindings.keys());
  for (const [symbol, size] of Object.entries(schedule.cost?.macs?.bindings ?? {}))
    if (!bindings.has(symbol)) bindings.set(symbol, size);
  const { latent } = roles;
  for (const { name, shape } of inputs)
    for (const [axis, dim] of shape.entries())
      if (typeof dim === 'string')
        for (const symbol of symbolsOf(parseDim(dim)))
          if (!bindings.has(symbol)) bindings.set(symbol, defaultSize(axis, name === latent));
  if (guidance?.mode === 'batch') evenBatch(schedule.source, bindings, asked);
  const batch = (inputs.find(({ name }) => name === latent) ?? inputs[0])?.shape[0];
  const rows = typeof batch === 'string' && !asked.has(batch) ? bindings.get(batch) : undefined;
  if (rows !== undefined) bindings.set(batch as string, Math.max(rows, leastRows));
  return withFollowers(bindings, scheduleFollowers(schedule), asked);
}

/** Symbols whose sizes follow from others', as a schedule says. */
export const scheduleFollowers = ({ source }: Schedule): Followers =>
  new Map(
    Object.entries(source.follows ?? {}).map(([symbol, size]) => [symbol, parseDim(String(size))]),
  );

/**
 * Doubles a batch of odd size, so that both halves of a guidance pair are in it.
 * @param asked symbols whose sizes were asked for, which stay as they are
 */
function evenBatch(
  { inputs, roles = {} }: { readonly inputs: readonly Port[]; readonly roles?: Roles },
  bindings: Map<string, number>,
  asked: ReadonlySet<string>,
): void {
  for (const { name, shape } of inputs) {
    const [batch] = shape;
    if (typeof batch !== 'string' || name !== (roles.latent ?? name)) continue;
    const size = bindings.get(batch);
    if (size !== undefined && size % 2 !== 0 && !asked.has(batch)) bindings.set(batch, 2 * size);
  }
}

/**
 * Whether an input takes a shape, where sizes of symbols are known as `bindings` says; the symbols
 * that it settles are added there.
 */
export function fitShape(
  port: Port,
  dims: readonly number[],
  bindings: Map<string, number>,
): boolean {
  if (dims.length !== port.shape.length) return false;
  return port.shape.every((dim, axis) => {
    const size = dims[axis]!;
    if (dim === null) return true;
    if (typeof dim === 'number') return dim === size;
    const known = evaluate(parseDim(dim), bindings);
    // an expression of symbols that are not known yet says nothing
    if (known === undefined) {
      if (symbolsOf(parseDim(dim)).has(dim)) bindings.set(dim, size);
      return true;
    }
    return known === size;
  });
}

/** Where the elements of a made-up tensor come from, one after another. */
export interface Elements {
  readonly real: () => number;
  readonly whole: () => number;
}

/**
 * A tensor of made-up elements.
 * @throws FEED_SHAPE_UNKNOWN for a type that nothing can be made up for
 */
export function tensorOf(
  Tensor: TensorConstructor,
  { name, type }: Pick<Port, 'name' | 'type'>,
  dims: readonly number[],
  elements: Elements,
): Tensor {
  const next = NEXT[type];
  if (!next) throw feedShapeUnknown(name, 0);
  const data = zeros(type, elementCount(dims)) as { [i: number]: number | bigint; length: number };
  for (let i = 0; i < data.length; i++) data[i] = next(elements);
  return new Tensor(type, data as never, dims) as unknown as Tensor;
}

/** An element of each type, as the engine's arrays hold it; nothing is made up for the others. */
const NEXT: Readonly<Partial<Record<ElementType, (from: Elements) => number | bigint>>> = {
  float32: ({ real }) => real(),
  float64: ({ real }) => real(),
  float16: ({ real }) => toFloat16Bits(real()),
  int8: ({ whole }) => whole(),
  uint8: ({ whole }) => whole(),
  int16: ({ whole }) => whole(),
  uint16: ({ whole }) => whole(),
  int32: ({ whole }) => whole(),
  uint32: ({ whole }) => whole(),
  int64: ({ whole }) => BigInt(whole()),
  uint64: ({ whole }) => BigInt(whole()),
  bool: ({ whole }) => whole(),
};
