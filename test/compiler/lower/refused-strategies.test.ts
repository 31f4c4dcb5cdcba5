/** What strategies may not ask for while they are built, and what they may. */
import { describe, expect, test } from 'vitest';
import { lower } from '../../../src/compiler/lower/index.js';
import {
  type LeafStrategy,
  makePlan,
  type PlainSite,
  type SiteBuilder,
} from '../../../src/compiler/plan/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

const plain = { description: '', reads: [], writes: {} };

describe('what a strategy may not ask for', () => {
  const model = modelOf(
    'g (float[1] x) => (float[1] y) { f = Neg (x) g = Exp (f) y = Sub (f, g) }',
  );
  const values = [named(model, 'f'), named(model, 'g')];
  const tried = (strategy: Partial<LeafStrategy>) => {
    const site: PlainSite = {
      id: 's',
      description: '',
      outputs: values,
      states: [{ id: 's.0', like: values[0]! }],
      strategies: {
        compute: { ...plain, name: 'compute', writes: { 's.0': (b) => b.value(values[0]!) } },
        other: { ...plain, name: 'other', ...strategy },
      },
    };
    const plan = makePlan(2, [{ sites: [site], entries: { s: ['compute', 'other'] } }]);
    return () => lower(model, inferShapes(model), plan, 'split');
  };
  const constant = (number: number) => (b: SiteBuilder) => {
    b.constant('c', [1, number]);
    return values.map((v) => b.value(v));
  };
  const both = (b: SiteBuilder) => [b.state('s.0'), b.state('s.0')];

  test.each<[string, Partial<LeafStrategy>, string, RegExp]>([
    [
      'fewer values than the site has',
      { produce: (b) => [b.value(values[0]!)] },
      'STRATEGY_VALUES',
      /1.*2/,
    ],
    [
      'more values than the site has',
      { produce: (b) => [...values, ...values].map((v) => b.value(v)) },
      'STRATEGY_VALUES',
      /4.*2/,
    ],
    ['a state that it does not say it reads', { produce: both }, 'STRATEGY_READS', /s\.0/],
    [
      'not the state that it says it reads',
      { reads: ['s.0'], produce: (b) => values.map((v) => b.value(v)) },
      'STRATEGY_READS',
      /s\.0/,
    ],
    [
      'a state that is none',
      { produce: (b) => [b.state('t'), b.state('t')] },
      'PROPOSAL_STATE',
      /"t"/,
    ],
    ['a fraction as a constant', { produce: constant(0.5) }, 'STRATEGY_CONSTANT', /0\.5/],
    [
      'a constant that no number is exact for',
      { produce: constant(2 ** 53) },
      'STRATEGY_CONSTANT',
      /9007199254740992/,
    ],
  ])('%s', (_, strategy, code, message) => {
    expect(tried(strategy)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test.each<[string, Partial<LeafStrategy>]>([
    ['values as computed', { produce: (b) => values.map((v) => b.value(v)) }],
    ['a state that it reads', { reads: ['s.0'], produce: both }],
    ['the largest constant', { produce: constant(2 ** 53 - 1) }],
  ])('unlike %s', (_, strategy) => {
    expect(tried(strategy)).not.toThrow();
  });

  test('the two ways in which reads are wrong are told apart', () => {
    const said = (strategy: Partial<LeafStrategy>) => {
      try {
        tried(strategy)();
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    const more = said({ produce: both });
    const less = said({ reads: ['s.0'], produce: (b) => values.map((v) => b.value(v)) });
    expect(more).not.toBe(less);
  });
});
