/** `tune` and `work` from the outside: what they find is run again by other commands, and measured here. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import { DIGITS, done, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('tune');
beforeAll(requireBuild);
const at = (...names: string[]) => path.join(folder, ...names);
const run = (...args: string[]) => done(args, { cwd: folder });
/** Few enough steps in training that the loop of very many is short. */
const LOOP = ['--train-timesteps', '16', '--spacing', 'trailing', '--feed', 'class_labels=3'];
const SEARCH = [
  ...['tune', DIGITS, ...LOOP, '--steps', '6', '--seed', '5', '--samples', '2'],
  ...['--cost', 'macs', '--try', 'forecast', '--json'],
];
/** Between the seeds of batches, and the first of those that judge. */
const JUDGED = 5 + 3 * 1_000_000;

interface Judged {
  readonly setting: { readonly passes: { readonly pass: string }[]; readonly family: string };
  readonly own: { readonly mean: number; readonly images: number };
  readonly converged: { readonly mean: number };
  readonly cost: number;
}

interface FoundElsewhere {
  readonly chosen: Timed;
  readonly rival: Timed;
  readonly tried: (Judged & {
    readonly setting: {
      readonly passes: { readonly options: Readonly<Record<string, unknown>> }[];
      readonly sampler: { readonly steps: number };
    };
  })[];
  readonly costsOf: unknown;
}

type Timed = Judged & { readonly time: unknown };

interface Found {
  readonly proved: boolean;
  readonly run: string[];
  readonly chosen: Judged;
  readonly rival: Judged;
  readonly tried: Judged[];
  readonly trials: number;
  readonly resumed: number;
}

function decibels(found: Float32Array, wanted: Float32Array): number {
  const size = wanted.length / 2;
  const each = [0, 1].map((i) => {
    const [a, b] = [found, wanted].map((all) => all.subarray(i * size, (i + 1) * size));
    const range = Math.max(...b!) - Math.min(...b!);
    const square = b!.reduce((sum, v, j) => sum + (a![j]! - v) ** 2, 0) / size;
    return 10 * Math.log10(range ** 2 / square);
  });
  return (each[0]! + each[1]!) / 2;
}

async function endOf(name: string, ...args: string[]): Promise<Float32Array> {
  await run(...args, '--samples', '2', '--seed', String(JUDGED), '-o', name);
  const file = at(name, 'samples.npy');
  return readNpy(fs.readFileSync(file), file).data as Float32Array;
}

/** What does not depend on the clock. */
function settled(found: Found) {
  const of = ({ time: _, ...one }: Judged & { time?: unknown }) => one;
  return {
    run: found.run.slice(3),
    chosen: of(found.chosen),
    rival: of(found.rival),
    tried: found.tried,
  };
}

describe('tune', () => {
  let found: Found;
  beforeAll(async () => {
    found = JSON.parse(await run(...SEARCH, '--speedup', '2', '-o', 'bundle', '--work', 'trials'));
  }, 300_000);

  test('writes a bundle that is proved, and says how to run it', async () => {
    expect(found.proved).toBe(true);
    expect(found.chosen.own.images).toBe(2);
    // with inputs and all; of the sampler the bundle says all
    expect(found.run.slice(0, -2)).toEqual(['stepfold', 'run', 'bundle', ...LOOP.slice(4)]);
    const end = await endOf('chosen', ...found.run.slice(1, -2));
    const whole = await endOf('whole', 'run', DIGITS, ...LOOP, '--steps', '6');
    expect(found.chosen.own.mean).toBeCloseTo(decibels(end, whole), 2);
  });

  test('costs no more than was asked for, and has fewer steps beside it', () => {
    for (const { cost } of found.tried) expect(cost).toBeLessThanOrEqual(3 + 1e-6);
    expect(found.rival.setting).toMatchObject({ family: 'fewer steps', passes: [] });
    expect(new Set(found.tried.map(({ setting }) => setting.family))).toEqual(
      new Set(['fewer steps', 'forecast']),
    );
  });

  test('goes on from what is there', async () => {
    const again: Found = JSON.parse(
      await run(...SEARCH, '--speedup', '2', '-o', 'again', '--work', 'trials'),
    );
    expect(again.resumed).toBe(again.trials);
    expect(settled(again)).toEqual(settled(found));
  });

  test('finds the same with others at work, one of which dies', async () => {
    const search = stepfold(
      [...SEARCH, '--speedup', '2', '-o', 'shared', '--work', 'shared-trials'],
      { cwd: folder },
    );
    while (!fs.existsSync(at('shared-trials/search.json')))
      await new Promise((resolve) => setTimeout(resolve, 50));
    // a claim of a process that is no more
    const work = ['work', 'shared-trials', '--model', DIGITS, '--idle', '5', '--json'];
    const workers = [stepfold(work, { cwd: folder }), stepfold(work, { cwd: folder })];
    const { stdout, stderr } = await search;
    expect(stderr).toBe('');
    for (const { status, stdout: told } of await Promise.all(workers)) {
      expect(status).toBe(0);
      expect(JSON.parse(told)).toHaveProperty('trials');
    }
    expect(settled(JSON.parse(stdout))).toEqual(settled(found));
    const results = (name: string) =>
      fs
        .readdirSync(at(name, 'results'))
        .map((file) => [file, fs.readFileSync(at(name, 'results', file), 'hex')]);
    expect(results('shared-trials')).toEqual(results('trials'));
  }, 300_000);
});

describe('with costs of another machine', () => {
  /** Of one call; a step between costs so much of a full one. */
  const [MILLISECONDS, BETWEEN] = [50, 0.2];
  const search = () => [
    ...SEARCH.filter((word) => word !== 'macs' && word !== '--cost' && word !== '--json'),
    ...['--cost', 'costs.json', '--speedup', '1.5', '--work', 'trials'],
  ];
  beforeAll(async () => {
    const measured = JSON.parse(
      await run(
        'costs',
        DIGITS,
        '--try',
        'forecast',
        '--machine',
        'a telephone',
        '-o',
        'costs.json',
        '--json',
      ),
    );
    expect(measured.entries).toHaveLength(1);
    const costs = JSON.parse(fs.readFileSync(at('costs.json'), 'utf8'));
    const entries = costs.entries.map((one: object) => ({ ...one, full: 1, between: BETWEEN }));
    fs.writeFileSync(
      at('costs.json'),
      JSON.stringify({ ...costs, source: { milliseconds: MILLISECONDS }, entries }),
    );
  }, 120_000);

  test('settings cost what the file says, and so do loops', async () => {
    const found: FoundElsewhere = JSON.parse(await run(...search(), '-o', 'elsewhere', '--json'));
    const forecasts = found.tried.filter(({ setting }) => setting.family === 'forecast');
    expect(forecasts.length).toBeGreaterThan(3);
    for (const { setting, cost } of forecasts) {
      const { options } = setting.passes[0]!;
      const full = Number(
        options['full-calls'] ?? (options['full'] as number[] | undefined)?.length,
      );
      if (Number.isNaN(full)) continue;
      const { steps } = setting.sampler;
      expect(cost).toBeCloseTo(full + (steps - full) * BETWEEN, 6);
    }
    for (const one of [found.chosen, found.rival])
      expect(one.time).toEqual({
        ...{ rounds: 0, milliseconds: one.cost * MILLISECONDS },
        ...{ least: one.cost * MILLISECONDS, most: one.cost * MILLISECONDS },
      });
    expect(found.costsOf).toEqual({ file: 'costs.json', machine: 'a telephone' });
    const text = await run(...search(), '-o', 'elsewhere-too');
    expect(text).toMatch(
      /Speed: .* worked out from the costs of costs\.json, measured on: a telephone .*no loop was timed there/,
    );
  }, 300_000);

  test('those of another model are refused', async () => {
    const other = path.join(path.dirname(DIGITS), '../dit-digits/dit-digits.onnx');
    expectRefusal(
      await stepfold(['tune', other, '-o', 'none', '--cost', 'costs.json'], { cwd: folder }),
      'TUNE_COSTS',
    );
  });
});

test('starts from a picture, at the same part of every loop', async () => {
  const init = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i / 9));
  fs.writeFileSync(at('init.npy'), writeNpy({ type: 'float32', data: init, dims: [1, 1, 16, 16] }));
  const picture = ['--init', 'init.npy', '--strength', '0.75'];
  const longer = SEARCH.with(SEARCH.indexOf('--steps') + 1, '8');
  const found: Found = JSON.parse(
    await run(...longer, ...picture, '-o', 'changed', '--speedup', '2'),
  );
  // of 8 steps 6 are taken
  for (const { cost } of found.tried) expect(cost).toBeLessThanOrEqual(3 + 1e-6);
  const end = await endOf('chosen-changed', ...found.run.slice(1, -2));
  const whole = await endOf('whole-changed', 'run', DIGITS, ...LOOP, ...picture, '--steps', '8');
  expect(found.chosen.own.mean).toBeCloseTo(decibels(end, whole), 2);
}, 300_000);

describe('refuses', () => {
  test.each([
    ['recorded', 'x=x.npy', /calibrate/],
    ['control', 'control.onnx', /run/],
    ['control-scale', '2', /run/],
    ['then-model', 'refiner', /bundles/],
    ['then-from-step', '3', /bundles/],
  ])('--%s, and says what to do', async (name, value, instead) => {
    const refused = await stepfold(['tune', DIGITS, '-o', 'none', `--${name}`, value], {
      cwd: folder,
    });
    expectRefusal(refused, 'TUNE_PARTS');
    expect(refused.stderr).toContain(`--${name} `);
    expect(refused.stderr).toMatch(instead);
  });

  test.each([
    ['two goals', ['--speedup', '2', '--error', '40dB'], 'TUNE_GOAL'],
    ['no speedup', ['--speedup', '1'], 'TUNE_GOAL'],
    ['no decibels', ['--error', 'little'], 'TUNE_GOAL'],
    [
      'more than there are steps',
      [...LOOP, '--steps', '6', '--speedup', '8', '--try', 'forecast'],
      'TUNE_GOAL',
    ],
    ['a pass that is none', ['--try', 'deepcash'], 'TUNE_PASS'],
  ])('%s', async (_, args, code) => {
    expectRefusal(
      await stepfold(['tune', DIGITS, '-o', 'none', '--cost', 'macs', ...args], { cwd: folder }),
      code,
    );
    expect(fs.existsSync(at('none'))).toBe(false);
  });

  test('a worker anything but trials of its search', async () => {
    const work = (...more: string[]) => [
      'work',
      'trials',
      '--model',
      DIGITS,
      '--idle',
      '0',
      ...more,
    ];
    expectRefusal(
      await stepfold(['work', 'nowhere', '--model', DIGITS], { cwd: folder }),
      'TUNE_NO_SEARCH',
    );
    const other = at('other.onnx');
    fs.copyFileSync(path.join(path.dirname(DIGITS), '../dit-digits/dit-digits.onnx'), other);
    expectRefusal(
      await stepfold(['work', 'trials', '--model', other], { cwd: folder }),
      'TUNE_MODEL',
    );
    const job = at('trials/jobs', `${'0'.repeat(64)}.json`);
    fs.writeFileSync(job, '{"format":"stepfold.trial","version":1,"run":"rm"}');
    expectRefusal(await stepfold(work(), { cwd: folder }), 'TUNE_JOB');
    fs.rmSync(job);
    const [asked] = fs.readdirSync(at('trials/jobs'));
    const text = fs.readFileSync(at('trials/jobs', asked!), 'utf8');
    fs.writeFileSync(job, text);
    // the name of a job is its hash, so that one that was changed is found
    expectRefusal(await stepfold(work(), { cwd: folder }), 'TUNE_JOB');
    fs.rmSync(job);
  });
});
