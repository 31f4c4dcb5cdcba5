/** The whole search: what it measures of a candidate is what the bundle of its plan does, and it ends the same however it is run. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { deepcache, deltaCache, forecast, loopInvariant } from '../../../../passes/index.js';
import { writeBundle } from '../../../../src/compiler/emit/index.js';
import type { AnyPass, Pass } from '../../../../src/compiler/pass/index.js';
import { Pipeline } from '../../../../src/compiler/pipeline/index.js';
import { planToJson } from '../../../../src/compiler/plan/index.js';
import { type PlaceOptions, placeFullCalls } from '../../../../src/evidence/calibrate/index.js';
import { generate, openLoopBundle, openLoopModel } from '../../../../src/evidence/measure/index.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import { samplerFrom } from '../../../../src/runtime/samplers/index.js';
import { evenSteps, type GuidancePair } from '../../../../src/runtime/schedule/index.js';
import { scratchFolder } from '../../../cli/stepfold.js';
import { ort } from '../../../helpers/compile.js';

const UNET = 'samples/digits/digits-unet.onnx';
const DIT = 'samples/dit-digits/dit-digits.onnx';
const folder = scratchFolder('place');
const STEPS = 10;
const SAMPLER = { name: 'ddim', spacing: 'trailing' } as const;

const classes = (...values: number[]) => ({
  class_labels: new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [
    values.length,
  ]) as never,
});

type Given = Omit<PlaceOptions, 'pass' | 'calls' | 'asked'>;

const place = (file: string, pass: AnyPass, given: Given, calls = STEPS, full = 4) =>
  placeFullCalls(loadModel(file), {
    pass: pass as unknown as Pass,
    calls,
    asked: { full },
    samples: 2,
    sampler: SAMPLER,
    yardstick: false,
    ...given,
  });

const CASES: [string, string, AnyPass, object, GuidancePair | undefined][] = [
  ['an output', UNET, forecast, { order: 1, basis: 'lagrange' }, undefined],
  [
    'an output of two calls a step',
    UNET,
    forecast,
    { order: 1, basis: 'hermite' },
    { order: 'cond-first', mode: 'two-calls' },
  ],
  [
    'the deep part of a U-Net',
    UNET,
    deepcache,
    { branch: 3, order: 2, basis: 'lagrange' },
    { order: 'uncond-first', mode: 'batch' },
  ],
  [
    'blocks, front and rear',
    DIT,
    deltaCache,
    { blocks: 3, order: 1, basis: 'lagrange' },
    { order: 'cond-first', mode: 'batch' },
  ],
];

test.each(CASES)(
  '%s: the bundle ends where the search says',
  async (name, file, pass, options, pair) => {
    const images = classes(3, 8);
    const guidance = pair && { ...pair, scale: 2, unconditional: classes(10, 10) };
    const calls = pair?.mode === 'two-calls' ? 2 * STEPS : STEPS;
    const found = await place(
      file,
      pass,
      { options: options as never, feeds: images, ...(guidance && { guidance }) },
      calls,
    );
    expect(found.chosen.full).toHaveLength(4);
    const compilation = await Pipeline.create({
      calls,
      ...(pair && { guidance: pair }),
      plan: planToJson(found.plan),
    })
      .use(pass as unknown as Pass, found.options)
      .compile(loadModel(file));
    expect(compilation.plan.rows).toEqual(found.plan.rows);
    const bundle = path.join(folder, name.replaceAll(/\W/g, '-'));
    writeBundle(compilation, bundle, { sourceFile: file });
    const [ours, source] = [await openLoopBundle(bundle), await openLoopModel(file)];
    // the first of the images is what was chosen on
    const loop = {
      sampler: samplerFrom('ddim', { spacing: 'trailing', steps: STEPS }),
      seed: 0,
      feeds: classes(3),
      ...(guidance && { guidance: { ...guidance, unconditional: classes(10) } }),
    };
    const [end, wanted] = [await generate(ours, loop), await generate(source, loop)];
    const square = (of: (i: number) => number) =>
      wanted.latent.reduce((sum, _, i) => sum + of(i) ** 2, 0);
    const error = Math.sqrt(
      square((i) => end.latent[i]! - wanted.latent[i]!) / square((i) => wanted.latent[i]!),
    );
    expect(error / found.chosen.error.fit).toBeCloseTo(1, 3);
    const without = (row: readonly string[]) => row.every((strategy) => strategy === 'compute');
    const each = calls / STEPS;
    expect(
      found.plan.rows.flatMap((row, call) =>
        call % each === 0 && without(row) ? [call / each] : [],
      ),
    ).toEqual(found.chosen.full);
    await ours.release();
    await source.release();
  },
);

test('every order and basis is judged where none is given, and the nearest is taken', async () => {
  const { candidates, chosen } = await place(UNET, forecast, {});
  expect(new Set(candidates.map(({ label }) => label))).toEqual(
    new Set([
      'order 0',
      ...[1, 2].flatMap((order) =>
        ['lagrange', 'hermite'].map((basis) => `order ${order}, ${basis}`),
      ),
    ]),
  );
  const even = candidates.filter(({ placement }) => placement === 'even');
  expect(even).toHaveLength(5);
  for (const { full } of even) expect(full).toEqual(evenSteps(STEPS, 4));
  expect(chosen.error.judged).toBe(Math.min(...candidates.map(({ error }) => error.judged)));
  // published rules go with the two that end nearest at even distances on the images that choose
  const nearest = even.sort((a, b) => a.error.fit - b.error.fit).slice(0, 2);
  for (const rule of ['magcache', 'smoothcache'] as const) {
    const placed = candidates.filter(({ placement }) => placement === rule);
    expect(placed.map(({ label }) => label).sort()).toEqual(
      nearest.map(({ label }) => label).sort(),
    );
    const alone = await place(UNET, forecast, { rule, options: { order: 1 } });
    for (const { full } of placed) expect(full).toEqual(alone.candidates.at(-1)!.full);
  }
}, 120_000);

test('a pass that keeps nothing has places by published rules too', async () => {
  const { candidates } = await place(UNET, deepcache, { options: { branch: 1, strategy: 'zero' } });
  for (const { full, error } of candidates) {
    expect(full).toHaveLength(4);
    expect(error.judged).toBeGreaterThan(0);
  }
});

test('zeros are not forecast', async () => {
  const { candidates } = await place(UNET, deepcache, { options: { branch: 1, strategy: 'zero' } });
  expect(new Set(candidates.map(({ label }) => label))).toEqual(new Set(['as kept']));
});

describe('a search that goes on from what another has measured', () => {
  test('comes to the same, and measures nothing again', async () => {
    let measured = {};
    const first = await place(UNET, forecast, {
      options: { order: 1 },
      onMeasured: (known) => {
        measured = known();
      },
    });
    let again = 0;
    const second = await place(UNET, forecast, {
      options: { order: 1 },
      measured,
      onMeasured: () => again++,
    });
    expect(again).toBe(0);
    expect(second.candidates).toEqual(first.candidates);
    // the loops in full alone
    expect(second.evaluations).toBe(2 * STEPS);
    expect(first.evaluations).toBeGreaterThan(second.evaluations);
  });

  test('from any place', async () => {
    const snapshots: object[] = [];
    const options = { order: 1, basis: 'lagrange' };
    const whole = await place(UNET, forecast, {
      options,
      onMeasured: (known) => snapshots.push(known()),
    });
    const measured = snapshots[Math.floor(snapshots.length / 3)]! as never;
    const rest = await place(UNET, forecast, { options, measured });
    expect(rest.candidates).toEqual(whole.candidates);
  });
});

test('images of a model of fixed batch go through one after another', async () => {
  const given = {
    options: { order: 1, basis: 'lagrange' },
    feeds: classes(3, 8, 5, 1),
    samples: 4,
  };
  const free = await place(UNET, forecast, given);
  const fixed = await place(UNET, forecast, { ...given, shapes: { sample: [1, 1, 16, 16] } });
  expect(fixed.chosen.full).toEqual(free.chosen.full);
  for (const [i, { error }] of fixed.candidates.entries())
    expect(error.judged / free.candidates[i]!.error.judged).toBeCloseTo(1, 3);
});

describe('published rules', () => {
  test.each(['magcache', 'smoothcache'] as const)(
    '%s: so many full steps, or its threshold',
    async (rule) => {
      const options = { order: 1, basis: 'lagrange' };
      const { candidates } = await place(UNET, forecast, { options, rule });
      expect(candidates.map(({ placement }) => placement)).toEqual(['even', rule]);
      expect(candidates.map(({ full }) => full.length)).toEqual([4, 4]);
      const loose = { options, rule, asked: { threshold: 1e9 } };
      const most = await placeFullCalls(loadModel(UNET), {
        ...loose,
        pass: forecast as unknown as Pass,
        calls: STEPS,
        samples: 2,
        yardstick: false,
      });
      const wanted = rule === 'magcache' ? [0, 1, 5, 9] : [0, 4, 8];
      expect(most.candidates.at(-1)!.full).toEqual(wanted);
    },
  );
});

describe('refusals', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['a pass without full steps', () => place(DIT, loopInvariant, {}), 'CALIBRATE_PASS'],
    [
      'more full steps than steps',
      () => place(UNET, forecast, {}, STEPS, 11),
      'CALIBRATE_FULL_CALLS',
    ],
    ['one image', () => place(UNET, forecast, { samples: 1 }), 'CALIBRATE_SAMPLES'],
    [
      'a batch that does not go into halves',
      () => place(UNET, forecast, { samples: 2, shapes: { sample: [2, 1, 16, 16] } }),
      'CALIBRATE_SAMPLES',
    ],
    [
      'full steps that compute nothing',
      () =>
        place(
          UNET,
          { ...forecast, fullSteps: { at: (o: object) => ({ ...o, full: [0] }) } } as never,
          {},
        ),
      'CALIBRATE_FULL_STEP',
    ],
  ])('%s', async (_, search, code) => {
    await expect(search()).rejects.toMatchObject({ code });
  });
});
