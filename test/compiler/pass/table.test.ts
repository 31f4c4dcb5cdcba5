/** Passes side by side: each name once, and one meaning for a strategy's name. */
import { describe, expect, test } from 'vitest';
import { passes, passesWith } from '../../../passes/table.js';
import {
  type AnyPass,
  passProblem,
  type StrategyMeaning,
  sameMeaning,
} from '../../../src/compiler/pass/index.js';
import { shownStrategies } from '../../../src/report.js';

const pass = (name: string, strategies?: AnyPass['strategies']): AnyPass => ({
  name,
  description: 'd',
  example: name,
  options: { type: 'object', properties: {} },
  propose: () => ({ sites: [], entries: {} }),
  ...(strategies && { strategies }),
});

const MEANINGS: readonly StrategyMeaning[] = [
  { result: 'computed' },
  { result: 'computed', band: 'alone' },
  { result: 'computed', band: 'with-residual' },
  { result: 'computed', halves: 'shared' },
  { result: 'computed', band: 'with-residual', halves: 'shared' },
  { result: 'kept' },
  { result: 'zeros' },
  { result: 'kept-run' },
];

test('meanings are the same where nothing in them differs', () => {
  for (const a of MEANINGS)
    for (const b of MEANINGS) expect(sameMeaning(a, structuredClone(b))).toBe(a === b);
});

describe('a table of passes', () => {
  test('has ours, and those beside them', () => {
    const mine = pass('mine', { again: { meaning: { result: 'kept' }, letter: 'a' } });
    const { passes: all, strategies } = passesWith([mine]);
    expect([...all.keys()]).toEqual([...Object.keys(passes), 'mine']);
    expect(strategies.get('again')).toEqual({ meaning: { result: 'kept' }, letter: 'a' });
    expect([...strategies.keys()][0]).toBe('compute');
    expect(strategies.get('constructor')).toBeUndefined();
  });

  test('takes a name of a strategy twice for one meaning, and not for two', () => {
    const of = (meaning: StrategyMeaning) => () =>
      passesWith([pass('mine', { zero: { meaning } })]);
    expect(of({ result: 'zeros' })).not.toThrow();
    for (const meaning of MEANINGS.filter(({ result }) => result !== 'zeros'))
      expect(of(meaning)).toThrow(expect.objectContaining({ code: 'PASS_STRATEGY_TAKEN' }));
    expect(() => passesWith([pass('deepcache')])).toThrow(
      expect.objectContaining({ code: 'PASS_NAME_TAKEN' }),
    );
  });

  test('and none computes otherwise than the source under the name of computing', () => {
    const mine = pass('mine', { compute: { meaning: { result: 'kept' } } });
    expect(() => passesWith([mine])).toThrow(
      expect.objectContaining({ code: 'PASS_STRATEGY_TAKEN' }),
    );
  });
});

test('of two strategies of one meaning, the second is told apart by a colour and a letter', () => {
  const mine = pass('mine', { again: { meaning: { result: 'kept' }, letter: 'r' } });
  const plan = { calls: 3, sites: { a: ['again', 'reuse', 'compute'] } };
  const shown = shownStrategies(plan, [mine]);
  expect(new Set(shown.map(({ color }) => color)).size).toBe(3);
  expect(new Set(shown.map(({ letter }) => letter)).size).toBe(3);
  expect(shown.map(({ name }) => name)).toEqual(['compute', 'again', 'reuse']);
  const alone = shownStrategies({ calls: 1, sites: { a: ['again'] } }, [mine]);
  const reuse = shownStrategies({ calls: 1, sites: { a: ['reuse'] } });
  expect(alone[0]!.color).toBe(reuse[0]!.color);
});

describe('what is loaded', () => {
  test('is a pass where ours are', () => {
    for (const ours of Object.values(passes)) expect(passProblem(ours)).toBeUndefined();
  });

  test.each<[change: object, problem: string]>([
    [{ name: 7 }, 'has no "name"'],
    [{ name: 'a:b' }, 'has a name that --pass cannot take, "a:b"'],
    [{ description: '' }, 'has no "description"'],
    [{ example: undefined }, 'has no "example"'],
    [{ options: { type: 'object' } }, 'has no "options", the JSON Schema of an object'],
    [{ propose: undefined }, 'has no function "propose"'],
    [{ prepare: 1 }, 'has a "prepare" that is no function'],
    [{ trials: {} }, 'has a "trials" that is no function'],
    [{ strategies: [] }, 'has "strategies" that are no object'],
    [
      { strategies: { 'a/b': { meaning: { result: 'kept', band: 'alone' } } } },
      'says of its strategy "a/b" what no meaning and letter are',
    ],
    [
      { strategies: { a: { meaning: { result: 'zeros' }, letter: 'ab' } } },
      'says of its strategy "a" what no meaning and letter are',
    ],
  ])('is none with %j', (change, problem) => {
    expect(passProblem({ ...pass('mine'), ...change })).toBe(problem);
  });
});
