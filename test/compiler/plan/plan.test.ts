/** Joining what passes propose to one plan. */
import { describe, expect, test } from 'vitest';
import {
  makePlan,
  overridePlan,
  type PlainSite,
  planToJson,
} from '../../../src/compiler/plan/index.js';
import { modelOf, named } from '../../helpers/text.js';

describe('plans', () => {
  const model = modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) y = Relu (a) }');
  const site = (id: string, value = 'a'): PlainSite => ({
    id,
    description: id,
    outputs: [named(model, value)],
    states: [],
    strategies: {
      compute: { name: 'compute', description: '', reads: [], writes: {} },
      zero: {
        name: 'zero',
        description: '',
        reads: [],
        writes: {},
        produce: (b) => [b.value(named(model, 'x'))],
      },
    },
  });

  test('a site without entries is computed', () => {
    expect(makePlan(2, [{ sites: [site('s')], entries: {} }]).rows).toEqual([
      ['compute'],
      ['compute'],
    ]);
  });

  test.each<[string, () => unknown, string]>([
    [
      'an entry for no site',
      () => makePlan(1, [{ sites: [site('s')], entries: { t: ['zero'] } }]),
      'PLAN_UNKNOWN_SITE',
    ],
    [
      'a column of another length',
      () => makePlan(2, [{ sites: [site('s')], entries: { s: ['zero'] } }]),
      'PLAN_LENGTH',
    ],
    [
      'a strategy that the site has not',
      () => makePlan(1, [{ sites: [site('s')], entries: { s: ['window'] } }]),
      'PLAN_UNKNOWN_STRATEGY',
    ],
    [
      'two passes with one site id',
      () =>
        makePlan(1, [
          { sites: [site('s')], entries: {} },
          { sites: [site('s', 'y')], entries: {} },
        ]),
      'PLAN_CONFLICT',
    ],
    [
      'two sites with one value',
      () => makePlan(1, [{ sites: [site('s'), site('t')], entries: {} }]),
      'PLAN_CONFLICT',
    ],
  ])('%s', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });

  test('a plan file replaces columns', () => {
    const plan = makePlan(2, [{ sites: [site('s')], entries: { s: ['compute', 'zero'] } }]);
    const file = planToJson(plan);
    expect(file.sites).toEqual({ s: ['compute', 'zero'] });
    expect(overridePlan(plan, { ...file, sites: { s: ['zero', 'zero'] } }).rows).toEqual([
      ['zero'],
      ['zero'],
    ]);
    expect(() => overridePlan(plan, { ...file, calls: 3 })).toThrow(
      expect.objectContaining({ code: 'PLAN_LENGTH' }),
    );
  });
});
