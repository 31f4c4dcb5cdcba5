/** Plans for the digits transformer: written down letter by letter, or random. */
import fc from 'fast-check';
import { allowed, type Left, leftBy, NOTHING, type Strategy } from './ditfastattn.js';
import { DIT } from './weights.js';

/** `rows[call][layer]`. */
export type Rows = readonly (readonly Strategy[])[];

const LETTERS: Record<string, Strategy> = {
  c: 'compute',
  r: 'reuse',
  w: 'window',
  g: 'guidance-share',
  b: 'window+guidance-share',
  o: 'window-only',
};

/** A plan from a string per layer, with a letter per call; spaces are for the eye. */
export function planOf(...layers: readonly string[]): Rows {
  const columns = layers.map((layer) => layer.replaceAll(' ', ''));
  return [...columns[0]!].map((_, call) => columns.map((column) => LETTERS[column[call]!]!));
}

/** The same letters for every layer. */
export const uniformPlan = (letters: string): Rows =>
  planOf(...Array.from({ length: DIT.layers }, () => letters));

/** Each layer at each call by chance, among the strategies that find what they need. */
export function randomPlan(calls: number, seed: number): Rows {
  const size = calls * DIT.layers;
  const [numbers] = fc.sample(fc.array(fc.nat(), { minLength: size, maxLength: size }), {
    seed,
    numRuns: 1,
  }) as [number[]];
  const left: Left[] = Array.from({ length: DIT.layers }, () => NOTHING);
  return Array.from({ length: calls }, (_, call) =>
    left.map((kept, layer) => {
      const choices = allowed(kept);
      const strategy = choices[numbers[call * DIT.layers + layer]! % choices.length]!;
      left[layer] = leftBy(strategy, kept);
      return strategy;
    }),
  );
}
