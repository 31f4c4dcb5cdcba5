/** Which calls stand for which: computed here by hand, from what each call would see. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CallAccess, combinations } from '../../../src/evidence/measure/combinations.js';

const NOTHING: CallAccess = { takes: [], leaves: [] };
const full: CallAccess = { takes: [], leaves: ['s'] };
const shallow: CallAccess = { takes: ['s'], leaves: [] };
const KINDS: Readonly<Record<string, CallAccess>> = { full, shallow, dry: NOTHING };

const of = (calls: readonly string[], plan: readonly string[] = calls) =>
  combinations(calls, [calls.map((c) => KINDS[c]!), plan.map((c) => KINDS[c]!)]);

describe('of a loop in which one call in three is full', () => {
  const loop = Array.from({ length: 50 }, (_, call) => (call % 3 === 0 ? 'full' : 'shallow'));

  test('two calls stand for all', () => {
    expect(of(loop)).toEqual({ calls: [0, 1], count: 2 });
  });

  test('a call that the plan wants full and that is not is another combination', () => {
    const calls = loop.with(36, 'shallow');
    // 36 to 38 read what 33 kept; by the plan, 37 and 38 take from 36
    expect(of(calls, loop)).toEqual({ calls: [0, 1, 33, 36, 37], count: 4 });
  });

  test('a call whose writes are dropped shows in those that read them', () => {
    const calls = (loop as string[]).with(36, 'dry');
    const { calls: run } = combinations(loop, [
      calls.map((c) => KINDS[c]!),
      loop.map((c) => KINDS[c]!),
    ]);
    expect(run).toEqual([0, 1, 33, 36, 37]);
  });
});

test('what a call depends on comes along, as far back as it goes', () => {
  const chain = ['a', 'b', 'c', 'd'];
  const access = chain.map((_, i) => ({
    takes: i === 0 ? [] : [`${i - 1}`],
    leaves: [`${i}`],
  }));
  expect(combinations([...chain, 'd'], [[...access, { takes: ['0'], leaves: [] }]])).toEqual({
    calls: [0, 1, 2, 3, 4],
    count: 5,
  });
});

describe('two calls that take from two others', () => {
  const a: CallAccess = { takes: [], leaves: ['p'] };
  const b: CallAccess = { takes: [], leaves: ['q'] };
  const both: CallAccess = { takes: ['p', 'q'], leaves: [] };
  const access: Readonly<Record<string, CallAccess>> = {
    a,
    b,
    both,
    one: { takes: [], leaves: ['p', 'q'] },
    other: { takes: [], leaves: ['p', 'q'] },
  };
  const count = (calls: string) =>
    combinations(
      calls.split(' ').map((name) => (name === 'other' ? 'one' : name)),
      [calls.split(' ').map((name) => access[name]!)],
    );

  test('are one, whichever of these came first', () => {
    expect(count('a b both b a both')).toEqual({ calls: [0, 1, 2], count: 3 });
  });

  test('are two, where both things are of one call, or of two alike', () => {
    const { takes, leaves } = both;
    expect(
      combinations(
        ['a', 'a', 'both', 'a', 'both'],
        [
          [
            { takes: [], leaves: ['p', 'r'] },
            { takes: [], leaves: ['q', 's'] },
            { takes, leaves },
            { takes: [], leaves: ['p', 'q'] },
            { takes, leaves },
          ],
        ],
      ),
    ).toEqual({ calls: [0, 1, 2, 3, 4], count: 3 });
    expect(count('one both other both').count).toBe(2);
  });
});

test('two calls are two combinations where what they take was made of another of the same two', () => {
  const access = (first: string[], second: string[]): CallAccess[] => [
    { takes: [], leaves: first },
    { takes: [], leaves: second },
    { takes: ['s'], leaves: ['r'] },
    { takes: ['p', 'q', 'r'], leaves: [] },
  ];
  const labels = ['a', 'a', 'b', 'c', 'a', 'a', 'b', 'c'];
  const ofFirst = access(['p', 's'], ['q']);
  const ofSecond = access(['p'], ['q', 's']);
  expect(combinations(labels, [[...ofFirst, ...ofSecond]]).count).toBe(4);
  expect(combinations(labels, [[...ofFirst, ...ofFirst]]).count).toBe(3);
});

test('calls run in the order of the loop, also one that another needs later', () => {
  const takes = (...items: string[]): CallAccess => ({ takes: items, leaves: [] });
  const leaves = (...items: string[]): CallAccess => ({ takes: [], leaves: items });
  // call 1 is as call 0, until call 3 takes from both
  const access = [leaves('p'), leaves('q'), takes('p'), takes('p', 'q')];
  expect(combinations(['x', 'x', 'y', 'z'], [access])).toEqual({ calls: [0, 1, 2, 3], count: 3 });
});

/** What a call computes, as a term over its inputs by call: the oracle, without any renumbering. */
function terms(labels: readonly string[], account: readonly CallAccess[]): string[][] {
  const held = new Map<string, { call: number; term: (shift: Map<number, string>) => string }>();
  return labels.map((label, call) => {
    const parts = (account[call]!.takes as readonly string[]).map((item) => ({
      item,
      from: held.get(item),
    }));
    const term = (names: Map<number, string>): string => {
      const inside = parts.map(({ item, from }) => `${item}=${from ? from.term(names) : 'none'}`);
      if (!names.has(call)) names.set(call, `x${names.size}`);
      return `${label}(${names.get(call)};${inside.join(',')})`;
    };
    for (const item of account[call]!.leaves) held.set(item, { call, term });
    return [term(new Map())];
  });
}

test('two calls are one combination only where they compute one term', () => {
  const item = fc.constantFrom('p', 'q');
  const access = fc.record({
    takes: fc.uniqueArray(item, { maxLength: 2 }),
    leaves: fc.uniqueArray(item, { maxLength: 2 }),
  });
  const call = fc.tuple(fc.constantFrom('a', 'b'), access);
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 9 }), (loop) => {
      const labels = loop.map(([label, { takes, leaves }]) =>
        JSON.stringify([label, takes, leaves]),
      );
      const account = loop.map(([, a]) => a);
      const { calls, count } = combinations(labels, [account]);
      const all = terms(labels, account).map(([term]) => term);
      const run = new Set(calls.map((c) => all[c]));
      // every term of the loop is among those that run
      for (const term of all) expect(run).toContain(term);
      expect(count).toBe(new Set(all).size);
    }),
    { numRuns: 300 },
  );
});
