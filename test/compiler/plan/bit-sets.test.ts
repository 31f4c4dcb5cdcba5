/** Sets of bits against JavaScript's own sets. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addBit,
  bitSet,
  covers,
  equals,
  layBits,
  union,
} from '../../../src/compiler/plan/bit-sets.js';

/** Two sets of each size, each of some of the numbers below it. */
const arbitrary = fc
  .array(fc.constantFrom(0, 1, 31, 32, 33, 63, 64, 65, 100), { minLength: 1, maxLength: 4 })
  .chain((sizes) => {
    const sets = () =>
      fc.tuple(...sizes.map((size) => fc.subarray([...Array(size).keys()]).map((m) => new Set(m))));
    return fc.record({ sizes: fc.constant(sizes), a: sets(), b: sets() });
  });

function packed(sizes: readonly number[], sets: readonly ReadonlySet<number>[]): Int32Array {
  const { starts, words } = layBits(sizes);
  const array = new Int32Array(words);
  for (const [s, set] of sets.entries())
    for (const member of set) addBit(array, starts[s]!, member);
  return array;
}

test('sets side by side keep apart', () => {
  fc.assert(
    fc.property(arbitrary, ({ sizes, a, b }) => {
      const { starts } = layBits(sizes);
      const [inA, inB] = [packed(sizes, a), packed(sizes, b)];
      const both = union(inA, inB);
      for (const [s, size] of sizes.entries()) {
        const own = bitSet(size, a[s]!);
        const ofB = [...b[s]!];
        expect(equals(own, inA, starts[s]!)).toBe(true);
        expect(covers(own, inA, starts[s]!)).toBe(true);
        expect(equals(own, inB, starts[s]!)).toBe(
          a[s]!.size === ofB.length && ofB.every((m) => a[s]!.has(m)),
        );
        expect(covers(own, inB, starts[s]!)).toBe(ofB.every((m) => a[s]!.has(m)));
        expect(equals(bitSet(size, [...a[s]!, ...ofB]), both, starts[s]!)).toBe(true);
      }
      // what a union is made of stays as it was
      expect(inA).toEqual(packed(sizes, a));
    }),
    { numRuns: 300 },
  );
});

test.each([
  [[], [], 0],
  [[1, 32, 33], [0, 1, 2], 4],
  [[0, 64, 65, 1], [0, 0, 2, 5], 6],
])('one word for up to 32 members: %j', (sizes, starts, words) => {
  expect(layBits(sizes)).toEqual({ starts, words });
});

test('a set of members alone has as many words as it needs', () => {
  expect([...bitSet(33, [0, 31, 32])]).toEqual([1 | (1 << 31), 1]);
  expect(bitSet(32, [])).toHaveLength(1);
});
