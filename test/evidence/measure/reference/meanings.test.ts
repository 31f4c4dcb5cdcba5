/** What strategies promise, by what the papers compute: how exact, with which identity, and by which half. */
import { describe, expect, test } from 'vitest';
import { passesWith } from '../../../../passes/table.js';
import {
  halfOfCall,
  meaningOf,
  roundsAt,
  sharesGuidance,
} from '../../../../src/evidence/measure/reference/meanings.js';
import type { Schedule } from '../../../../src/runtime/schedule/index.js';

const KNOWN = passesWith().strategies;
const BATCH = { order: 'cond-first', mode: 'batch' } as const;
const TWO = { order: 'cond-first', mode: 'two-calls' } as const;

test.each<[strategy: string, identity: boolean, rounds: boolean]>([
  ['compute', true, false],
  ['reuse', true, false],
  ['zero', false, false],
  // a band sums in another order
  ['window', true, true],
  ['window-only', false, true],
  // half of a batch may be multiplied in other pieces
  ['guidance-share', true, true],
  ['window+guidance-share', true, true],
  ['delta', true, false],
  ['delta-front', true, false],
  ['delta-rear', true, false],
  ['reuse-front', true, false],
  ['reuse-rear', true, false],
])(
  '%s: on the same inputs it is the source %j, up to rounding %j',
  (strategy, identity, rounds) => {
    expect(meaningOf(strategy, KNOWN)!.identity).toBe(identity);
    for (const guidance of [undefined, BATCH])
      expect(roundsAt(strategy, 1, guidance, KNOWN)).toBe(rounds);
  },
);

test('of what nobody knows, nothing is known', () => {
  expect(meaningOf('extrapolate', KNOWN)).toBeUndefined();
  expect(meaningOf('constructor', KNOWN)).toBeUndefined();
  expect(roundsAt('extrapolate', 0, undefined, KNOWN)).toBe(true);
});

describe('in two calls', () => {
  test.each<[strategy: string, first: boolean, second: boolean]>([
    ['guidance-share', false, false],
    // the first is computed under the band, the second is a copy of it
    ['window+guidance-share', true, false],
    ['window', true, true],
    ['compute', false, false],
  ])('%s may round in the first: %j, in the second: %j', (strategy, first, second) => {
    expect([4, 5].map((call) => roundsAt(strategy, call, TWO, KNOWN))).toEqual([first, second]);
  });

  test('halves take turns, and in no other mode', () => {
    expect([0, 1, 2, 3].map((call) => halfOfCall(call, TWO))).toEqual([0, 1, 0, 1]);
    for (const guidance of [undefined, BATCH])
      expect([0, 1].map((call) => halfOfCall(call, guidance))).toEqual([0, 0]);
  });
});

test.each<[sites: Record<string, string[]> | undefined, shares: boolean]>([
  [undefined, false],
  [{}, false],
  [{ a: ['compute', 'window'] }, false],
  [{ a: ['compute', 'guidance-share'] }, true],
  [{ a: ['compute', 'reuse'], b: ['window+guidance-share', 'reuse'] }, true],
  [{ a: ['compute', 'extrapolate'] }, false],
])('%j share guidance: %j', (sites, shares) => {
  const entries = Object.entries(sites ?? {}).map(([id, strategies]) => [id, { strategies }]);
  const schedule = { ...(sites && { sites: Object.fromEntries(entries) }) };
  expect(sharesGuidance(schedule as unknown as Schedule, KNOWN)).toBe(shares);
});
