/** Further candidates at a cost, on methods whose costs are made up here: timesteps that crowd, placements, plans. No model runs. */
import { describe, expect, test } from 'vitest';
import { passes } from '../../../passes/index.js';
import type { Candidate, SearchSpace } from '../../../src/evidence/tune/candidate.js';
import type { Judge } from '../../../src/evidence/tune/descent.js';
import { FEWER } from '../../../src/evidence/tune/fewer.js';
import { withSteps } from '../../../src/evidence/tune/loop.js';
import type { Method } from '../../../src/evidence/tune/method.js';
import type { FullStepsAsked, Planner } from '../../../src/evidence/tune/planner.js';
import { searchAt } from '../../../src/evidence/tune/search.js';
import { samplerIn, settingTitle, stepsIn } from '../../../src/evidence/tune/setting.js';
import { everyNth } from '../../../src/runtime/schedule/index.js';

const method = (name: string, full: number, between: number, options = {}): Method => ({
  pass: passes[name]!,
  options,
  forecasts: true,
  cost: { full, between },
});

const space = (given: Partial<SearchSpace> = {}): SearchSpace => ({
  own: { name: 'ddim', steps: 40, spacing: 'trailing' },
  ...{ methods: [], starts: [], searched: [], exact: [], exactCost: 1, notTried: [] },
  mostSteps: 100,
  ...given,
});

async function found(given: SearchSpace, score: (one: Candidate) => number, budget = 12) {
  const seen: Candidate[] = [];
  const judge: Judge = {
    async prepare() {},
    async score(one) {
      seen.push(one);
      return score(one);
    },
  };
  return { ...(await searchAt(given, budget, judge)), seen };
}

const gammaOf = ({ setting }: Candidate): number | undefined => {
  const origin = setting.origins?.find((text) => text.startsWith('timesteps by gamma '));
  return origin === undefined ? undefined : Number(origin.split(' ').at(-1));
};

describe('timesteps by gamma', () => {
  // most at 2 ** 0.75, half an octave from where the first look is
  const score = (one: Candidate) => {
    const gamma = gammaOf(one);
    return gamma === undefined ? 0 : 10 - Math.abs(Math.log2(gamma) - 0.75);
  };

  test('are loops of fewer steps, whose best methods are tried in', async () => {
    const { rival, seen } = await found(
      space({ methods: [method('forecast', 1.01, 0.01)] }),
      score,
    );
    expect(gammaOf(rival!)).toBeCloseTo(2 ** 0.75, 2);
    const { sampler, family } = rival!.setting;
    expect(family).toBe(FEWER);
    // t = T (1 - i / K) ^ gamma, of the whole range at first
    const wanted = Array.from({ length: 12 }, (_, i) => 1000 * (1 - i / 12) ** (2 ** 0.75) - 1);
    for (const [i, timestep] of samplerIn(sampler).timesteps.entries())
      expect(Math.abs(timestep - wanted[i]!)).toBeLessThanOrEqual(0.5 + 1e-9);
    const forecasts = seen.filter((one) => one.setting.family === 'forecast');
    expect(forecasts.some((one) => gammaOf(one) !== undefined)).toBe(true);
    for (const one of forecasts)
      expect(samplerIn(one.setting.sampler).timesteps.length).toBeGreaterThan(12);
    expect(settingTitle(rival!.setting)).toMatch(/^12 steps of .*\(timesteps by gamma 1\.682\)$/);
    expect(stepsIn(rival!.at!(7)!.setting.sampler)).toBe(7);
  });

  test('are none along a straight path, or where the loop begins in the middle', async () => {
    const flow = { name: 'euler-flow', steps: 28 } as const;
    const middle = { name: 'ddim', steps: 40, start: 10 } as const;
    for (const own of [flow, middle]) {
      const { seen } = await found(space({ own }), () => 1);
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((one) => gammaOf(one) !== undefined)).toEqual([]);
    }
  });
});

describe('a loop that begins in the middle', () => {
  const own = { name: 'ddim', steps: 40, start: 10, spacing: 'trailing' } as const;

  test('leaves out the same part with other steps', () => {
    const { steps, start } = withSteps(own, 15);
    expect([steps, start]).toEqual([20, 5]);
    expect(samplerIn({ ...own, steps, start }).timesteps).toHaveLength(15);
  });

  test('costs what is taken, of every sampler', async () => {
    const { seen } = await found(space({ own, methods: [method('forecast', 1, 0)] }), () => 1, 15);
    for (const { setting, cost } of seen) {
      const { firstCall, timesteps } = samplerIn(setting.sampler);
      expect(cost).toBeLessThanOrEqual(15);
      expect(firstCall / (firstCall + timesteps.length)).toBeCloseTo(0.25, 1);
    }
  });
});

test('a sampler that takes two calls a step is tried with as many as fit', async () => {
  for (const budget of [12, 13]) {
    const { seen } = await found(space({ methods: [method('forecast', 1, 0)] }), () => 1, budget);
    const heun = seen.filter(({ setting }) => setting.sampler.name === 'heun');
    expect(heun.length).toBeGreaterThan(0);
    for (const { setting, cost } of heun) {
      expect(cost).toBe(stepsIn(setting.sampler));
      expect(cost).toBeLessThanOrEqual(budget);
    }
  }
});

test('placements of a pass are tried, and cost what their full steps do', async () => {
  const delta = method('guidance-delta', 1, 0.5);
  const { seen } = await found(space({ methods: [delta] }), ({ setting }) =>
    Number(setting.passes[0]?.options['interval'] ?? 0),
  );
  const placed = seen.filter(({ setting }) => setting.passes[0]?.options['interval'] !== undefined);
  const intervals = placed.map(({ setting }) => setting.passes[0]!.options['interval']);
  expect(new Set(intervals).size).toBeGreaterThan(2);
  for (const { setting, cost } of placed) {
    const steps = stepsIn(setting.sampler);
    const { interval, warmup, cooldown } = setting.passes[0]!.options as Record<string, number>;
    const full = everyNth(steps, interval!, { warmup: warmup!, cooldown: cooldown! });
    expect(cost).toBeCloseTo(full.length + (steps - full.length) * 0.5, 9);
    expect(cost).toBeLessThanOrEqual(12);
  }
});

describe('plans', () => {
  const FULL = [0, 1, 2, 5, 9];
  const asked: FullStepsAsked[] = [];
  const planner: Planner = {
    async fullSteps(one) {
      asked.push(one);
      return one.method.pass.name === 'forecast' ? FULL : undefined;
    },
    plan: async () => undefined,
    cost: async () => undefined,
  };
  const methods = [
    method('forecast', 1, 0),
    method('deepcache', 1, 0.3, { branch: 1 }),
    method('delta-cache', 1, 0.3, { range: '1-2' }),
  ];

  test('are asked for of the best few, with as many full steps, and are candidates at their cost', async () => {
    const scores: Record<string, number> = { forecast: 3, deepcache: 2, 'delta-cache': 1 };
    const { best } = await found(space({ methods, planner }), ({ setting }) =>
      setting.passes.length === 1 && setting.passes[0]!.options['full']
        ? 5
        : (scores[setting.family] ?? 0),
    );
    expect(asked.map(({ method: { pass } }) => pass.name)).toEqual(['forecast', 'deepcache']);
    expect(asked[0]!.full).toBe(12);
    const [first] = best;
    expect(first!.setting.passes).toEqual([
      { pass: 'forecast', options: { full: FULL, order: asked[0]!.order } },
    ]);
    expect(first!.cost).toBe(FULL.length);
    expect(first!.setting.origins).toContain('full steps by where the loop ends');
    const fewer = first!.at!(3)!;
    expect(fewer.setting.passes[0]!.options['full']).toEqual([0, 2, 9]);
    expect(first!.at!(1)).toBeUndefined();
  });

  test('of a search are placed in as many steps as they leave, on the better side of the middle', async () => {
    const tried: unknown[] = [];
    const shares: Record<string, number> = { D1: 0.9, D3: 0.8, D5: 0.6, D6: 0.5 };
    const { seen } = await found(
      space({
        searched: [
          {
            pass: passes['ditfastattn']!,
            strictness: ['D1', 'D2', 'D3', 'D4', 'D5', 'D6'].map((threshold) => ({ threshold })),
          },
        ],
        planner: {
          ...planner,
          async plan({ options, sampler }) {
            tried.push([options['threshold'], stepsIn(sampler)]);
            return { format: 'stepfold.plan', version: 1, calls: 1, sites: {} };
          },
          // longer loops are a little dearer than the one that was searched
          cost: async ({ passes: [request], sampler }) => {
            const steps = stepsIn(sampler);
            return shares[String(request!.options['threshold'])]! * steps * (steps > 17 ? 1.05 : 1);
          },
        },
      }),
      ({ setting }) => (setting.plan ? stepsIn(setting.sampler) : 0),
    );
    expect(tried).toEqual([
      ['D3', 17],
      ['D5', 17],
      ['D6', 17],
    ]);
    const planned = seen.filter(({ setting }) => setting.plan);
    expect(planned.map(({ setting }) => stepsIn(setting.sampler)).slice(0, 3)).toEqual([
      15, 19, 22,
    ]);
    for (const { cost } of planned) expect(cost).toBeLessThanOrEqual(12);
    const [loosest] = planned.slice(2);
    expect(stepsIn(loosest!.at!(6)!.setting.sampler)).toBe(11);
  });
});

test('a start that is best at first does not keep its pass from longer loops', async () => {
  const forecast = method('forecast', 1, 0.01);
  const { best, seen } = await found(
    space({
      methods: [forecast],
      starts: [
        { name: 'recipe', at: () => ({ method: forecast, options: { interval: 2 }, full: 6 }) },
      ],
      mostSteps: 40,
    }),
    // the start is ahead of all but the pass in the longest loop, which is tried last
    ({ setting }) =>
      setting.origins?.includes('recipe') ? 5 : stepsIn(setting.sampler) === 36 ? 9 : 0,
  );
  expect(seen.some(({ setting }) => setting.origins?.includes('recipe'))).toBe(true);
  expect(stepsIn(best[0]!.setting.sampler)).toBe(36);
  expect(best.some(({ setting }) => setting.origins?.includes('recipe'))).toBe(true);
});
