/** Divisions into groups: the exact one against all that there are, the sought one against the exact. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bestPartition,
  exactPartition,
  type Grouping,
  type Partition,
  soughtPartition,
} from '../../../src/compiler/plan/partition.js';

/** A thing is what it needs at each place; a group has for all its things the most that any needs. */
interface Thing {
  readonly count: number;
  readonly needs: readonly number[];
}

const how: Grouping<Thing> = {
  join: (a, b) => ({
    count: a.count + b.count,
    needs: a.needs.map((need, i) => Math.max(need, b.needs[i]!)),
  }),
  cost: ({ count, needs }) => count * needs.reduce((sum, need) => sum + need, 0),
};

const price = (things: readonly Thing[], partition: Partition) =>
  partition.reduce(
    (sum, group) => sum + how.cost(group.map((i) => things[i]!).reduce((a, b) => how.join(a, b))),
    0,
  );

/** Least cost over every division, each thing put into an old group or a new one in turn. */
function bruteForce(things: readonly Thing[], most: number, groups: Thing[] = []): number {
  const [next, ...rest] = things;
  if (!next) return groups.reduce((sum, group) => sum + how.cost(group), 0);
  const into = groups.map((group, g) =>
    bruteForce(rest, most, groups.with(g, how.join(group, next))),
  );
  const alone = groups.length < most ? [bruteForce(rest, most, [...groups, next])] : [];
  return Math.min(...into, ...alone);
}

const thingsOf = (least: number, most: number, places: number) =>
  fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      needs: fc.array(fc.nat(9), { minLength: places, maxLength: places }),
    }),
    { minLength: least, maxLength: most },
  );

function expectDivision(partition: Partition, things: readonly Thing[], most: number): void {
  expect(partition.length).toBeLessThanOrEqual(most);
  expect(partition.every((group) => group.length > 0)).toBe(true);
  expect(partition.flat().sort((a, b) => a - b)).toEqual([...things.keys()]);
}

test('the exact one is the best there is', () => {
  fc.assert(
    fc.property(thingsOf(1, 7, 3), fc.integer({ min: 1, max: 7 }), (things, most) => {
      const partition = exactPartition(things, most, how);
      expectDivision(partition, things, most);
      expect(price(things, partition)).toBe(bruteForce(things, most));
    }),
    { numRuns: 150 },
  );
});

test('of up to twelve things the exact one is taken', () => {
  let better = 0;
  fc.assert(
    fc.property(thingsOf(12, 12, 8), (things) => {
      const [best, exact, sought] = [bestPartition, exactPartition, soughtPartition].map((divide) =>
        price(things, divide(things, 4, how)),
      );
      expect(best).toBe(exact);
      if (sought! > exact!) better++;
    }),
    { numRuns: 4, seed: 5 },
  );
  expect(better).toBeGreaterThan(0);
});

describe('the sought one', () => {
  test('is within a fiftieth of the best, and within a thousandth on average', () => {
    const ratios: number[] = [];
    fc.assert(
      fc.property(thingsOf(9, 11, 8), fc.integer({ min: 2, max: 5 }), (things, most) => {
        const partition = soughtPartition(things, most, how);
        expectDivision(partition, things, most);
        ratios.push(price(things, partition) / price(things, exactPartition(things, most, how)));
      }),
      { numRuns: 80, seed: 7 },
    );
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...ratios)).toBeLessThan(1.02);
    expect(ratios.reduce((a, b) => a + b) / ratios.length).toBeLessThan(1.001);
  });

  test('finds kinds that are hidden among many', () => {
    // four kinds of needs; a thing needs a little less than its kind at one place
    const kinds = [
      [9, 9, 0, 0, 5, 5],
      [0, 9, 9, 0, 5, 5],
      [0, 0, 9, 9, 5, 5],
      [9, 0, 0, 9, 5, 5],
    ];
    const things = Array.from(
      { length: 60 },
      (_, i): Thing => ({
        count: 1,
        needs: kinds[(i * 7) % 4]!.map((need, place) =>
          i % 6 === place ? Math.max(0, need - 1) : need,
        ),
      }),
    );
    const partition = bestPartition(things, 4, how);
    expect(partition.map((group) => new Set(group.map((i) => (i * 7) % 4)).size)).toEqual([
      1, 1, 1, 1,
    ]);
  });

  /** Least cost of a division into runs of neighbours, from all the places where it can be cut. */
  function bestRuns(things: readonly Thing[], most: number, how: Grouping<Thing>): number {
    if (things.length === 0) return 0;
    if (most === 0) return Infinity;
    return Math.min(
      ...things.map((_, i) => {
        const run = things.slice(0, i + 1).reduce((a, b) => how.join(a, b));
        return how.cost(run) + bestRuns(things.slice(i + 1), most - 1, how);
      }),
    );
  }

  test('costs no more than the best runs, also where more groups cost more', () => {
    const dear = { ...how, cost: (thing: Thing) => 20 + how.cost(thing) };
    const kinds = fc.constantFrom([9, 0, 0], [0, 7, 1], [3, 3, 8]);
    const things = fc.array(
      kinds.map((needs): Thing => ({ count: 1, needs })),
      { minLength: 6, maxLength: 9 },
    );
    fc.assert(
      fc.property(things, fc.integer({ min: 2, max: 5 }), (things, most) => {
        const partition = soughtPartition(things, most, dear);
        expectDivision(partition, things, most);
        const cost = price(things, partition) + 20 * partition.length;
        expect(cost).toBeLessThanOrEqual(bestRuns(things, most, dear));
      }),
      { numRuns: 150, seed: 8 },
    );
  });

  test.each([1, 1e-12, 1e15])('does not lose itself in rounding, at costs of about %d', (scale) => {
    const things = Array.from(
      { length: 30 },
      (_, i): Thing => ({
        count: 1,
        needs: [0.1 * scale * (i % 3), 0.1 * scale * (i % 2), 0.3 * scale * (i % 7)],
      }),
    );
    expectDivision(bestPartition(things, 5, how), things, 5);
  });

  test('gives a division where none is to be paid for', () => {
    const dear = { ...how, cost: ({ count }: Thing) => (count > 1 ? Infinity : 1) };
    const things = Array.from({ length: 14 }, (_, i): Thing => ({ count: 1, needs: [i] }));
    expectDivision(soughtPartition(things, 3, dear), things, 3);
  });
});

test('enough groups for all: each thing by itself', () => {
  for (const needs of [
    [1, 2, 3],
    [2, 2, 2],
  ]) {
    const things = needs.map((need): Thing => ({ count: 1, needs: [need] }));
    for (const most of [3, 10]) expect(bestPartition(things, most, how)).toEqual([[0], [1], [2]]);
  }
});

test('more things than there are bits for are refused, not divided wrongly', () => {
  const things = Array.from({ length: 32 }, (): Thing => ({ count: 1, needs: [1] }));
  expect(() => exactPartition(things, 2, how)).toThrow(RangeError);
});
