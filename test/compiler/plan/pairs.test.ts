/** Sites taken apart into their parts, and the programs in which one half of a batch stands for both. */
import { describe, expect, test } from 'vitest';
import {
  COMPUTE,
  type CompositeSite,
  compositeOf,
  expandParts,
  type NamedVariant,
  needsPair,
  type PlainSite,
  type Plan,
  sharedOf,
  strategiesByName,
  strategyOf,
  variantsForPairs,
} from '../../../src/compiler/plan/index.js';

const siteOf = (id: string): PlainSite => ({
  id,
  description: '',
  outputs: [],
  states: [],
  strategies: strategiesByName([
    strategyOf(COMPUTE, ''),
    strategyOf('reuse', ''),
    strategyOf('pair', '', { pairs: true }),
    strategyOf('share', '', { pairs: true }),
  ]),
});
const divided = (id: string): CompositeSite => ({
  id,
  description: '',
  outputs: [],
  parts: [siteOf(`${id}.0`), siteOf(`${id}.1`)],
  strategies: strategiesByName([
    compositeOf(COMPUTE, ''),
    compositeOf('reuse', '', (call) => (call ? { [`${id}.0`]: 'reuse' } : {})),
    compositeOf('pair', '', undefined, { pairs: true }),
    sharedOf('share', '', () => ({}), { strategy: COMPUTE, half: 'first' }),
  ]),
});

test.each([
  [COMPUTE, false],
  ['reuse', false],
  ['pair', true],
  ['share', true],
])('%s needs both halves: %s', (name, needed) => {
  expect(needsPair(divided('s').strategies[name]!)).toBe(needed);
});

describe('sites with parts', () => {
  test('have a column for each, in place', () => {
    const plan: Plan = {
      calls: 2,
      sites: [siteOf('a'), divided('b'), siteOf('c')],
      rows: [
        ['pair', 'reuse', 'share'],
        ['share', 'reuse', 'pair'],
      ],
    };
    const { calls, sites, rows } = expandParts(plan);
    expect(calls).toBe(2);
    expect(sites.map(({ id, parent }) => [id, parent])).toEqual([
      ['a', undefined],
      ['b.0', 'b'],
      ['b.1', 'b'],
      ['c', undefined],
    ]);
    expect(rows).toEqual([
      ['pair', COMPUTE, COMPUTE, 'share'],
      ['share', 'reuse', COMPUTE, 'pair'],
    ]);
  });
  test('which there are none of, leave the plan as it is', () => {
    const plan: Plan = { calls: 1, sites: [siteOf('a')], rows: [[COMPUTE]] };
    expect(expandParts(plan)).toEqual(plan);
  });
  test('whose strategy chooses nothing are computed', () => {
    const plan: Plan = { calls: 1, sites: [divided('b')], rows: [['pair']] };
    expect(expandParts(plan).rows).toEqual([[COMPUTE, COMPUTE]]);
  });
});

describe('programs for pairs', () => {
  const sites = [siteOf('a'), divided('b'), siteOf('c')];
  /** One call. */
  const found = (planned: string[], row: NamedVariant['row']) =>
    variantsForPairs(
      { calls: 1, sites, rows: [planned] },
      [{ name: 'p', row, reads: [], writes: [] }],
      ['p'],
    ).has('p');
  const X = undefined;

  test.each<[string, string[], NamedVariant['row'], boolean]>([
    ['nothing shared', [COMPUTE, 'reuse', COMPUTE], [COMPUTE, 'reuse', COMPUTE, COMPUTE], false],
    ['the first site', ['share', 'reuse', COMPUTE], ['share', 'reuse', COMPUTE, COMPUTE], true],
    ['the last site', [COMPUTE, 'reuse', 'pair'], [COMPUTE, 'reuse', COMPUTE, 'pair'], true],
    ['the site of parts', [COMPUTE, 'share', COMPUTE], [COMPUTE, 'x', 'x', COMPUTE], true],
    ['one part of a site alone', [COMPUTE, 'share', COMPUTE], [COMPUTE, X, 'x', COMPUTE], true],
    ['a site that is not live', ['share', 'reuse', COMPUTE], [X, 'reuse', COMPUTE, COMPUTE], false],
    [
      'the last site, which is not live',
      [COMPUTE, 'reuse', 'pair'],
      [COMPUTE, 'reuse', COMPUTE, X],
      false,
    ],
    [
      'a site none of whose parts is live',
      [COMPUTE, 'share', COMPUTE],
      [COMPUTE, X, X, COMPUTE],
      false,
    ],
  ])('%s', (_, planned, row, expected) => {
    expect(found(planned, row)).toBe(expected);
  });

  test('are those of the calls that share', () => {
    const rows = [[COMPUTE], ['share'], ['pair'], [COMPUTE]];
    const programs = ['full', 'shared', 'paired'].map((name) => ({
      name,
      row: ['x'],
      reads: [],
      writes: [],
    }));
    const calls = ['full', 'shared', 'paired', 'full'];
    expect(variantsForPairs({ calls: 4, sites: [siteOf('a')], rows }, programs, calls)).toEqual(
      new Set(['shared', 'paired']),
    );
  });
});
