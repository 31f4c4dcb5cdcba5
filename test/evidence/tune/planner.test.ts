/** Plans that are searched: what comes of them in loops of their own, as trials run them. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { Bundles } from '../../../src/evidence/tune/bundles.js';
import { costsHere } from '../../../src/evidence/tune/costs.js';
import { imageDecibels } from '../../../src/evidence/tune/distance.js';
import { settled } from '../../../src/evidence/tune/method.js';
import { findMethods, type Methods } from '../../../src/evidence/tune/methods.js';
import { PlannerHere } from '../../../src/evidence/tune/planner.js';
import type { Setting } from '../../../src/evidence/tune/setting.js';
import type { LoopSubject } from '../../../src/evidence/tune/subject.js';
import { type Ended, hasFailed, runTrial } from '../../../src/evidence/tune/trial.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { evenSteps } from '../../../src/runtime/schedule/index.js';

const DIT = path.resolve('samples/dit-digits/dit-digits.onnx');
const own = { name: 'ddim', steps: 12, spacing: 'trailing' } as const;
const feeds = { class_labels: [3] };
const subject: LoopSubject = { file: DIT, table: passesWith(), own, feeds, seed: 4 };
const bundles = new Bundles(subject, loadModel(DIT));
let late = false;
const remembered = new Map<string, unknown>();
const planner = () =>
  new PlannerHere({
    ...{ bundles, costs: 'macs', isLate: () => late },
    async remember<T>(name: string, find: () => Promise<T>): Promise<T> {
      if (!remembered.has(name)) remembered.set(name, await find());
      return remembered.get(name) as T;
    },
  });
let methods: Methods;
beforeAll(async () => {
  methods = await findMethods(bundles, {
    ...{ subject, mostSteps: 24, wanted: ['forecast', 'ditfastattn'] },
    costs: costsHere(bundles, own, 'macs', (_, measure) => measure()),
  });
}, 60_000);
afterAll(() => bundles.release());

async function ended(setting: Omit<Setting, 'family'>, batch: number): Promise<Ended> {
  const result = await runTrial(bundles, { family: '', ...setting }, batch);
  if (hasFailed(result)) throw new Error(result.failed.message);
  return result;
}

describe('full steps by where the loop ends', () => {
  const COUNT = 5;
  const search = planner();
  let full: readonly number[];
  const method = () => methods.methods.find(({ pass }) => pass.name === 'forecast')!;
  const ask = (by = search) =>
    by.fullSteps({ method: method(), order: 1, sampler: own, full: COUNT });
  beforeAll(async () => {
    full = (await ask())!;
  }, 120_000);

  test('are as many as was asked for, and end no further from the full loop than even ones', async () => {
    expect(full).toHaveLength(COUNT);
    expect(full[0]).toBe(0);
    expect(full).toEqual([...full].sort((a, b) => a - b));
    // the images that judge it are those of the second batch
    const whole = await ended({ passes: [], sampler: own }, 1);
    const errorOf = async (steps: readonly number[]) => {
      const options = settled(method(), steps, 1);
      const passes = [{ pass: 'forecast', options }];
      const { latent } = await ended({ passes, sampler: own }, 1);
      return Math.hypot(...latent.map((value, i) => value - whole.latent[i]!));
    };
    const even = await errorOf(evenSteps(own.steps, COUNT));
    expect(await errorOf(full)).toBeLessThanOrEqual(even * (1 + 1e-4));
  });

  test('are counted once, and not searched again', async () => {
    const { evaluations } = search;
    expect(evaluations).toBeGreaterThan(2 * own.steps);
    expect(await ask()).toEqual(full);
    expect(search.evaluations).toBe(evaluations);
    const again = planner();
    expect(await ask(again)).toEqual(full);
    // what an earlier run took counts as well
    expect(again.evaluations).toBe(evaluations);
  });
});

describe('plans by threshold', () => {
  test('cost what their loop takes, less where the search is less strict', async () => {
    const search = planner();
    const { pass, strictness } = methods.searched[0]!;
    expect(pass.name).toBe('ditfastattn');
    expect(strictness).toHaveLength(6);
    const costs: number[] = [];
    for (const options of [strictness[0]!, strictness[5]!]) {
      const plan = (await search.plan({ pass, options, sampler: own }))!;
      // also in a loop of another length, where it is placed
      for (const steps of [own.steps, 20]) {
        const setting = {
          ...{ family: '', plan, passes: [{ pass: pass.name, options }] },
          sampler: { ...own, steps },
        };
        const cost = (await search.cost(setting))!;
        const whole = await ended({ passes: [], sampler: setting.sampler }, 0);
        const { work, latent } = await ended(setting, 0);
        expect(work).toBeCloseTo(cost, 6);
        expect(Math.min(...imageDecibels(latent, whole.latent, whole.images))).toBeGreaterThan(15);
        if (steps === own.steps) costs.push(cost / steps);
      }
    }
    expect(costs[1]).toBeLessThan(costs[0]!);
    expect(costs[0]).toBeLessThanOrEqual(1);
    expect(search.evaluations).toBeGreaterThan(0);
  }, 240_000);

  test('are none where costs were measured elsewhere, which is said once', async () => {
    const elsewhere = new PlannerHere({
      bundles,
      costs: { file: 'costs.json', content: {} as never },
      remember: (_, find) => find(),
      isLate: () => false,
    });
    const { pass, strictness } = methods.searched[0]!;
    for (const options of strictness)
      expect(await elsewhere.plan({ pass, options, sampler: own })).toBeUndefined();
    expect(elsewhere.notTried).toEqual([
      {
        pass: 'searched plan of ditfastattn',
        reason: 'the costs were measured elsewhere, without it',
      },
    ]);
  });
});

test('there is none when time is out', async () => {
  late = true;
  const { pass, strictness } = methods.searched[0]!;
  const sampler = { ...own, steps: 9 };
  expect(await planner().plan({ pass, options: strictness[2]!, sampler })).toBeUndefined();
  late = false;
});
