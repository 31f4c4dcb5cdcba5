/** Grouped rows take only states that were written before the first call of the group, by its own half of a pair. */
import { expect, test } from 'vitest';
import {
  byHalf,
  COMPUTE,
  groupRows,
  type Site,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';

const never = () => {
  throw new Error('nothing is built here');
};

/** `window` is more exact than `zero` and `reuse`, and takes what `compute` kept, as `reuse` does. */
const site: Site = {
  id: 's',
  description: '',
  outputs: [],
  states: [{ id: 'kept', like: undefined as unknown as Value }],
  strategies: strategiesByName([
    strategyOf(COMPUTE, '', { writes: { kept: never }, cost: 10 }),
    strategyOf('window', '', { reads: ['kept'], produce: never, cost: 3 }),
    strategyOf('other', '', { produce: never, cost: 2 }),
    strategyOf('zero', '', { produce: never, moreExact: ['window'], cost: 1 }),
    strategyOf('reuse', '', { reads: ['kept'], produce: never, moreExact: ['window'], cost: 0 }),
  ]),
};
const cost = ({ strategies }: Site, name: string) => strategies[name]!.cost!;
const grouped = (of: Site, column: string, maxPrograms: number) => {
  const rows = column.split(' ').map((name) => [name]);
  return groupRows({ calls: rows.length, sites: [of], rows }, { maxPrograms, cost }).rows.join(' ');
};

test.each([
  // window for the last two costs 6, and what it takes was kept in call 1
  ['written before both', 'other compute zero reuse', 3, 'other compute window window'],
  // window for three calls would cost 9, but the first of them is call 0: 2 * 10 + 2 * 1 is least
  [
    'not written before the first of many',
    'zero compute zero reuse',
    2,
    'zero compute zero compute',
  ],
  ['not written at all', 'zero reuse', 1, 'compute compute'],
])('a state %s', (_, column, most, expected) => {
  expect(grouped(site, column, most)).toBe(expected);
});

test('a state of the other half of a pair is none', () => {
  // the second half keeps nothing before call 3, so that window is not to be had for calls 1 and 5
  const halves = byHalf(site, { order: 'cond-first', mode: 'two-calls' });
  const column = 'compute zero compute compute compute reuse';
  expect(grouped(halves, column, 3)).toBe('compute compute compute compute compute reuse');
  // had it kept something in call 1, it were
  expect(grouped(halves, 'compute compute compute zero compute reuse', 3)).toBe(
    'compute compute compute window compute window',
  );
});
