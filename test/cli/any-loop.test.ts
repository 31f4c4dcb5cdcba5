/**
 * Commands that are asked for another loop than the one that a bundle is written out for: `run`, `bench`, `report` and
 * `timesteps` take the same ones, and refuse the same ones with the same words.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/io/npy.js';
import type { Schedule } from '../../src/runtime/schedule/index.js';
import {
  DIGITS,
  done,
  expectRefusal,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('any-loop');
const at = (...names: string[]) => path.join(folder, ...names);
const cli = (...args: string[]) => stepfold(args, { cwd: folder });
const ok = (...args: string[]) => done(args, { cwd: folder });
const json = async (...args: string[]) => JSON.parse(await ok(...args, '--json'));
const schedule = (bundle: string): Schedule =>
  JSON.parse(fs.readFileSync(at(bundle, 'schedule.json'), 'utf8'));

const AGAINST = ['--against', DIGITS];
const PICTURE = ['--init', 'init.npy', '--strength', '0.5'];
const BENCH = ['bench', 'bundle', ...AGAINST, '--rounds', '1', '--threads', '1'];
const REPORT = ['--rounds', '1', '--branches', 'none', '--no-yardstick', '--force'];

beforeAll(async () => {
  requireBuild();
  await ok('transform', DIGITS, ...UNET, '--calls', '6', '-o', 'bundle');
  await ok('transform', DIGITS, ...UNET, '--calls', '6', '--fixed-loop', '-o', 'fixed');
  const data = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i));
  fs.writeFileSync(at('init.npy'), writeNpy({ type: 'float32', data, dims: [1, 1, 16, 16] }));
});

/** One call in three computes everything, from the first that is taken. */
const full = (calls: number) => Math.ceil(calls / 3);

/** How many calls ran each program, whatever they keep. */
const counted = (programs: Record<string, { calls: number }>) => {
  const sum = (isFull: boolean) =>
    Object.entries(programs)
      .filter(([name]) => name.startsWith('full') === isFull)
      .reduce((total, [, { calls }]) => total + calls, 0);
  return [sum(true), sum(false)];
};

describe('bench', () => {
  test.each<[string, string[], { steps: number; start: number }]>([
    ['the written loop', [], { steps: 6, start: 0 }],
    ['more steps', ['--steps', '10'], { steps: 10, start: 0 }],
    ['the end of a loop', ['--steps', '10', '--start', '4'], { steps: 10, start: 4 }],
    ['the end of its own', ['--start', '2'], { steps: 6, start: 2 }],
    // Heun's method calls twice in every step but the last
    ['a sampler of two calls', ['--sampler', 'heun', '--steps', '5'], { steps: 9, start: 0 }],
  ])('measures %s', async (_, more, loop) => {
    const report = await json(...BENCH, ...more);
    const calls = loop.steps - loop.start;
    expect(report.loop).toMatchObject({ ...loop, calls });
    expect(report.written).toEqual({ steps: 6, start: 0 });
    expect(counted(report.programs)).toEqual([full(calls), calls - full(calls)]);
  });

  test('says that it is another than the written one', async () => {
    const words = 'A loop of 10 steps from step 4 on, by the rules of the bundle';
    expect(await ok(...BENCH, '--steps', '10', '--start', '4')).toContain(
      `${words}, which is written out for 6 steps.`,
    );
    expect(await ok(...BENCH)).not.toContain('by the rules');
  });

  test('asks for the sampler where a forecast goes by its timesteps', async () => {
    const pass = ['--pass', 'forecast:interval=2,order=1,axis=timestep'];
    await ok('transform', DIGITS, ...pass, '--calls', '6', '--sampler', 'ddim', '-o', 'placed');
    const { sampler, ...silent } = schedule('placed');
    expect(sampler).toEqual({ name: 'ddim' });
    const bench = ['bench', 'placed', ...AGAINST, '--rounds', '1', '--steps', '9'];
    expect((await json(...bench)).loop).toMatchObject({ steps: 9, calls: 9 });
    // of a bundle that does not say its own
    fs.writeFileSync(at('placed', 'schedule.json'), JSON.stringify(silent));
    expectRefusal(await cli(...bench), 'FORECAST_AXIS_MISSING', 'timestep');
    expectRefusal(await cli(...bench, '--spacing', 'quad'), 'CLI_ARGUMENT', '--sampler');
    const { loop } = await json(...bench, '--sampler', 'ddim', '--spacing', 'quad');
    expect(loop).toMatchObject({ steps: 9, calls: 9 });
  });
});

describe('report', () => {
  const open = (name: string) => parseHTML(fs.readFileSync(at(name), 'utf8')).document;

  test.each<[string, string[], number, string]>([
    ['drawn alone', ['--steps', '10'], 10, 'A loop of 10 steps, by'],
    [
      'measured',
      [...AGAINST, ...REPORT, ...PICTURE, '--steps', '10'],
      5,
      'A loop of 10 steps from step 5 on, by',
    ],
  ])('shows the loop that is asked for, %s', async (what, more, calls, words) => {
    const name = `${what.replaceAll(' ', '-')}.html`;
    const printed = await ok('report', 'bundle', '-o', name, ...more);
    const page = open(name);
    const summary = page.querySelector('#summary')!.textContent;
    expect(page.body.textContent).toContain(`in ${calls} calls for an image`);
    for (const text of [summary, printed]) expect(text).toContain(words);
    const error = open(name).querySelectorAll('#error tbody tr');
    if (more.includes('--against')) expect(error.length === 0 || error.length === calls).toBe(true);
  });

  test('says nothing of another loop where it is the written one', async () => {
    expect(await ok('report', 'bundle', '-o', 'own.html', '--steps', '6')).not.toContain('rules');
    expect(open('own.html').body.textContent).not.toContain('by the rules of the bundle');
  });
});

describe('timesteps', () => {
  test('finds those of a loop that the bundle is not written out for, which it then runs', async () => {
    const search = ['--reference-steps', '6', '--samples', '1'];
    const found = await json(
      ...['timesteps', 'bundle', ...AGAINST, '--steps', '4', '-o', 'four.json', ...search],
    );
    expect(found.timesteps).toHaveLength(4);
    const { calls } = await json('run', 'bundle', '--timesteps', 'four.json', '-o', 'out');
    const programs = Object.entries(calls as Record<string, number>);
    expect(counted(Object.fromEntries(programs.map(([id, n]) => [id, { calls: n }])))).toEqual([
      2, 2,
    ]);
  });
});

describe.concurrent('a bundle that lists its calls', () => {
  const commands: Record<string, readonly string[]> = {
    run: ['run', 'fixed', '-o', 'never'],
    report: ['report', 'fixed', '-o', 'never.html'],
    timesteps: ['timesteps', 'fixed', ...AGAINST, '-o', 'never.json'],
    bench: ['bench', 'fixed', ...AGAINST],
  };

  test.each(Object.entries(commands))('%s takes no other number of steps', async (_, command) => {
    const said = ['takes 5 steps', 'made for 6', '--steps 6', '--fixed-loop'];
    expectRefusal(await cli(...command, '--steps', '5'), 'RUN_STEPS', ...said);
  });

  test.each(Object.entries(commands))('%s begins nowhere else', async (name, command) => {
    const middle = name === 'bench' ? ['--start', '3'] : PICTURE;
    const said = ['first 3 steps', 'the bundle "fixed"', '--fixed-loop'];
    expectRefusal(await cli(...command, ...middle), 'RUN_START', ...said);
  });

  test.each(Object.entries(commands))('%s takes the loop that it lists', async (name, command) => {
    const own = command.map((word) => word.replace('never', `own-${name}`));
    const few = {
      run: [],
      report: [],
      timesteps: ['--reference-steps', '6', '--samples', '1'],
      bench: ['--rounds', '1'],
    }[name]!;
    expect(await cli(...own, ...few, '--steps', '6')).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('transform --start', () => {
  test('writes a loop that begins in the middle, which is then run there', async () => {
    const from = ['--calls', '5', '--start', '5', '--fixed-loop'];
    await ok('transform', DIGITS, ...UNET, ...from, '-o', 'middle');
    expect(schedule('middle').loop).toEqual({ steps: 10, start: 5 });
    const { calls } = await json('run', 'middle', ...PICTURE, '-o', 'middle-out');
    expect(Object.values(calls as Record<string, number>).reduce((a, b) => a + b)).toBe(5);
    expectRefusal(await cli('run', 'middle', '-o', 'x'), 'RUN_START', 'step 5', '--strength');
    const sampled = ['--sampler', 'ddim', '--pass', 'forecast:interval=2,axis=timestep,order=1'];
    await ok('transform', DIGITS, ...sampled, '--calls', '4', '--start', '2', '-o', 'axis');
    await ok('transform', DIGITS, ...sampled, '--calls', '6', '-o', 'axis-whole');
    const [own, whole] = [schedule('axis'), schedule('axis-whole')];
    const { rules: _, rows: __, ...loop } = own.loop!;
    expect(loop).toMatchObject({ steps: 6, start: 2 });
    // the last four of six timesteps, equally spaced as those are
    expect(own.axes!.timestep).toHaveLength(4);
    expect(own.axes!.timestep!.map((position) => Math.round(position * 100))).toEqual(
      whole.axes!.timestep!.slice(2).map((position) => Math.round((position - 2) * 100)),
    );
    await ok('verify', 'axis', ...AGAINST);
  });

  test('takes the end of a list of timesteps, and of a plan, for whole loops', async () => {
    const list = [999, 800, 600, 400, 200, 100];
    fs.writeFileSync(
      at('list.json'),
      JSON.stringify({
        ...{ format: 'stepfold.timesteps', version: 1, steps: 6, trainTimesteps: 1000 },
        timesteps: list,
      }),
    );
    const given = ['--timesteps', 'list.json', '--start', '2'];
    await ok('transform', DIGITS, ...UNET, ...given, '-o', 'listed');
    expect(schedule('listed').calls).toHaveLength(4);
    expect(schedule('listed').timesteps).toEqual(list.slice(2));
    const column = ['compute', 'reuse', 'compute', 'reuse', 'reuse', 'compute'];
    const plan = {
      ...{ format: 'stepfold.plan', version: 1, calls: 6, sites: { deep: column } },
      passes: [{ pass: 'deepcache', options: { branch: 2, interval: 3 } }],
    };
    fs.writeFileSync(at('plan.json'), JSON.stringify(plan));
    await ok('transform', DIGITS, '--plan', 'plan.json', '--start', '2', '-o', 'planned');
    expect(schedule('planned').sites!.deep!.strategies).toEqual(column.slice(2));
    expectRefusal(
      await cli('transform', DIGITS, '--plan', 'plan.json', '--start', '6', '-o', 'x'),
      'PLAN_BAD_CALLS',
    );
    const placed = ['transform', DIGITS, '--plan', 'plan.json', '--calls', '12', '-o'];
    const printed = await ok(...placed, 'placed-plan');
    expect(printed).toContain('Note: the plan is for 6 calls, and is placed in this loop of 12');
    expect(schedule('placed-plan').calls).toHaveLength(12);
    expectRefusal(await cli(...placed, 'x', '--fixed-loop'), 'PLAN_LENGTH', 'plan.json', '6 calls');
    await ok('verify', 'placed-plan', ...AGAINST);
  });
});
