/** How far pictures lie from those that they should be, one by one. */
import { decibels } from '../yardstick/index.js';

/** What is equal, in decibels: nearer than float32 can say. */
export const EQUAL = 150;

/** Decibels of each image of a batch: its range to the root mean square of the difference. */
export function imageDecibels(found: Float32Array, wanted: Float32Array, images: number): number[] {
  const size = wanted.length / images;
  return Array.from({ length: images }, (_, i) => {
    const of = (all: Float32Array) => all.subarray(i * size, (i + 1) * size);
    const one = decibels(of(found), of(wanted));
    return Number.isFinite(one) ? Math.min(EQUAL, one) : one > 0 ? EQUAL : -EQUAL;
  });
}

export interface Spread {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  readonly images: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  least: Math.min(...values),
  most: Math.max(...values),
  images: values.length,
});
