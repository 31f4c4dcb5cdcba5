/** `stepfold timesteps` and what becomes of its file: transform, run and calibrate, as a shell runs them. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import { generate, openLoopBundle, openLoopModel } from '../../src/node.js';
import {
  parseSchedule,
  parseTimestepsFile,
  type TimestepsFile,
} from '../../src/runtime/schedule/index.js';
import { createSampler } from '../../src/runtime.js';
import {
  DIGITS,
  done,
  expectRefusal,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
} from './stepfold.js';

const DIT = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const folder = scratchFolder('timesteps');
const at = (name: string) => path.join(folder, name);
const cli = (...args: string[]) => stepfold(args, { cwd: folder });
const json = async (...args: string[]) =>
  JSON.parse(await done([...args, '--json'], { cwd: folder }));

const STEPS = 4;
const FOUND = 'timesteps.json';
const LIST = [999, 600, 300, 40];
const PASS = ['--pass', 'deepcache:branch=3,interval=2'];
const search = (...more: string[]) => [
  ...['timesteps', DIGITS, '--reference-steps', '10', '--samples', '2', '--clip', '1', ...more],
];

/** A list as a person would write it. */
function writeList(name: string, timesteps: readonly number[], more: object = {}): string {
  const text = JSON.stringify({
    format: 'stepfold.timesteps',
    version: 1,
    steps: timesteps.length,
    trainTimesteps: 1000,
    timesteps,
    ...more,
  });
  fs.writeFileSync(at(name), text);
  return name;
}

const read = (name: string): TimestepsFile =>
  parseTimestepsFile(fs.readFileSync(at(name), 'utf8'), name);
const schedule = (bundle: string) =>
  parseSchedule(fs.readFileSync(at(`${bundle}/schedule.json`), 'utf8'));
const samples = (name: string) =>
  readNpy(fs.readFileSync(at(`${name}/samples.npy`)), name).data as Float32Array;

beforeAll(async () => {
  requireBuild();
  writeList('list.json', LIST);
  writeList('short.json', [999, 40]);
  const labels = (name: string, ...values: bigint[]) =>
    fs.writeFileSync(
      at(name),
      writeNpy({ type: 'int64', data: BigInt64Array.from(values), dims: [values.length] }),
    );
  labels('labels.npy', 3n, 7n);
  labels('null.npy', 10n, 10n);
  await done(search('--steps', `${STEPS}`, '-o', FOUND), { cwd: folder });
  await done(['transform', DIGITS, ...PASS, '--timesteps', 'list.json', '-o', 'listed'], {
    cwd: folder,
  });
  const loop = ['transform', DIGITS, ...PASS, '--calls', `${STEPS}`];
  await done([...loop, '-o', 'free'], { cwd: folder });
  await done([...loop, '--fixed-loop', '-o', 'fixed'], { cwd: folder });
  const held = ['transform', DIGITS, ...PASS, '--timesteps', 'list.json', '--fixed-loop'];
  await done([...held, '-o', 'held'], { cwd: folder });
});

describe('a search', () => {
  test('writes what it found and how', () => {
    const found = read(FOUND);
    expect(found).toMatchObject({
      model: { file: 'digits-unet.onnx' },
      steps: STEPS,
      trainTimesteps: 1000,
      sampler: { name: 'ddim', clip: 1, prediction: 'epsilon' },
      samples: 2,
      seed: 0,
      reference: { steps: 10 },
    });
    expect(found.timesteps[0]).toBe(999);
    expect(found.error).toBeLessThanOrEqual(found.uniform!.error!);
    expect(found.tried).toContainEqual({ gamma: found.gamma, error: found.error });
    expect(found.tried).toContainEqual({ gamma: 1, error: found.uniform!.error });
  });

  test('is the same a second time, and in JSON', async () => {
    const { madeUp, file, ...report } = await json(
      ...search('--steps', `${STEPS}`, '-o', 'again.json'),
    );
    expect({ madeUp, file }).toEqual({ madeUp: ['class_labels'], file: 'again.json' });
    expect(report).toEqual(read(FOUND));
    expect(fs.readFileSync(at('again.json'))).toEqual(fs.readFileSync(at(FOUND)));
  });

  test('for people says the timesteps, both errors and what was made up', async () => {
    const text = await done(search('--steps', `${STEPS}`, '-o', 'people.json'), { cwd: folder });
    const found = read('people.json');
    expect(text).toContain(found.timesteps.join(' '));
    expect(text).toContain(found.error!.toPrecision(3));
    expect(text).toContain(found.uniform!.error!.toPrecision(3));
    expect(text).toContain('Made-up inputs: class_labels');
  });

  test('on a bundle, with guidance', async () => {
    const guidance = ['--guidance', 'uncond-first', '--guidance-scale', '2'];
    await done(
      [
        ...['timesteps', 'free', '--against', DIGITS, '-o', 'bundle.json', ...guidance],
        ...['--reference-steps', '10', '--samples', '2'],
        ...['--feed', 'class_labels=labels.npy', '--unconditional', 'class_labels=null.npy'],
        ...['--shape', 'sample=4x1x16x16'],
      ],
      { cwd: folder },
    );
    const found = read('bundle.json');
    expect(found).toMatchObject({
      model: { file: 'digits-unet.onnx' },
      steps: STEPS,
      guidance: { order: 'uncond-first', mode: 'batch', scale: 2 },
    });
  });

  test.concurrent.each<[string, string[], string, string[]]>([
    ['more steps than timesteps', ['--steps', '1001'], 'SAMPLER_OPTION_RANGE', ['steps', '1000']],
    ['no steps', ['--steps', '0'], 'CLI_ARGUMENT', ['--steps']],
    ['steps that are not given', [], 'CLI_ARGUMENT', ['--steps 10']],
    [
      'a reference that is shorter',
      ['--steps', '11'],
      'TIMESTEPS_REFERENCE',
      ['11', '--reference-steps 100'],
    ],
    ['noise', ['--steps', '4', '--eta', '1'], 'TIMESTEPS_NOISE', ['--eta']],
    ['a source of no bundle', ['--steps', '4', '--against', DIGITS], 'CLI_ARGUMENT', ['--against']],
    ['a spacing', ['--steps', '4', '--spacing', 'quad'], 'CLI_USAGE', ['--spacing']],
    ['a scale alone', ['--steps', '4', '--guidance-scale', '2'], 'CALIBRATE_GUIDANCE', ['order']],
  ])('refuses %s', async (_, more, code, mentions) => {
    expectRefusal(await cli(...search('-o', 'never.json', ...more)), code, ...mentions);
    expect(fs.existsSync(at('never.json'))).toBe(false);
  });

  test('refuses to replace a file, a bundle without its source, and other steps than its', async () => {
    const there = ['timesteps', 'free', '-o', 'list.json'];
    expectRefusal(await cli(...there), 'TIMESTEPS_EXIST', 'list.json', '--force');
    const bundle = ['timesteps', 'free', '-o', 'never.json'];
    expectRefusal(await cli(...bundle), 'CLI_ARGUMENT', '--against');
    expectRefusal(await cli(...bundle, '--against', DIT), 'SOURCE_DIFFERS', 'digits-unet.onnx');
    const steps = ['--against', DIGITS, '--steps', '5'];
    const fixed = ['timesteps', 'fixed', '-o', 'never.json', ...steps];
    expectRefusal(await cli(...fixed), 'RUN_STEPS', '--steps 4');
    expectRefusal(
      await cli('timesteps', 'absent.onnx', '--steps', '4', '-o', 'never.json'),
      'FILE_NOT_FOUND',
      'absent.onnx',
    );
  });
});

describe('transform', () => {
  test('writes them into the schedule, and takes the calls from them', () => {
    expect(schedule('listed').timesteps).toEqual(LIST);
    expect(schedule('listed').calls).toHaveLength(STEPS);
    expect(schedule('free')).not.toHaveProperty('timesteps');
  });

  test('from a pipeline file too; two calls a step need half as many', async () => {
    const config = { passes: [{ pass: 'deepcache', options: { branch: 3, interval: 1 } }] };
    const write = (calls: number, timesteps: number[]) =>
      fs.writeFileSync(at('pipeline.json'), JSON.stringify({ ...config, calls, timesteps }));
    const args = ['transform', DIGITS, '--config', 'pipeline.json'];
    const inTurns = ['--guidance', 'uncond-first', '--guidance-mode', 'two-calls'];
    write(4, [999, 40]);
    await json(...args, ...inTurns, '-o', 'turns');
    expect(schedule('turns').timesteps).toEqual([999, 40]);
    expectRefusal(await cli(...args, '-o', 'no'), 'TIMESTEPS_LENGTH', 'pipeline.json', '4 steps');
    write(2, [40, 999]);
    expectRefusal(
      await cli(...args, '-o', 'no'),
      'TIMESTEPS_INVALID',
      'pipeline.json',
      '/timesteps/1',
    );
  });

  test('verifies and measures as any bundle does', async () => {
    const report = await json('verify', 'listed', '--against', DIGITS);
    expect(report.passed).toBe(true);
    await json('bench', 'listed', '--against', DIGITS, '--rounds', '1');
  });

  test.concurrent.each<[string, () => string, string[], string, string[]]>([
    [
      'another number of calls',
      () => 'list.json',
      ['--calls', '5'],
      'TIMESTEPS_LENGTH',
      ['list.json', '4 timesteps', '5 calls'],
    ],
    [
      'a list that goes up',
      () => writeList('up.json', [999, 300, 600]),
      [],
      'TIMESTEPS_INVALID',
      ['up.json', '/timesteps/2', '300'],
    ],
    [
      'a damaged file',
      () => {
        fs.writeFileSync(at('cut.json'), fs.readFileSync(at(FOUND)).subarray(0, 200));
        return 'cut.json';
      },
      [],
      'TIMESTEPS_NOT_JSON',
      ['cut.json'],
    ],
    ['a file that is not there', () => 'absent.json', [], 'FILE_NOT_FOUND', ['absent.json']],
    [
      'another model’s',
      () => writeList('other.json', LIST, { model: { file: 'x.onnx', sha256: '0'.repeat(64) } }),
      [],
      'TIMESTEPS_OTHER_MODEL',
      ['other.json', 'x.onnx'],
    ],
  ])('refuses %s', async (_, file, more, code, mentions) => {
    const args = ['transform', DIGITS, ...PASS, '--timesteps', file(), '-o', 'never', ...more];
    expectRefusal(await cli(...args), code, ...mentions);
    expect(fs.existsSync(at('never'))).toBe(false);
  });
});

describe('run', () => {
  const run = (model: string, out: string, ...more: string[]) =>
    done(['run', model, '--clip', '1', '--seed', '7', '-o', out, ...more], { cwd: folder });

  test('goes over the timesteps of the bundle', async () => {
    await run('listed', 'out-listed');
    const denoiser = await openLoopBundle(at('listed'));
    const sampler = createSampler('ddim', { clip: 1, timesteps: LIST });
    const { latent } = await generate(denoiser, { sampler, seed: 7, feeds: {} });
    expect(denoiser.timesteps).toEqual(LIST);
    await denoiser.release();
    expect(samples('out-listed')).toEqual(latent);
    await run('free', 'out-free', '--steps', `${STEPS}`);
    expect(samples('out-free')).not.toEqual(latent);
    await run('free', 'out-file', '--timesteps', 'list.json');
    expect(samples('out-file')).toEqual(latent);
  });

  test('goes over a file’s on a plain model', async () => {
    await run(DIGITS, 'out-plain', '--timesteps', FOUND);
    const denoiser = await openLoopModel(DIGITS);
    const sampler = createSampler('ddim', { clip: 1, timesteps: read(FOUND).timesteps });
    const { latent } = await generate(denoiser, { sampler, seed: 7, feeds: {} });
    await denoiser.release();
    expect(samples('out-plain')).toEqual(latent);
  });

  test('makes as many steps as a bundle has, unless it is told otherwise', async () => {
    await run('free', 'out-default');
    expect(samples('out-default')).toEqual(samples('out-free'));
    const { calls } = await json('run', 'turns', '-o', 'out-turns', ...TURNS);
    expect(Object.values(calls as Record<string, number>).reduce((a, b) => a + b)).toBe(4);
  });

  const TURNS = [
    ...['--guidance', 'uncond-first', '--guidance-mode', 'two-calls', '--guidance-scale', '2'],
    ...['--feed', 'class_labels=labels.npy', '--unconditional', 'class_labels=null.npy'],
  ];

  test('takes a list of other steps, and other steps than its own, where it serves any loop', async () => {
    const both = async (...more: string[]) => {
      const made = await Promise.all(
        ['free', 'listed'].map(async (bundle) => {
          const out = `out-${bundle}${more[0]}`;
          await run(bundle, out, ...more);
          return samples(out);
        }),
      );
      expect(made[1]).toEqual(made[0]);
      return made[0]!;
    };
    const short = await both('--timesteps', 'short.json');
    const denoiser = await openLoopBundle(at('free'));
    const sampler = createSampler('ddim', { clip: 1, timesteps: [999, 40] });
    const { latent } = await generate(denoiser, { sampler, seed: 7, feeds: {} });
    await denoiser.release();
    expect(short).toEqual(latent);
    expect(await both('--steps', '5')).not.toEqual(short);
  });

  test('takes what says the same twice', async () => {
    await run('listed', 'out-same', '--steps', `${STEPS}`, '--timesteps', 'list.json');
    expect(samples('out-same')).toEqual(samples('out-listed'));
  });

  test.concurrent.each<[string, string[], string, string[]]>([
    [
      'other steps than the list of a bundle that serves no others',
      ['held', '--steps', '5'],
      'RUN_TIMESTEPS',
      ['4 timesteps', '--steps'],
    ],
    ['a spacing', ['listed', '--spacing', 'quad'], 'RUN_TIMESTEPS', ['--spacing']],
    ['two lists', ['listed', '--timesteps', FOUND], 'RUN_TIMESTEPS', [FOUND, '--timesteps']],
    [
      'other steps than a file',
      [DIGITS, '--timesteps', 'list.json', '--steps', '5'],
      'RUN_TIMESTEPS',
      ['list.json', '--steps'],
    ],
    [
      'a spacing beside a file',
      [DIGITS, '--timesteps', 'list.json', '--spacing', 'leading'],
      'RUN_TIMESTEPS',
      ['list.json', '--spacing'],
    ],
    [
      'a file for other steps than the bundle’s',
      ['fixed', '--timesteps', 'short.json'],
      'TIMESTEPS_LENGTH',
      ['short.json', '2 timesteps', '4 steps'],
    ],
    [
      'another training',
      [DIGITS, '--timesteps', 'list.json', '--train-timesteps', '4000'],
      'TIMESTEPS_TRAINING',
      ['list.json', '1000', '4000'],
    ],
    ['other steps than calls', ['fixed', '--steps', '5'], 'RUN_STEPS', ['--steps 4']],
  ])('refuses %s', async (_, args, code, mentions) => {
    expectRefusal(await cli('run', ...args, '-o', 'never'), code, ...mentions);
    expect(fs.existsSync(at('never'))).toBe(false);
  });
});

describe('calibrate', () => {
  const calibrate = (output: string, ...more: string[]) => [
    ...['calibrate', DIT, '-o', output, '--pass', 'ditfastattn:threshold=D6', '--samples', '1'],
    ...['--timesteps', 'list.json', ...more],
  ];

  test('searches the plan on them', async () => {
    const { plan } = await json(...calibrate('plan.json', '--calls', `${STEPS}`));
    expect(plan.calibration.sampler).toMatchObject({ steps: STEPS, timesteps: LIST });
    expect(plan.calibration.sampler).not.toHaveProperty('spacing');
    const args = ['--plan', 'plan.json', '--timesteps', 'list.json', '-o', 'planned'];
    await json('transform', DIT, ...args);
    expect(schedule('planned').timesteps).toEqual(LIST);
  });

  test('refuses other calls, and a spacing', async () => {
    expectRefusal(
      await cli(...calibrate('no.json', '--calls', '5')),
      'TIMESTEPS_LENGTH',
      'list.json',
    );
    expectRefusal(
      await cli(...calibrate('no.json', '--calls', '4', '--spacing', 'quad')),
      'RUN_TIMESTEPS',
      '--spacing',
    );
  });
});
