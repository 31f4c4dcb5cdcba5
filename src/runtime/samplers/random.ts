/**
 * Seeded random numbers that are the same on every machine: Philox4x32-10 with Box-Muller on top.
 *
 * Philox is counter based, so a (seed, stream) pair is an independent sequence at no cost; each image
 * of a batch draws from its own stream and does not change when the batch grows. Normal numbers agree
 * across JavaScript engines up to the rounding of `Math.log`, `Math.cos` and `Math.sin`.
 */
import { samplerOptionOutOfRange } from '../../errors/index.js';

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const KEY_STEP_0 = 0x9e3779b9;
const KEY_STEP_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the 64-bit product; JavaScript numbers hold only 53 bits of it. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

type FourWords = [number, number, number, number];

/**
 * One block of Philox4x32-10: four 32-bit words out of a 128-bit counter and a 64-bit key.
 * Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
 */
export function philox4x32(
  counter: Readonly<FourWords>,
  key: readonly [number, number],
): FourWords {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + KEY_STEP_0) >>> 0;
    k1 = (k1 + KEY_STEP_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A sequence of random numbers; two with the same seed and stream give the same numbers. */
export interface Random {
  /** Uniform over the 2^32 integers from 0. */
  word(): number;
  /** Uniform in (0, 1), both ends excluded, with 32 random bits. */
  uniform(): number;
  /** Uniform integer in [0, limit); `limit` is from 1 to 2^32. */
  integer(limit: number): number;
  /** Standard normal. */
  normal(): number;
  /** `count` standard normal numbers, rounded to float32. */
  normals(count: number): Float32Array;
}

/**
 * Starts the sequence `stream` of `seed`. The seed is Philox's key and the stream the upper half of
 * its counter, whose lower half counts blocks.
 *
 * @throws SAMPLER_OPTION_RANGE when seed or stream is not an integer from 0 to 2^53 - 1.
 */
export function createRandom(seed: number, stream = 0): Random {
  for (const [name, value] of [
    ['seed', seed],
    ['stream', stream],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw samplerOptionOutOfRange(name, value, 'an integer from 0 to 2^53 - 1');
    }
  }
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32)] as const;
  const streamLow = stream >>> 0;
  const streamHigh = Math.floor(stream / 2 ** 32);
  let blocks = 0;
  let words: readonly number[] = [];
  let used = 0;
  let spareNormal: number | undefined;

  function word(): number {
    if (used === words.length) {
      words = philox4x32([blocks >>> 0, Math.floor(blocks / 2 ** 32), streamLow, streamHigh], key);
      blocks++;
      used = 0;
    }
    return words[used++]!;
  }

  // The half keeps zero out, whose logarithm Box-Muller would take.
  const uniform = () => (word() + 0.5) / 2 ** 32;

  function normal(): number {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  return {
    word,
    uniform,
    integer: (limit) => {
      // Words beyond the last whole multiple of the limit would favour small numbers.
      const bound = 2 ** 32 - (2 ** 32 % limit);
      let value = word();
      while (value >= bound) value = word();
      return value % limit;
    },
    normal,
    normals: (count) => {
      const drawn = new Float32Array(count);
      for (let i = 0; i < count; i++) drawn[i] = normal();
      return drawn;
    },
  };
}

/**
 * Draws standard normal noise for a batch again and again: image `i` reads stream `i` of the seed, so
 * it gets the same noise in a batch of any size.
 *
 * @param shape [batch, ...]; the returned function gives one batch, in row-major order.
 * @param first the stream of the batch's first image
 */
export function batchNoise(seed: number, shape: readonly number[], first = 0): () => Float32Array {
  const [batch = 1, ...image] = shape;
  const perImage = image.reduce((product, dim) => product * dim, 1);
  const streams = Array.from({ length: batch }, (_, index) => createRandom(seed, first + index));
  return () => {
    const noise = new Float32Array(batch * perImage);
    streams.forEach((random, index) => {
      noise.set(random.normals(perImage), index * perImage);
    });
    return noise;
  };
}
