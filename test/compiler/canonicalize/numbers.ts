/** Do two models compute the same bytes? */
import { expect } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { randomFeeds, runModel } from '../../model/shape/engine.js';

export type Shapes = Readonly<Record<string, readonly number[]>>;

/**
 * Runs both on the same random inputs, without graph optimization, and compares every bit.
 * @param close lets floats differ by what rounding in another order makes
 */
export async function expectSameNumbers(
  source: Model,
  canonical: Model,
  shapes: Shapes,
  close = false,
): Promise<void> {
  const feeds = randomFeeds(source, shapes);
  const before = await runModel(source, feeds);
  const after = await runModel(canonical, feeds);
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const [name, { data, dims, type }] of Object.entries(before)) {
    const other = after[name]!;
    expect(other.type).toBe(type);
    expect(other.dims).toEqual(dims);
    if (close) {
      const worst = Array.from(other.data as Float32Array, (x, i) =>
        Math.abs(x - (data as Float32Array)[i]!),
      );
      expect(Math.max(...worst), name).toBeLessThan(1e-5);
    } else expect(bytesOf(other.data).equals(bytesOf(data)), `${name} differs`).toBe(true);
  }
}

function bytesOf(data: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}
