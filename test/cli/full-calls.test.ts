/** `stepfold calibrate --full-calls` as a shell runs it: a plan that transforms and verifies, in every form. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parsePlanFile } from '../../src/runtime/schedule/index.js';
import { done, expectRefusal, ROOT, requireBuild, scratchFolder, stepfold } from './stepfold.js';

beforeAll(requireBuild);

const UNET = path.join(ROOT, 'samples/digits/digits-unet.onnx');
const DIT = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const folder = scratchFolder('full-calls');
const at = (name: string) => path.join(folder, name);
const read = (file: string) => parsePlanFile(fs.readFileSync(file, 'utf8'), file);

const search = (model: string, pass: string, output: string, ...more: string[]) => [
  ...['calibrate', model, '-o', output, '--pass', pass, '--calls', '8', '--samples', '2'],
  ...more,
];

test('a plan that transforms and verifies in every form, and says the same as its full steps', async () => {
  const plan = at('plan.json');
  const stdout = await done([
    ...search(UNET, 'forecast', plan, '--full-calls', '3', '--guidance', 'uncond-first'),
    ...['--guidance-scale', '2', '--no-yardstick'],
  ]);
  expect(stdout).toContain('judged on');
  const { passes, calibration, sites } = read(plan);
  const { full } = calibration!;
  expect(full).toHaveLength(3);
  expect(passes![0]!.options).toMatchObject({ full });
  for (const emit of ['split', 'merged', 'chain']) {
    const bundle = at(emit);
    await done(['transform', UNET, '--plan', plan, '--emit', emit, '-o', bundle]);
    await done(['verify', bundle, '--against', UNET]);
  }
  const { order, basis } = passes![0]!.options as { order: number; basis: string };
  const spelled = at('spelled');
  await done([
    ...[
      'transform',
      UNET,
      '--pass',
      `forecast:full=${full!.join('+')},order=${order},basis=${basis}`,
    ],
    ...['--calls', '8', '--guidance', 'uncond-first', '-o', spelled],
  ]);
  const schedule = JSON.parse(fs.readFileSync(path.join(spelled, 'schedule.json'), 'utf8'));
  expect(schedule.sites.output.strategies).toEqual(sites.output);
});

test('a pass whose other steps cost something, and the yardstick', async () => {
  const plan = at('delta.json');
  const stdout = await done([
    ...search(DIT, 'delta-cache:range=1-4,order=1', plan, '--full-calls', '3', '--json'),
    ...['--train-timesteps', '100'],
  ]);
  const { worth, chosen, candidates, evaluations, plain } = JSON.parse(stdout);
  expect(chosen.full).toHaveLength(3);
  expect(chosen.cost).toBeGreaterThan(3);
  expect(chosen.cost).toBeLessThan(8);
  expect(candidates.length).toBeGreaterThan(2);
  expect(worth.convergedSteps).toBe(100);
  expect(worth.rows.every(({ steps }: { steps: number }) => steps === Math.ceil(chosen.cost))).toBe(
    true,
  );
  expect(evaluations).toBeGreaterThan(0);
  expect(plain).toBe((8 * 7 * 9) / 6);
  await done(['transform', DIT, '--plan', plan, '-o', at('delta')]);
  await done(['verify', at('delta'), '--against', DIT]);
});

test('the cost of the yardstick is said before it is run', async () => {
  const stdout = await done([
    ...search(UNET, 'forecast:order=1,basis=lagrange', at('cost.json'), '--full-calls', '3'),
    ...['--train-timesteps', '50'],
  ]);
  expect(stdout).toMatch(/^Fewer steps beside it will take \d+ model evaluations/);
  expect(stdout).toContain("(the loop's sampler)");
});

test('the same plan for the same seed', async () => {
  const plans = ['first.json', 'second.json'].map(at);
  for (const plan of plans)
    await done([
      ...search(
        UNET,
        'forecast:order=1',
        plan,
        '--full-calls',
        '3',
        '--no-yardstick',
        '--seed',
        '4',
      ),
    ]);
  const [first, second] = plans.map((plan) => {
    const { calibration, ...rest } = read(plan);
    const { seconds: _, ...record } = calibration!;
    return { ...rest, calibration: record };
  });
  expect(second).toEqual(first);
});

test('a rule at a threshold of its own', async () => {
  const plan = at('rule.json');
  await done([
    ...search(UNET, 'forecast:order=1,basis=lagrange', plan, '--rule', 'magcache'),
    ...['--threshold', '1000', '--no-yardstick'],
  ]);
  // a fifth of 8 steps stays full, and no more than three in a row are left out
  expect(read(plan).calibration!.candidates!.at(-1)).toMatchObject({
    placement: 'magcache',
    full: [0, 1, 5],
  });
});

describe('refusals', () => {
  const plan = at('refused.json');
  test.each<[string, string[], string]>([
    ['no number of full steps', search(UNET, 'forecast', plan), 'CALIBRATE_FULL_CALLS'],
    [
      'more full steps than steps',
      search(UNET, 'forecast', plan, '--full-calls', '9'),
      'CALIBRATE_FULL_CALLS',
    ],
    [
      'full steps of a pass that has none',
      search(DIT, 'ditfastattn', plan, '--full-calls', '3'),
      'CALIBRATE_OPTION',
    ],
    [
      'a threshold without a rule that has one',
      search(UNET, 'forecast', plan, '--full-calls', '3', '--threshold', '1'),
      'CALIBRATE_OPTION',
    ],
    [
      'a single image',
      search(UNET, 'forecast', plan, '--full-calls', '3').with(9, '1'),
      'CALIBRATE_SAMPLES',
    ],
    ['a pass that is a rule', search(UNET, 'loop-invariant', plan), 'CALIBRATE_PASS'],
  ])('%s', async (_, args, code) => {
    expectRefusal(await stepfold(args), code);
  });
});
