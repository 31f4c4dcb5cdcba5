/** A plan file beside the sites of a model: what it sets, and what does not fit. */
import { describe, expect, test } from 'vitest';
import {
  makePlan,
  overridePlan,
  type PlainSite,
  planToJson,
} from '../../../src/compiler/plan/index.js';
import { parsePlanFile } from '../../../src/runtime/schedule/index.js';

const site = (id: string): PlainSite => ({
  id,
  description: '',
  outputs: [],
  states: [],
  strategies: Object.fromEntries(
    ['compute', 'reuse'].map((name) => [name, { name, description: '', reads: [], writes: {} }]),
  ),
});

/** A model with so many attentions, whose pass reuses the first of them in call 1. */
const modelOf = (attentions: number, calls = 2) =>
  makePlan(calls, [
    {
      sites: Array.from({ length: attentions }, (_, i) => site(`attention.${i}`)),
      entries: {
        'attention.0': Array.from({ length: calls }, (_, t) => (t ? 'reuse' : 'compute')),
      },
    },
  ]);

describe('planToJson', () => {
  test('is a plan file, with whatever else is to be recorded', () => {
    const plan = modelOf(2);
    expect(parsePlanFile(planToJson(plan), 'p.json')).toEqual({
      format: 'stepfold.plan',
      version: 1,
      calls: 2,
      sites: { 'attention.0': ['compute', 'reuse'], 'attention.1': ['compute', 'compute'] },
    });
    const record = {
      model: { file: 'dit.onnx', sha256: '0'.repeat(64) },
      passes: [{ pass: 'ditfastattn' }],
      guidance: { order: 'none' as const, mode: 'batch' as const },
      calibration: { threshold: 0.1 },
    };
    expect(parsePlanFile(planToJson(plan, record), 'p.json')).toMatchObject(record);
    expect(overridePlan(plan, planToJson(plan, record))).toEqual(plan);
  });
});

describe('overridePlan', () => {
  test('leaves sites to their pass that a plan written by hand does not name', () => {
    const file = { calls: 2, sites: { 'attention.1': ['compute', 'reuse'] } };
    expect(overridePlan(modelOf(3), file).rows).toEqual([
      ['compute', 'compute', 'compute'],
      ['reuse', 'reuse', 'compute'],
    ]);
  });

  const searched = (attentions: number, calls = 2) =>
    planToJson(modelOf(attentions, calls), { calibration: {} });

  test.each<[string, () => unknown, string, RegExp, string]>([
    [
      'a plan for more layers',
      () => overridePlan(modelOf(8), searched(12)),
      'PLAN_UNKNOWN_SITE',
      /lists 12 sites.*find 8.*"attention.8", "attention.9", "attention.10" and 1 more/,
      '/sites/attention.8',
    ],
    [
      'a plan for one layer more',
      () => overridePlan(modelOf(8), searched(9)),
      'PLAN_UNKNOWN_SITE',
      /"attention.8" that does not exist/,
      '/sites/attention.8',
    ],
    [
      'a searched plan for fewer layers',
      () => overridePlan(modelOf(8), searched(6)),
      'PLAN_MISSING_SITES',
      /6 sites.*find 8.*"attention.6", "attention.7"/,
      '/sites',
    ],
    [
      'a plan for another number of calls, where the loop is fixed',
      () => overridePlan(modelOf(2, 4), searched(2, 20), {}, true),
      'PLAN_LENGTH',
      /20 calls.*has 4/,
      '/calls',
    ],
    [
      'a plan without sites for another number of calls',
      () => overridePlan(modelOf(2), { calls: 3, sites: {} }, {}, true),
      'PLAN_LENGTH',
      /3 calls.*has 2/,
      '/calls',
    ],
    [
      'a strategy that the site does not offer',
      () => overridePlan(modelOf(2), { calls: 2, sites: { 'attention.1': ['compute', 'window'] } }),
      'PLAN_UNKNOWN_STRATEGY',
      /Call 1 .*"window" at site "attention.1"/,
      '/sites/attention.1/1',
    ],
    [
      'a strategy named like what every object has',
      () =>
        overridePlan(modelOf(2), { calls: 2, sites: { 'attention.1': ['compute', 'toString'] } }),
      'PLAN_UNKNOWN_STRATEGY',
      /"toString"/,
      '/sites/attention.1/1',
    ],
  ])('refuses %s', (_, act, code, message, path) => {
    expect(act).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(message),
        details: expect.objectContaining({ path, hint: expect.any(String) }),
      }),
    );
  });
});
