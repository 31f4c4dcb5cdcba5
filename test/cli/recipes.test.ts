/** `stepfold recipes`, and `transform --recipe`: what is printed works, what is written is proved. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  DIGITS,
  done,
  expectRefusal,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
  wordsOf,
} from './stepfold.js';

const folder = scratchFolder('recipes');
const cli = (...args: string[]) => stepfold(args, { cwd: folder });
const json = async (...args: string[]) =>
  JSON.parse(await done([...args, '--json'], { cwd: folder }));
const DIT = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const FLOW = path.join(ROOT, 'samples/flow-digits');

beforeAll(requireBuild);

/** What a bundle does, without what it is called. */
const planOf = (bundle: string) => {
  const read = (file: string) =>
    JSON.parse(fs.readFileSync(path.join(folder, bundle, file), 'utf8'));
  const { source: _, ...schedule } = read('schedule.json');
  return { schedule, passes: read('report.json').passes };
};

describe.concurrent('transform --recipe', () => {
  test.each([
    ['balanced', DIGITS, []],
    ['deepcache-forecast', DIGITS, []],
    ['fast', DIT, ['--guidance', 'cond-first']],
    ['guidance', DIT, ['--guidance', 'cond-first']],
  ])('%s of %s is proved, and is what its --pass line says', async (name, model, more) => {
    const [bundle, same] = [`${name}-bundle`, `${name}-same`];
    const loop = ['--calls', '12', ...more];
    const { recipe } = await json(...['transform', model, '--recipe', name, ...loop, '-o', bundle]);
    expect(recipe).toMatchObject({ name, family: model === DIT ? 'dit' : 'ddpm', notes: [] });
    const { passed } = await json('verify', bundle, '--against', model);
    expect(passed).toBe(true);
    await done(['transform', model, ...recipe.flags.split(' '), ...loop, '-o', same], {
      cwd: folder,
    });
    expect(planOf(same)).toEqual(planOf(bundle));
  });

  test('says family, passes, source, and of a short loop that it gains little', async () => {
    const text = await done(
      ['transform', DIGITS, '--recipe', 'fast', '--calls', '8', '-o', 'short'],
      { cwd: folder },
    );
    const [first, second, third] = text.split('\n');
    expect(first).toBe(
      'Recipe fast for U-Nets of pixels (DDPM, ADM) (family ddpm): --pass forecast:full-calls=3,order=1',
    );
    expect(second).toMatch(/^Source: measured on the digits U-Net/);
    expect(third).toMatch(/^Note: A loop of 8 steps gains little/);
  });

  test('goes beside a target, and through a pipeline', async () => {
    const { recipe } = await json(
      ...['transform', FLOW, '--recipe', 'exact', '--calls', '28', '-o', 'flow'],
      ...['--target', 'onnxruntime-cpu'],
    );
    expect(recipe).toMatchObject({ family: 'mmdit', source: { kind: 'exact' } });
    const { passed } = await json('verify', 'flow', '--against', FLOW);
    expect(passed).toBe(true);
  });

  test.each([
    [['--recipe', 'fast', ...UNET], 'RECIPE_AND_PASSES', ['--pass']],
    [['--recipe', 'fast', '--plan', 'p.json'], 'RECIPE_AND_PASSES', ['--plan']],
    [['--recipe', 'fast', '--config', 'c.json'], 'RECIPE_AND_PASSES', ['--config']],
    [['--recipe', 'quick'], 'RECIPE_UNKNOWN', ['"quick"', 'ddpm', 'deepcache-forecast']],
    [['--recipe', 'openvino'], 'RECIPE_UNKNOWN', ['"openvino"']],
    [['--recipe', 'exact'], 'RECIPE_NONE', ['condition alone', 'balanced']],
    [['--recipe', 'guidance'], 'RECIPE_NONE', ['--guidance']],
  ])('%j is refused', async (given, code, mentions) => {
    const args = ['transform', DIGITS, '--calls', '10', '-o', 'refused', ...given];
    expectRefusal(await cli(...args), code, ...mentions);
    expect(fs.existsSync(path.join(folder, 'refused'))).toBe(false);
  });

  test('without calls, or an odd number of them for two a step, as with --pass', async () => {
    const args = ['transform', DIGITS, '--recipe', 'fast', '-o', 'refused'];
    expectRefusal(await cli(...args), 'CLI_USAGE', '--calls');
    const two = ['--guidance', 'cond-first', '--guidance-mode', 'two-calls'];
    expectRefusal(await cli(...args, '--calls', '5', ...two), 'GUIDANCE_ODD_CALLS');
  });
});

describe.concurrent('recipes', () => {
  test('of a model: its family, why, and command lines that work as they stand', async () => {
    const { family, why, steps, recipes } = await json('recipes', DIGITS, '--calls', '12');
    expect({ family, steps }).toEqual({ family: 'ddpm', steps: 12 });
    expect(why).toContain('9 skips joined by Concat at 3 resolutions');
    const commands: string[] = recipes.flatMap(
      ({ command }: { command?: string }) => command ?? [],
    );
    expect(commands).toHaveLength(4);
    for (const command of commands) await done(wordsOf(command), { cwd: folder });
  });

  test('multiply-accumulates are those that the bundle records', async () => {
    const { recipes } = await json('recipes', DIT, '--calls', '20');
    const found = recipes.find(({ name }: { name: string }) => name === 'delta-dit');
    const { schedule } = await json(
      ...['transform', DIT, '--recipe', 'delta-dit', '--calls', '20', '-o', 'costs'],
    );
    const { source, perCall } = schedule.cost.macs.convention.all;
    expect(found.ratio).toBeCloseTo(source / perCall, 10);
  });

  test('calls are as models of the family are run, unless they are said', async () => {
    expect((await json('recipes', FLOW)).steps).toBe(28);
    const two = ['--guidance', 'uncond-first', '--guidance-mode', 'two-calls'];
    const found = await json('recipes', DIT, ...two);
    expect([found.steps, found.calls]).toEqual([50, 100]);
    const { command } = found.recipes.find(({ name }: { name: string }) => name === 'fast');
    expect(command).toContain('--calls 100 --guidance uncond-first --guidance-mode two-calls');
  });

  test('what a search finds is a command line of calibrate', async () => {
    const { searched } = await json('recipes', DIT, '--calls', '20');
    expect(searched.map(({ name }: { name: string }) => name)).toEqual(['ditfastattn']);
    expect(searched[0].command).toMatch(/^stepfold calibrate .* --pass ditfastattn:threshold=D3 /);
  });

  test('without a model: every family, and of short loops what does gain', async () => {
    const families = await json('recipes');
    const names = families.map(({ family }: { family: string }) => family);
    expect(names).toEqual(
      expect.arrayContaining(['sd', 'sdxl', 'mmdit', 'flux', 'pixart', 'dit', 'sana']),
    );
    for (const { recipes } of families)
      expect(recipes.slice(0, 3).map(({ name }: { name: string }) => name)).toEqual([
        'exact',
        'balanced',
        'fast',
      ]);
    expect(await done(['recipes'])).toContain('measured on the digits U-Net');
    const { notes } = await json('recipes', DIGITS, '--calls', '4');
    expect(notes[0]).toMatch(/^A loop of 4 steps gains little/);
  });

  test('a model of no family is told what each would be', async () => {
    const { family, why } = await json(
      'recipes',
      path.join(ROOT, 'samples/digits/classifier.onnx'),
    );
    expect(family).toBeNull();
    expect(why.join()).toContain('that would be');
  });
});
