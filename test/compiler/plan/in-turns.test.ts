/** Two calls a step, one for each half of a guidance pair: what a call keeps, its own half alone takes. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  byHalf,
  COMPUTE,
  type CompositeSite,
  compositeOf,
  expandParts,
  type LeafStrategy,
  type PlainSite,
  type Plan,
  perCall,
  type Site,
  type SiteBuilder,
  sharedOf,
  statesAt,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import {
  callsPerStep,
  type GuidancePair,
  stepsOfCalls,
} from '../../../src/runtime/schedule/guidance.js';

const IN_TURNS: GuidancePair = { order: 'cond-first', mode: 'two-calls' };
const IN_BATCH: GuidancePair = { order: 'cond-first', mode: 'batch' };

/** A builder that says which state it was asked for. */
const builder = { state: (id: string) => id as unknown as Value } as SiteBuilder;

function siteOf(id: string, more: Partial<PlainSite> = {}): PlainSite {
  const kept = `${id}.kept`;
  return {
    id,
    description: id,
    outputs: [],
    states: [{ id: kept, like: undefined as unknown as Value }],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'runs it', { writes: { [kept]: () => 'made' as unknown as Value } }),
      strategyOf('reuse', 'takes it', {
        reads: [kept],
        produce: (b) => [b.state(kept)],
        program: 'shallow',
        moreExact: ['refine'],
        cost: 0,
      }),
      strategyOf('refine', 'takes it and keeps it', {
        reads: [kept],
        produce: (b) => [b.state(kept)],
        writes: { [kept]: (b) => b.state(kept) },
      }),
      strategyOf('zero', 'nothing', { produce: () => [] }),
    ]),
    ...more,
  };
}

/** What each part does in each call, where all calls have a strategy. */
function callsOf(site: Site, name: string, calls = 4) {
  const plan: Plan = { calls, sites: [site], rows: Array(calls).fill([name]) };
  const { sites, rows } = expandParts(plan);
  return rows.map((row) => row.map((choice, s) => sites[s]!.strategies[choice]!));
}

describe('a site', () => {
  test.each([undefined, IN_BATCH])('stays as it is where a step is one call', (guidance) => {
    const site = siteOf('s');
    expect(byHalf(site, guidance)).toBe(site);
  });

  let site: Site;
  beforeEach(() => {
    site = byHalf(siteOf('s'), IN_TURNS);
  });

  test('has states of each half in one part', () => {
    expect(site.parts!.map((part) => part.id)).toEqual(['s.value']);
    expect(site.parts![0]!.states.map((state) => state.id)).toEqual([
      's.kept.first',
      's.kept.second',
    ]);
  });

  test.each([
    // reads, and what is made and written by what is read
    [COMPUTE, [], undefined, { 's.kept': 'made' }],
    ['reuse', ['s.kept'], ['s.kept'], {}],
    ['refine', ['s.kept'], ['s.kept'], { 's.kept': 's.kept' }],
    ['zero', [], [], {}],
  ])('%s is of the half of each call', (name, reads, made, writes) => {
    for (const [call, strategies] of callsOf(site, name).entries()) {
      const half = (id: string) =>
        id.startsWith('s.') ? `${id}.${['first', 'second'][call % 2]}` : id;
      expect(strategies).toHaveLength(1);
      const [strategy] = strategies as [LeafStrategy];
      expect(strategy.reads).toEqual(reads.map(half));
      expect(strategy.produce?.(builder)).toEqual(made?.map(half));
      const written = Object.entries(strategy.writes).map(([id, write]) => [id, write(builder)]);
      expect(written).toEqual(Object.entries(writes).map(([id, value]) => [half(id), half(value)]));
      expect(statesAt(site, name, call)).toEqual({
        reads: reads.map(half),
        writes: Object.keys(writes).map(half),
      });
    }
  });

  test('tells what its strategies are as before, and does nothing by itself', () => {
    const { reuse, zero } = site.strategies;
    expect(reuse).toMatchObject({
      name: 'reuse',
      description: 'takes it',
      program: 'shallow',
      moreExact: ['refine'],
      cost: 0,
      kind: 'composite',
    });
    for (const key of ['reads', 'produce', 'writes']) expect(reuse).not.toHaveProperty(key);
    for (const key of ['program', 'moreExact', 'cost']) expect(zero).not.toHaveProperty(key);
  });

  test('has a part that can be computed and keep nothing', () => {
    const { strategies } = site.parts![0]!;
    expect(Object.keys(strategies).sort()).toEqual([
      'compute',
      'compute.first',
      'compute.second',
      'refine.first',
      'refine.second',
      'reuse.first',
      'reuse.second',
      'zero',
    ]);
    expect(strategies[COMPUTE]).toMatchObject({ reads: [], writes: {} });
    expect(strategies['reuse.second']!.name).toBe('reuse.second');
  });
});

test('a site of parts has those of each half, by what each call chooses', () => {
  const parts = [siteOf('a'), siteOf('b')];
  const choices: Record<string, string>[] = [{ a: 'reuse', b: 'zero' }, { a: 'reuse' }];
  const whole: CompositeSite = {
    id: 's',
    description: '',
    outputs: [],
    parts,
    strategies: strategiesByName([
      compositeOf(COMPUTE, ''),
      sharedOf('mix', 'both', (call) => choices[call % 2]!, { strategy: COMPUTE, half: 'first' }),
    ]),
  };
  const site = byHalf(whole, IN_TURNS);
  expect(site.parts!.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(callsOf(site, 'mix', 2).map((row) => row.map(({ name }) => name))).toEqual([
    ['reuse.first', 'zero'],
    // one that the strategy does not name is computed
    ['reuse.second', 'compute.second'],
  ]);
  expect(callsOf(site, COMPUTE, 2).map((row) => row.map(({ name }) => name))).toEqual([
    ['compute.first', 'compute.first'],
    ['compute.second', 'compute.second'],
  ]);
  // what it says of itself stays, whatever kind of strategy it is
  expect(site.strategies.mix).toMatchObject({
    kind: 'shared',
    of: { strategy: COMPUTE, half: 'first' },
  });
  expect(statesAt(site, 'mix', 1)).toEqual({
    reads: ['a.kept.second'],
    writes: ['b.kept.second'],
  });
});

test.each([
  [undefined, 1, ['x', 'y'], 6],
  [IN_BATCH, 1, ['x', 'y'], 6],
  [IN_TURNS, 2, ['x', 'x', 'y', 'y'], 3],
])('calls of a step: %j', (guidance, calls, column, steps) => {
  expect(callsPerStep(guidance)).toBe(calls);
  expect(perCall(['x', 'y'], guidance)).toEqual(column);
  expect(stepsOfCalls(6, guidance)).toBe(steps);
});
