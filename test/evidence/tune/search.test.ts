/** What is searched at a cost, on methods whose costs and errors are made up here: no model runs. */
import { describe, expect, test } from 'vitest';
import { passes } from '../../../passes/index.js';
import type { Candidate, SearchSpace } from '../../../src/evidence/tune/candidate.js';
import type { Judge } from '../../../src/evidence/tune/descent.js';
import { FEWER } from '../../../src/evidence/tune/fewer.js';
import { halve } from '../../../src/evidence/tune/halving.js';
import type { Method } from '../../../src/evidence/tune/method.js';
import { searchAt } from '../../../src/evidence/tune/search.js';
import { keyOf, stepsIn } from '../../../src/evidence/tune/setting.js';

const method = (name: string, options: object, full: number, between: number): Method => ({
  pass: passes[name]!,
  options: { ...options },
  forecasts: true,
  cost: { full, between },
});

const FORECAST = method('forecast', {}, 1.02, 0.01);
const DEEP = [
  method('deepcache', { branch: 1 }, 1.01, 0.3),
  method('deepcache', { branch: 3 }, 1.01, 0.6),
];

const space = (methods: readonly Method[], exactCost = 1): SearchSpace => ({
  own: { name: 'ddim', steps: 40, spacing: 'trailing' },
  methods,
  starts: [],
  searched: [],
  exact: exactCost === 1 ? [] : [{ pass: 'loop-invariant', options: {} }],
  exactCost,
  notTried: [],
  mostSteps: 100,
});

/** What is scored must have been prepared. */
function judgeBy(score: (candidate: Candidate) => number | undefined): Judge {
  const known = new Set<string>();
  const nameOf = ({ setting }: Candidate, batches: number) => `${batches} ${keyOf(setting)}`;
  return {
    async prepare(candidates, batches) {
      for (const one of candidates) known.add(nameOf(one, batches));
    },
    async score(candidate, batches) {
      expect(known).toContain(nameOf(candidate, batches));
      return score(candidate);
    },
  };
}

/** Costs counted anew, from what the options say. */
function costOf({ setting }: Candidate, methods: readonly Method[]): number {
  const steps = stepsIn(setting.sampler);
  const [request] = setting.passes;
  if (!request) return steps;
  const { branch } = request.options as { branch?: number };
  const { cost } = methods.find(
    ({ pass, options }) => pass.name === request.pass && options['branch'] === branch,
  )!;
  const full = Number(request.options['full-calls']);
  return full * cost.full + (steps - full) * cost.between;
}

describe('at a cost', () => {
  const seen: Candidate[] = [];
  const methods = [FORECAST, ...DEEP];
  const run = () =>
    searchAt(
      space(methods),
      12,
      judgeBy((candidate) => {
        seen.push(candidate);
        return 1;
      }),
    );

  test('nothing costs more, and one more full step would', async () => {
    await run();
    const singles = seen.filter(({ setting }) => setting.passes.length === 1);
    expect(singles.length).toBeGreaterThan(10);
    for (const one of singles) {
      expect(one.cost).toBeCloseTo(costOf(one, methods), 9);
      expect(one.cost).toBeLessThanOrEqual(12 + 1e-6);
      const { cost } = one.setting.passes[0]!.pass === 'forecast' ? FORECAST : DEEP[0]!;
      expect(one.cost + cost.full).toBeGreaterThan(12);
    }
  });

  test('fewer steps are tried with every sampler and spacing, and are as many as the cost', () => {
    const fewer = seen.filter(({ setting }) => setting.family === FEWER);
    const kinds = new Set(
      fewer.map(({ setting: { sampler } }) => `${sampler.name} ${sampler['order']}`),
    );
    for (const name of ['ddim', 'dpm++2m', 'unipc', 'deis'])
      expect(
        [...kinds].some((kind) => kind.startsWith(name)),
        name,
      ).toBe(true);
    expect([...kinds]).toContain('unipc 3');
    for (const { setting } of fewer) expect(stepsIn(setting.sampler)).toBeLessThanOrEqual(12);
  });

  test('pairs of passes are tried, the steps of the inner one among those of the outer', () => {
    const pairs = seen.filter(({ setting }) => setting.passes.length === 2);
    expect(pairs.length).toBeGreaterThan(0);
    for (const { setting, cost } of pairs) {
      const [inner, outer] = setting.passes.map(({ options }) => options['full'] as number[]);
      expect(outer).toEqual(expect.arrayContaining(inner!));
      expect(cost).toBeLessThanOrEqual(12 + 1e-6);
    }
  });

  test('what is asked at another cost is the same otherwise', () => {
    const one = seen.find(({ setting }) => setting.passes[0]?.pass === 'deepcache')!;
    const other = one.at!(8)!;
    expect(other.cost).toBeLessThanOrEqual(8);
    expect(other.setting.family).toBe(one.setting.family);
    const { steps: _, ...loop } = one.setting.sampler;
    expect(other.setting.sampler).toMatchObject(loop);
  });
});

describe('what is found', () => {
  /** The best of all settings under a score, by trying each. */
  test('is the best under a score that has one peak', async () => {
    const score = ({ setting }: Candidate) => {
      const { options, pass } = setting.passes[0] ?? { options: {}, pass: '' };
      const order = { 0: 0, 1: 2, 2: 5 }[Number(options['order'] ?? 0)]!;
      const branch = options['branch'] === 3 ? 4 : 0;
      const loop = setting.sampler.name === 'deis' ? 3 : 0;
      return (pass === 'deepcache' ? 10 : 0) + order + branch + loop;
    };
    const { best } = await searchAt(space([FORECAST, ...DEEP]), 12, judgeBy(score));
    const [first] = best;
    expect(first!.setting.passes[0]).toMatchObject({
      pass: 'deepcache',
      options: { branch: 3, order: 2 },
    });
    expect(first!.setting.sampler.name).toBe('deis');
  });

  test('is fewer steps where these are best, and what failed is left out', async () => {
    const { best, rival } = await searchAt(
      space([FORECAST]),
      12,
      judgeBy(({ setting }) =>
        setting.passes.length > 0 ? undefined : setting.sampler.name === 'unipc' ? 5 : 1,
      ),
    );
    expect(best[0]!.setting).toMatchObject({ family: FEWER, sampler: { name: 'unipc' } });
    expect(keyOf(rival!.setting)).toBe(keyOf(best[0]!.setting));
    expect(best.every(({ setting }) => setting.family === FEWER)).toBe(true);
  });

  test('has what approximates nothing in it, whose cheaper steps are more of them', async () => {
    const { rival } = await searchAt(
      space([FORECAST], 0.8),
      12,
      judgeBy(() => 1),
    );
    expect(rival!.setting.passes).toEqual([{ pass: 'loop-invariant', options: {} }]);
    expect(stepsIn(rival!.setting.sampler)).toBe(15);
    expect(rival!.cost).toBeCloseTo(12, 9);
  });
});

test('halving asks the better ones on more', async () => {
  const asked: [number, number][] = [];
  const prepared: [number, number][] = [];
  const left = await halve(
    [3, 9, 1, 7, 5],
    [
      { batches: 1, keep: 3 },
      { batches: 4, keep: 1 },
    ],
    async (some, batches) => void prepared.push([some.length, batches]),
    async (one, batches) => {
      asked.push([one, batches]);
      // on more images another one is best
      return batches === 1 ? one : -one;
    },
  );
  expect(left).toEqual([5]);
  expect(asked).toEqual([
    ...[3, 9, 1, 7, 5].map((one) => [one, 1]),
    ...[9, 7, 5].map((one) => [one, 4]),
  ]);
  expect(prepared).toEqual([
    [5, 1],
    [3, 4],
  ]);
});
