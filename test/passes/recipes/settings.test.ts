/** Settings of recipes against the rules of those who publish them, written out here as loops or by hand. */
import { describe, expect, test } from 'vitest';
import { recipeSettings } from '../../../passes/index.js';
import { findRecipes, recipesIn, type Setting } from '../../../passes/recipes/index.js';
import { passes as table } from '../../../passes/table.js';
import { makeSchedule } from '../../../src/compiler/emit/schedule.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import type { GuidancePair } from '../../../src/runtime/schedule/index.js';
import { callsOf } from '../../../src/runtime/schedule/index.js';
import { contextOf } from './context.js';

const DIGITS = 'samples/digits/digits-unet.onnx';
const DIT = 'samples/dit-digits/dit-digits.onnx';
const FLOW = 'samples/flow-digits/transformer/model.onnx';
const SD = 'samples/architectures/sd15-unet.onnx';
const SDXL = 'samples/architectures/sdxl-unet.onnx';
const SD3 = 'samples/architectures/sd3-medium.onnx';

async function settingsOf(file: string, calls: number, guidance?: GuidancePair) {
  const { settings } = findRecipes(await contextOf(file, { calls, ...(guidance && { guidance }) }));
  return new Map(settings.map((one) => [one.name, one]));
}

const optionsOf = (setting: Setting | undefined) => setting?.passes?.map(({ options }) => options);

describe('the forecast of the output', () => {
  test.each([
    [50, 25, 2, 17, 2],
    [28, 14, 2, 10, 1],
    [20, 10, 1, 7, 1],
    [9, 5, 1, 3, 1],
    [3, 2, 1, 2, 1],
  ])('of %i steps %i are full, at order %i, or %i, at order %i', async (calls, ...rest) => {
    const [half, halfOrder, third, thirdOrder] = rest;
    const settings = await settingsOf(DIGITS, calls);
    expect(optionsOf(settings.get('balanced'))).toEqual([{ 'full-calls': half, order: halfOrder }]);
    expect(optionsOf(settings.get('fast'))).toEqual([{ 'full-calls': third, order: thirdOrder }]);
  });

  test('two steps leave none to forecast', async () => {
    const { passes, reason } = (await settingsOf(DIGITS, 2)).get('balanced')!;
    expect({ passes, reason }).toEqual({
      passes: undefined,
      reason: '2 steps leave none to forecast',
    });
  });

  test('steps count, not calls, where a step takes two', async () => {
    const guidance = { order: 'cond-first', mode: 'two-calls' } as const;
    const settings = await settingsOf(DIGITS, 40, guidance);
    expect(optionsOf(settings.get('balanced'))).toEqual([{ 'full-calls': 10, order: 1 }]);
  });
});

test('exact where something depends on the condition alone', async () => {
  expect((await settingsOf(SD, 50)).get('exact')?.passes).toEqual([
    { pass: 'loop-invariant', options: {} },
  ]);
  expect((await settingsOf(DIGITS, 50)).get('exact')?.reason).toBe(
    'no layer of the model depends on the condition alone',
  );
});

test('DeepCache at the branch of the paper: 3, 1 and 2 for DDPM, LDM-4 and Stable Diffusion', async () => {
  const branchOf = async (file: string) =>
    optionsOf((await settingsOf(file, 50)).get('deepcache'))?.[0]?.['branch'];
  expect(await branchOf('samples/architectures/ddpm-lsun256.onnx')).toBe(3);
  expect(await branchOf('samples/architectures/ldm4-imagenet.onnx')).toBe(1);
  expect(await branchOf(SD)).toBe(2);
  // cache_branch_id 0 is branch 1
  expect(optionsOf((await settingsOf(SDXL, 50)).get('deepcache-plugin'))).toEqual([
    { branch: 1, interval: 3 },
  ]);
});

test('T-GATE computes what its scheduler says, at the settings for 25 steps', async () => {
  const found = (await settingsOf(SDXL, 25)).get('t-gate');
  // gate_step 10, sp_interval 5, warm_up 2, as tgate_scheduler has it
  const self: number[] = [];
  for (let step = 0; step < 25; step++)
    if (step <= 2 || step >= 9 || step % 5 === 0) self.push(step);
  expect(found?.passes).toEqual([
    { pass: 'module-cache', options: { kinds: ['cross'], gate: 10 } },
    { pass: 'module-cache', options: { kinds: ['self'], full: self } },
  ]);
  expect((await settingsOf(SDXL, 4)).get('t-gate')?.reason).toBe('the loop is too short for it');
});

test('FORA keeps all modules for three steps', async () => {
  expect(optionsOf((await settingsOf(DIT, 50)).get('fora'))).toEqual([{ interval: 3 }]);
});

test("diffusers' steps: the first three, then where (i - 4) mod 5 is 0", async () => {
  const full: number[] = [];
  for (let i = 0; i < 50; i++) if (i < 3 || (i >= 4 && (i - 4) % 5 === 0)) full.push(i);
  const found = (await settingsOf(DIT, 50)).get('taylorseer-lite');
  expect(optionsOf(found)).toEqual([{ full, order: 1 }]);
});

test("OpenVINO's steps: 6 first and 2 last are full, and of three between one", async () => {
  const { passes = [] } = (await settingsOf(FLOW, 28)).get('openvino')!;
  const pipeline = passes.reduce(
    (so, { pass, options }) => so.use(table[pass]!, options as never),
    Pipeline.create({ calls: 28 }),
  );
  const compilation = await pipeline.compile(loadModel(FLOW));
  const schedule = makeSchedule(compilation, {
    ...{ sourceFile: 'model.onnx', sourceHash: '', models: {}, weights: [] },
  });
  const isFull = callsOf(schedule).inOrder.map((program) => !program.startsWith('forecast'));
  expect(isFull.slice(0, 6)).toEqual(Array(6).fill(true));
  expect(isFull.slice(-2)).toEqual([true, true]);
  const between = isFull.slice(5, -2);
  expect(between.map((full, i) => full === (i % 3 === 0))).not.toContain(false);
});

test("cache-dit's masks, by hand", async () => {
  const settings = await settingsOf(SD3, 28);
  expect(optionsOf(settings.get('cache-dit-medium'))).toEqual([
    { range: '8-23', full: [0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 17, 18, 22, 23, 27] },
  ]);
  expect(optionsOf(settings.get('cache-dit-fast'))).toEqual([
    { range: '8-23', full: [0, 1, 2, 3, 4, 5, 7, 11, 16, 22, 27] },
  ]);
  expect((await settingsOf(SD3, 50)).get('cache-dit-fast')?.reason).toBe(
    'its mask is for 28 steps, and the loop has 50',
  );
  expect((await settingsOf(FLOW, 28)).get('cache-dit-fast')?.reason).toBe(
    'it always runs the first 8 blocks, and there are 6',
  );
});

test('blocks of two kinds are kept kind by kind', async () => {
  const FLUX = 'samples/architectures/flux1-dev.onnx';
  const settings = await settingsOf(FLUX, 28);
  // 19 with two streams, then 38 with one, and for cache-dit they are one list
  const full = [0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 17, 18, 22, 23, 27];
  expect(optionsOf(settings.get('cache-dit-medium'))).toEqual([
    { range: '8-18', full },
    { range: '19-56', full },
  ]);
  const kept = { interval: 2, order: 1 };
  expect(optionsOf(settings.get('delta-forecast'))).toEqual([
    { range: '1-18', ...kept },
    { range: '19-56', ...kept },
  ]);
  // the first block of Latte adds the places in time behind it, and is alone
  const latte = await settingsOf('samples/corpus/latte-script2-17.onnx', 28);
  expect(optionsOf(latte.get('delta-forecast'))).toEqual([{ range: '1-5', ...kept }]);
  expect(latte.get('cache-dit-fast')?.reason).toBe(
    'it always runs the first 8 blocks, and there are 1 and 5',
  );
});

test('half a pair only where there are pairs', async () => {
  expect((await settingsOf(DIT, 50)).get('guidance')?.passes).toBeUndefined();
  const guidance = { order: 'cond-first', mode: 'batch' } as const;
  expect(optionsOf((await settingsOf(DIT, 50, guidance)).get('guidance'))).toEqual([
    { interval: 3, order: 1 },
  ]);
});

test('of short loops it is said that they gain little, and what does', async () => {
  const notes = async (file: string, calls: number) =>
    findRecipes(await contextOf(file, { calls })).notes;
  expect(await notes(DIGITS, 9)).toEqual([]);
  const [first, second] = await notes(SD, 8);
  expect(first).toMatch(/^A loop of 8 steps gains little/);
  expect(second).toMatch(/guidance off.*half precision.*--target.*the recipe exact$/);
  // nothing of that one is the same at every step
  expect((await notes(DIGITS, 4))[1]).not.toContain('exact');
});

test('a search gets each setting once, and only such as there are', async () => {
  const context = await contextOf(FLOW, { calls: 4 });
  const settings = recipeSettings(context);
  const written = settings.map(({ passes }) => JSON.stringify(passes));
  expect(new Set(written).size).toBe(written.length);
  // of four steps half and a third are the same two
  expect(settings.map(({ name }) => name)).toEqual([
    'exact',
    'balanced',
    'taylorseer-lite',
    'delta-forecast',
    'fora',
  ]);
  expect(recipeSettings({ ...context, calls: 28 }).map(({ name }) => name)).toContain('fast');
});

test.each([
  [DIGITS, 12],
  [DIT, 28],
  [FLOW, 28],
  ['samples/corpus/unet-xl-optimum-17.onnx', 12],
  ['samples/corpus/flux-script2-17.onnx', 12],
])('every setting of %s compiles', async (file, calls) => {
  const guidance = { order: 'cond-first', mode: 'batch' } as const;
  const model = loadModel(file);
  for (const { name, passes } of recipeSettings(await contextOf(file, { calls, guidance }))) {
    const pipeline = passes.reduce(
      (so, { pass, options }) => so.use(table[pass]!, options as never),
      Pipeline.create({ calls, guidance }),
    );
    const { plan } = await pipeline.compile(model);
    expect([name, plan.rows.length]).toEqual([name, calls]);
  }
});

test('the recipes of a model are told once, for loops of any length', async () => {
  const context = await contextOf(DIT, { calls: 50 });
  const recipes = recipesIn(context);
  for (const calls of [2, 9, 28, 50]) {
    const anew = findRecipes(await contextOf(DIT, { calls })).settings;
    const found = recipes.map(({ name, passes }) => ({
      name,
      passes: passes({ ...context, calls }),
    }));
    expect(found).toEqual(
      anew.map(({ name, passes, reason }) => ({ name, passes: passes ?? { reason } })),
    );
  }
});
