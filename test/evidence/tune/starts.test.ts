/** Settings to start from: which are tried at a cost, in which loops, against plans that are compiled and counted here. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { startingPoints } from '../../../src/cli/actions/tune/search-space.js';
import type { PassContext } from '../../../src/compiler/pass/index.js';
import { Bundles } from '../../../src/evidence/tune/bundles.js';
import type { Candidate } from '../../../src/evidence/tune/candidate.js';
import { costsHere } from '../../../src/evidence/tune/costs.js';
import type { Judge } from '../../../src/evidence/tune/descent.js';
import { findMethods, type Methods } from '../../../src/evidence/tune/methods.js';
import { searchAt } from '../../../src/evidence/tune/search.js';
import { settingTitle, stepsIn } from '../../../src/evidence/tune/setting.js';
import type { LoopSubject } from '../../../src/evidence/tune/subject.js';
import { loadModel } from '../../../src/model/onnx/files.js';

const DIT = path.resolve('samples/dit-digits/dit-digits.onnx');
const own = { name: 'ddim', steps: 28, spacing: 'trailing' } as const;
const subject: LoopSubject = { file: DIT, table: passesWith(), own, feeds: {}, seed: 0 };
const MOST = 60;
const NOTHING = { name: 'of others', passes: () => ({ reason: 'it is for others' }) };
const points = (context: PassContext) => [...startingPoints(context), NOTHING];

const bundles = new Bundles(subject, loadModel(DIT));
afterAll(() => bundles.release());

const find = (wanted?: string[]) =>
  findMethods(bundles, {
    ...{ subject, mostSteps: MOST, wanted, startingPoints: points },
    costs: costsHere(bundles, own, 'macs', (_, measure) => measure()),
  });

/** Steps of the source that a loop comes to, by the programs that each call runs. */
async function countedCost({ setting }: Candidate): Promise<number> {
  const { schedule } = await bundles.write(setting);
  const { source, perCall } = schedule.cost!.macs!.convention.all;
  return (perCall / source) * stepsIn(setting.sampler);
}

describe('at half of the cost', () => {
  const BUDGET = 14;
  const seen: Candidate[] = [];
  let methods: Methods;
  const isRecipe = (origin: string) => origin.startsWith('recipe ');
  const from = () => seen.filter(({ setting }) => setting.origins?.some(isRecipe));
  beforeAll(async () => {
    methods = await find();
    const judge: Judge = {
      async prepare() {},
      async score(one) {
        seen.push(one);
        return one.setting.origins?.some(isRecipe) ? 1 : 0;
      },
    };
    await searchAt({ ...methods, own, mostSteps: MOST }, BUDGET, judge);
  }, 120_000);

  test('each recipe of the family is tried, and told where it is from', () => {
    const names = new Set(from().flatMap(({ setting }) => setting.origins!));
    for (const name of ['balanced', 'fast', 'taylorseer-lite', 'delta-forecast', 'delta-dit'])
      expect(names).toContain(`recipe ${name}`);
    expect(settingTitle(from()[0]!.setting)).toMatch(/\(recipe /);
  });

  test('what it costs is what its plan comes to, and one more step would be dearer', async () => {
    for (const one of from().slice(0, 12)) {
      expect(await countedCost(one), settingTitle(one.setting)).toBeCloseTo(one.cost, 1);
      expect(one.cost).toBeLessThanOrEqual(BUDGET + 1e-6);
      const { name, at } = methods.starts.find((start) =>
        one.setting.origins!.includes(start.name),
      )!;
      for (let steps = stepsIn(one.setting.sampler) + 1; steps <= MOST; steps++) {
        const longer = at(steps);
        if (!longer) continue;
        const { full, between } = longer.method.cost;
        expect(
          longer.full * full + (steps - longer.full) * between,
          `${name} ${steps}`,
        ).toBeGreaterThan(BUDGET);
      }
    }
  }, 120_000);

  test('it is gone on from: with other orders, and in other loops', () => {
    const orders = new Set(from().map(({ setting }) => setting.passes.at(-1)!.options['order']));
    expect(orders.size).toBeGreaterThan(1);
    const loops = from().map(({ setting }) => JSON.stringify({ ...setting.sampler, steps: 0 }));
    expect(new Set(loops).size).toBeGreaterThan(1);
  });

  test('at another cost it is the same setting of another loop', () => {
    const one = from().find(({ setting }) => setting.origins!.includes('recipe delta-dit'))!;
    const other = one.at!(7)!;
    expect(other.cost).toBeLessThanOrEqual(7);
    expect(other.setting.passes.at(-1)).toMatchObject({
      pass: 'delta-cache',
      options: { interval: 2 },
    });
    expect(stepsIn(other.setting.sampler)).toBeLessThan(stepsIn(one.setting.sampler));
  });

  test('what cannot be a start says why', () => {
    const reasons = new Map(methods.notTried.map(({ pass, reason }) => [pass, reason]));
    expect(reasons.get('of others')).toBe('it is for others');
    expect(reasons.get('recipe guidance')).toMatch(/guidance/);
    expect([...reasons.keys()]).not.toContain('recipe exact');
  });
});

test('of the passes that are asked for alone', async () => {
  const { starts, methods } = await find(['forecast']);
  const names = starts.filter(({ at }) => at(28)).map(({ name }) => name);
  expect(names).toEqual(['recipe balanced', 'recipe fast', 'recipe taylorseer-lite']);
  expect(methods.map(({ pass }) => pass.name)).toEqual(['forecast']);
});
