/**
 * Forecasts as verify sees them: bundles of every form pass, and what is wrong with a weight, a history or a rule is
 * found. The weights of the reference are those of the product, though nothing of one goes into the other.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache, ditfastattn, forecast } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { referenceWeights } from '../../../src/evidence/measure/reference/forecast-weights.js';
import { loadModel, verifyBundle, writeBundle } from '../../../src/node.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { BASES, forecastWeights } from '../../../src/runtime/schedule/index.js';

const MODEL = path.resolve('samples/digits/digits-unet.onnx');
let scratch: string;
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-forecasts-'));
});
afterAll(() => fs.rmSync(scratch, { recursive: true }));

async function bundle(name: string, emit: 'split' | 'merged' | 'chain', deep = false) {
  const pipeline = Pipeline.create({ calls: 9, emit });
  const chosen = deep
    ? pipeline.use(deepcache, { branch: 3, interval: 3, order: 1, strategy: 'reuse' })
    : pipeline.use(forecast, { full: [0, 2, 3, 7], order: 2 });
  const folder = path.join(scratch, name);
  writeBundle(await chosen.compile(loadModel(MODEL)), folder, { sourceFile: MODEL });
  return folder;
}

/** What is changed in one way and another. */
let made: Promise<string> | undefined;
const original = () => {
  made ??= bundle('original', 'split');
  return made;
};

const verify = (folder: string) => verifyBundle({ folder, model: MODEL, levels: ['disabled'] });

describe.each(['split', 'merged', 'chain'] as const)('%s', (emit) => {
  test.each([false, true])('is proved, of what lies deep in the model too: %s', async (deep) => {
    const report = await verify(await bundle(`${emit}-${deep}`, emit, deep));
    expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
    const ahead = report.checks.filter(({ kind, mustBeExact }) => kind === 'loop' && !mustBeExact);
    expect(ahead.length).toBeGreaterThan(1);
  });
});

test('what lacks of windows is forecast, for each half of a pair in its own calls', async () => {
  const model = path.resolve('samples/dit-digits/dit-digits.onnx');
  const guidance = { order: 'cond-first', mode: 'two-calls' } as const;
  const compilation = await Pipeline.create({ calls: 12, emit: 'merged', guidance })
    .use(ditfastattn, {
      strategy: 'window+guidance-share',
      window: '1/4',
      interval: 3,
      threshold: 'D3',
      order: 1,
    })
    .compile(loadModel(model));
  const folder = path.join(scratch, 'windows');
  writeBundle(compilation, folder, { sourceFile: model });
  const report = await verifyBundle({ folder, model, levels: ['disabled'] });
  expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
});

type Draft = {
  -readonly [K in keyof Schedule]: Schedule[K];
};

test.each<[what: string, change: (draft: Draft) => unknown, where: RegExp]>([
  [
    'a weight of one call',
    ({ parameters }) => (parameters!['output.0.weights']!.calls[5] as number[]).splice(0, 1, 1.5),
    /^\/parameters\/output\.0\.weights\/calls\/5$/,
  ],
  [
    'weights of two calls exchanged',
    ({ parameters }) => {
      const calls = parameters!['output.0.weights']!.calls as (number[] | null)[];
      calls.splice(4, 2, calls[5]!, calls[4]!);
    },
    /^\/parameters\/output\.0\.weights\/calls\/4$/,
  ],
  [
    'a history read in another order',
    ({ programs }) => {
      const { reads } = programs.forecast!.runs[0]!;
      const [first, second] = Object.keys(reads!);
      Object.assign(reads!, { [first!]: reads![second!], [second!]: reads![first!] });
    },
    /^loop$/,
  ],
  [
    'a history in another order',
    ({ states }) => {
      Object.assign(states['output.0.back-1']!, { follows: 'output.0.back-2' });
      Object.assign(states['output.0.back-2']!, { follows: 'output.0' });
    },
    /^loop$/,
  ],
  [
    'another rule of the site',
    ({ sites }) => Object.assign(sites!.output!, { forecast: { order: 1, basis: 'lagrange' } }),
    /^loop$/,
  ],
  [
    'a state that its weights are not of',
    ({ parameters }) => Object.assign(parameters!['output.0.weights']!.forecast!, { state: 'x' }),
    /forecast\/state$/,
  ],
])('%s is found', async (what, change, where) => {
  const folder = path.join(scratch, what.replaceAll(' ', '-'));
  fs.cpSync(await original(), folder, { recursive: true });
  const file = path.join(folder, 'schedule.json');
  const draft = JSON.parse(fs.readFileSync(file, 'utf8')) as Draft;
  change(draft);
  fs.writeFileSync(file, JSON.stringify(draft));
  const report = await verify(folder);
  expect(report.passed).toBe(false);
  const found = [
    ...report.statements.map((problem) => problem.path),
    ...report.checks.filter((check) => !check.passed).map((check) => check.kind),
  ];
  expect(found.some((place) => where.test(place))).toBe(true);
});

test('where timesteps lie is held against those of the loop, and weights against both', async () => {
  const timesteps = [990, 900, 700, 650, 400, 200, 120, 50, 10];
  const compilation = await Pipeline.create({ calls: 9, timesteps })
    .use(forecast, { full: [0, 2, 3, 7], order: 2, axis: 'timestep' })
    .compile(loadModel(MODEL));
  const folder = path.join(scratch, 'axis');
  writeBundle(compilation, folder, { sourceFile: MODEL });
  expect(await verify(folder)).toMatchObject({ passed: true, statements: [], unproved: [] });
  const file = path.join(folder, 'schedule.json');
  const draft = JSON.parse(fs.readFileSync(file, 'utf8'));
  draft.axes.timestep[4] += 0.25;
  fs.writeFileSync(file, JSON.stringify(draft));
  const { passed, statements } = await verify(folder);
  expect(passed).toBe(false);
  expect(statements.map(({ path: at }) => at).sort()).toEqual([
    '/axes/timestep/4',
    '/parameters/output.0.weights/calls/4',
  ]);
});

test('numbers that say no rule are not proved', async () => {
  const folder = await bundle('no-rule', 'split');
  const file = path.join(folder, 'schedule.json');
  const draft = JSON.parse(fs.readFileSync(file, 'utf8'));
  delete draft.parameters['output.0.weights'].forecast;
  // with rules it is refused where it is read
  delete draft.loop.rules;
  delete draft.loop.rows;
  fs.writeFileSync(file, JSON.stringify(draft));
  const report = await verify(folder);
  expect(report).toMatchObject({ passed: false, statements: [] });
  expect(report.unproved.join()).toContain('"output.0.weights"');
});

test('the weights of the reference are those of the product', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...BASES),
      fc.integer({ min: 1, max: 4 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 49 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 8 }),
      (basis, order, list, ahead) => {
        const steps = [...list].sort((a, b) => b - a);
        const asked = [{ order, basis }, steps, steps[0]! + ahead, 60] as const;
        const [ours, theirs] = [forecastWeights(...asked), referenceWeights(...asked)];
        expect(theirs).toHaveLength(ours.length);
        for (const [i, weight] of ours.entries())
          expect(Math.abs(weight - theirs[i]!)).toBeLessThan(1e-7 * Math.max(1, Math.abs(weight)));
      },
    ),
  );
});
