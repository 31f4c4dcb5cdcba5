/** What a pass may get wrong, each found before anything is made of it, with a code. */
import { describe, expect, test } from 'vitest';
import { lower } from '../../../src/compiler/lower/index.js';
import {
  COMPUTE,
  type CompositeSite,
  compositeOf,
  type LeafStrategy,
  makePlan,
  type PlainSite,
  type Site,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

const model = () =>
  modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) b = Abs (a) y = Exp (b) }');
const source = model();
const value = (name: string) => named(source, name);

const siteOf = (id: string, strategies: readonly LeafStrategy[] = [], name = 'a'): PlainSite => ({
  id,
  description: '',
  outputs: [value(name)],
  states: [{ id: `${id}.0`, like: value(name) }],
  strategies: strategiesByName([
    strategyOf(COMPUTE, '', { writes: { [`${id}.0`]: (b) => b.value(value(name)) } }),
    ...strategies,
  ]),
});
const reuse = strategyOf('reuse', '', { reads: ['s.0'], produce: (b) => [b.state('s.0')] });
const composite = (choice: Record<string, string>): CompositeSite => ({
  id: 'whole',
  description: '',
  outputs: [value('a')],
  parts: [siteOf('s', [reuse])],
  strategies: strategiesByName([compositeOf(COMPUTE, ''), compositeOf('some', '', () => choice)]),
});

const proposed = (...sites: Site[]) => makePlan(2, [{ sites, entries: {} }]);

test('what is right passes', () => {
  const other = strategyOf('other', '', { reads: ['s.0'], produce: (b) => [b.state('s.0')] });
  expect(proposed(siteOf('s', [reuse]), siteOf('t', [other], 'b')).sites).toHaveLength(2);
  expect(proposed(composite({ s: 'reuse' })).sites).toHaveLength(1);
});

describe('is refused', () => {
  const { compute, ...rest } = siteOf('s', [reuse]).strategies;
  test.each<[what: string, code: string, sites: readonly Site[], says: RegExp]>([
    [
      'a site that cannot be computed',
      'PROPOSAL_STRATEGY',
      [{ ...siteOf('s'), strategies: rest }],
      /no "compute"/,
    ],
    [
      'a part that cannot',
      'PROPOSAL_STRATEGY',
      [{ ...composite({}), parts: [{ ...siteOf('s'), strategies: rest }] }],
      /no "compute"/,
    ],
    [
      'a strategy under another name',
      'PROPOSAL_STRATEGY',
      [{ ...siteOf('s'), strategies: { compute: compute!, again: reuse } }],
      /"reuse" goes by the name "again"/,
    ],
    ['a choice for no part', 'PROPOSAL_PART', [composite({ t: 'reuse' })], /for a part "t"/],
    [
      'a choice that a part has not',
      'PROPOSAL_PART',
      [composite({ s: 'zero' })],
      /"zero" for its part "s"/,
    ],
    [
      'two states of one id in one site',
      'PROPOSAL_STATE',
      [{ ...siteOf('s'), states: [...siteOf('s').states, ...siteOf('s').states] }],
      /"s.0" of site "s" is one of site "s" too/,
    ],
    [
      'and in two',
      'PROPOSAL_STATE',
      [siteOf('s'), { ...siteOf('t', [], 'b'), states: siteOf('s').states }],
      /of site "t" is one of site "s" too/,
    ],
    [
      'reading what no site keeps',
      'PROPOSAL_STATE',
      [siteOf('s', [strategyOf('reuse', '', { reads: ['t.0'] })])],
      /"t.0" of site "s" is named by strategy "reuse"/,
    ],
    [
      'writing it',
      'PROPOSAL_STATE',
      [siteOf('s', [strategyOf('keep', '', { writes: { 't.0': (b) => b.value(value('a')) } })])],
      /named by strategy "keep"/,
    ],
  ])('%s', (_, code, sites, says) => {
    expect(() => proposed(...sites)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(says) }),
    );
  });

  const zeros: LeafStrategy['produce'] = (b) => [b.value(value('a'))];
  test.each<[what: string, code: string, strategy: LeafStrategy]>([
    ['no value', 'STRATEGY_VALUES', strategyOf('x', '', { produce: () => [] })],
    [
      'a value too many',
      'STRATEGY_VALUES',
      strategyOf('x', '', { produce: (b) => [...zeros(b), ...zeros(b)] }),
    ],
    ['what it does not say that it reads', 'STRATEGY_READS', { ...reuse, name: 'x', reads: [] }],
    ['less than it says', 'STRATEGY_READS', { ...reuse, name: 'x', produce: zeros }],
    [
      'a state that there is not',
      'PROPOSAL_STATE',
      { ...reuse, name: 'x', produce: (b) => [b.state('s.1')] },
    ],
    [
      'a constant that is no whole number',
      'STRATEGY_CONSTANT',
      strategyOf('x', '', { produce: (b) => [b.constant('half', [0.5])] }),
    ],
  ])('a strategy that makes %s', (_, code, strategy) => {
    const plan = makePlan(2, [
      { sites: [siteOf('s', [strategy])], entries: { s: [COMPUTE, 'x'] } },
    ]);
    expect(() => lower(source, inferShapes(source), plan, 'split')).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
