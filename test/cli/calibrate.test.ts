/** `stepfold calibrate` as a shell runs it: plans, interruptions, and what it refuses. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/io/npy.js';
import { parsePlanFile } from '../../src/runtime/schedule/index.js';
import {
  done,
  expectRefusal,
  MAIN,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
  wordsOf,
} from './stepfold.js';

beforeAll(requireBuild);

const DIT = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const folder = scratchFolder('calibrate');
const at = (name: string) => path.join(folder, name);

const search = (output: string, ...more: string[]) => [
  ...['calibrate', DIT, '-o', output, '--pass', 'ditfastattn:threshold=D6', '--calls', '5'],
  ...['--samples', '1', '--guidance', 'cond-first', '--guidance-scale', '2', ...more],
];

const read = (file: string) => parsePlanFile(fs.readFileSync(file, 'utf8'), file);

/** The plan but for how long it took. */
function timeless(file: string) {
  const { calibration, ...plan } = read(file);
  const { seconds, ...record } = calibration!;
  expect(seconds).toBeGreaterThan(0);
  return { ...plan, calibration: record };
}

/** Starts a search and sends a signal once so many calls are on disk. */
function interrupt(
  args: readonly string[],
  partial: string,
  calls: number,
  signal: NodeJS.Signals,
) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const watch = setInterval(() => {
    if (!fs.existsSync(partial)) return;
    if (JSON.parse(fs.readFileSync(partial, 'utf8')).decided.length < calls) return;
    clearInterval(watch);
    child.kill(signal);
  }, 2);
  return new Promise<{ status: number | null; stderr: string }>((resolve) => {
    child.on('close', (status) => {
      clearInterval(watch);
      resolve({ status, stderr });
    });
  });
}

describe('a search', () => {
  const plan = at('plan.json');
  let printed = '';
  beforeAll(async () => {
    printed = await done(search(plan));
  });

  test('writes a plan that says how it was found', () => {
    const { model, passes, guidance, calls, sites, calibration } = read(plan);
    expect(model?.file).toBe('dit-digits.onnx');
    expect(passes).toEqual([
      { pass: 'ditfastattn', options: expect.objectContaining({ threshold: 'D6' }) },
    ]);
    expect(guidance).toEqual({ order: 'cond-first', mode: 'batch' });
    expect([calls, Object.keys(sites)]).toEqual([
      5,
      [0, 1, 2, 3, 4, 5].map((n) => `attention.${n}`),
    ]);
    expect(calibration).toMatchObject({
      pass: 'ditfastattn',
      threshold: 0.15,
      seed: 0,
      samples: 1,
      sampler: { name: 'ddim', steps: 5 },
      search: 'segments',
    });
    for (const [site, column] of Object.entries(sites)) {
      expect(column[0]).toBe('compute');
      for (const [call, strategy] of column.entries())
        expect(calibration!.loss![site]![call] === null).toBe(strategy === 'compute');
    }
    expect(fs.readdirSync(folder)).not.toContain('plan.json.partial.json');
  });

  test('shows a heat map, the work and what was made up', () => {
    expect(printed).toMatch(/^attention\.0 {2}C/m);
    expect(printed).toMatch(/^[\d.]+ model evaluations, [\d.]+ % of the \d+ of a plain search/m);
    expect(printed).toContain('Made-up inputs: class_labels');
  });

  test('is the same a second time, and in JSON', async () => {
    const again = at('again.json');
    const report = JSON.parse(await done(search(again, '--json')));
    expect(timeless(again)).toEqual(timeless(plan));
    expect(report.file).toBe(again);
    expect(report.evaluations.done).toBeLessThan(report.evaluations.plain);
    const sum = Object.values(report.shares as Record<string, number>).reduce((a, b) => a + b);
    expect(sum).toBeCloseTo(1, 9);
  });

  test('does not replace a plan unless it is told to', async () => {
    expectRefusal(await stepfold(search(plan)), 'CALIBRATE_PLAN_EXISTS', plan, '--force');
    await done(search(plan, '--force'));
  });

  test('is followed by the command that makes a bundle of it, which keeps the loop', async () => {
    const array = (name: string, value: number) => {
      const data = BigInt64Array.of(BigInt(value));
      fs.writeFileSync(at(name), writeNpy({ type: 'int64', data, dims: [1] }));
    };
    array('label.npy', 3);
    array('none.npy', 10);
    const inputs = ['--feed', 'class_labels=label.npy', '--unconditional', 'class_labels=none.npy'];
    const said = await done(search('kept.json', ...inputs), { cwd: folder });
    const line = wordsOf(said.match(/^Next: (.*)$/m)![1]!);
    await done(line, { cwd: folder });
    const bundle = line.at(-1)!;
    expect(JSON.parse(fs.readFileSync(at(`${bundle}/defaults.json`), 'utf8'))).toMatchObject({
      guidance: { order: 'cond-first', mode: 'batch', scale: 2 },
      feeds: { class_labels: expect.stringMatching(/npy$/) },
      unconditional: { class_labels: expect.stringMatching(/npy$/) },
    });
  });

  test('is what transform takes', async () => {
    await done(['transform', DIT, '--plan', plan, '-o', at('bundle')]);
    expect(fs.existsSync(at('bundle/schedule.json'))).toBe(true);
  });

  test.each(['SIGKILL', 'SIGINT'] as const)('goes on after %s', async (signal) => {
    const cut = at(`${signal}.json`);
    const partial = `${cut}.partial.json`;
    const { status, stderr } = await interrupt(search(cut), partial, 2, signal);
    expect(status).toBe(signal === 'SIGINT' ? 130 : null);
    if (signal === 'SIGINT') expect(stderr).toContain('same command again');
    expect(fs.existsSync(cut)).toBe(false);

    const other = search(cut, '--seed', '1');
    expectRefusal(await stepfold(other), 'CALIBRATE_OTHER_SEARCH', partial, 'seed', '--restart');
    const report = JSON.parse(await done(search(cut, '--json')));
    expect(report.resumed).toBeGreaterThanOrEqual(2);
    expect(timeless(cut)).toEqual(timeless(plan));
    expect(fs.existsSync(partial)).toBe(false);
  });

  test('begins anew with --restart', async () => {
    const cut = at('restart.json');
    await interrupt(search(cut), `${cut}.partial.json`, 1, 'SIGKILL');
    const report = JSON.parse(await done(search(cut, '--seed', '1', '--restart', '--json')));
    expect(report.resumed).toBe(0);
    expect(report.plan.calibration.seed).toBe(1);
  });
});

test('inputs recorded from a real loop', async () => {
  const recorded = (name: string, array: Parameters<typeof writeNpy>[0]) => {
    fs.writeFileSync(at(`${name}.npy`), writeNpy(array));
    return ['--recorded', `${name}=${at(`${name}.npy`)}`];
  };
  const image = Float32Array.from({ length: 3 * 2 * 576 }, (_, i) => Math.sin(i));
  const inputs = [
    ...recorded('sample', { type: 'float32', data: image, dims: [3, 2, 1, 24, 24] }),
    ...recorded('timestep', {
      type: 'int64',
      data: BigInt64Array.from([900n, 900n, 800n, 800n, 700n, 700n]),
      dims: [3, 2],
    }),
  ];
  const args = (...more: string[]) => [
    ...['calibrate', DIT, '-o', at('recorded.json'), '--pass', 'ditfastattn', '--calls', '3'],
    ...['--guidance', 'cond-first', ...inputs, ...more],
  ];
  expectRefusal(await stepfold(args()), 'CALIBRATE_INPUT_MISSING', 'class_labels', '--recorded');
  fs.writeFileSync(
    at('labels.npy'),
    writeNpy({ type: 'int64', data: BigInt64Array.from([1n, 10n]), dims: [2] }),
  );
  await done(args('--feed', `class_labels=${at('labels.npy')}`));
  const { calibration } = read(at('recorded.json'));
  expect(calibration).toMatchObject({ samples: 1 });
  expect(calibration).not.toHaveProperty('sampler');
});

describe('refusals', () => {
  const args = (...more: string[]) => ['calibrate', DIT, '-o', at('never.json'), ...more];
  const pass = ['--pass', 'ditfastattn'];

  test.concurrent.each<[string, string[], string, string]>([
    ['no pass', ['--calls', '4'], 'CLI_USAGE', '--pass'],
    ['two passes', ['--calls', '4', ...pass, ...pass], 'CALIBRATE_PASS', '2'],
    ['a pass that does not exist', ['--calls', '4', '--pass', 'dit'], 'PASS_UNKNOWN', 'dit'],
    [
      'a pass whose plan is a rule',
      ['--calls', '4', '--pass', 'loop-invariant'],
      'CALIBRATE_PASS',
      'ditfastattn',
    ],
    ['no calls', pass, 'CLI_USAGE', '--calls'],
    ['no samples', [...pass, '--calls', '4', '--samples', '0'], 'CLI_ARGUMENT', '--samples'],
    ['a threshold', ['--calls', '4', '--pass', 'ditfastattn:threshold=D9'], 'PASS_OPTION', 'D9'],
    [
      'a scale without guidance',
      [...pass, '--calls', '4', '--guidance-scale', '2'],
      'CALIBRATE_GUIDANCE',
      '--guidance',
    ],
    [
      'guidance without a scale',
      [...pass, '--calls', '4', '--guidance', 'cond-first'],
      'CALIBRATE_GUIDANCE',
      'scale',
    ],
    [
      'an odd number of calls',
      [
        ...pass,
        '--calls',
        '3',
        '--guidance',
        'cond-first',
        '--guidance-scale',
        '2',
        '--guidance-mode',
        'two-calls',
      ],
      'GUIDANCE_ODD_CALLS',
      '3',
    ],
    [
      'an input that is none',
      [...pass, '--calls', '4', '--feed', `y=${at('y.npy')}`],
      'FEED_UNKNOWN',
      'class_labels',
    ],
  ])('%s', async (_, more, code, mention) => {
    fs.writeFileSync(
      at('y.npy'),
      writeNpy({ type: 'float32', data: new Float32Array(1), dims: [1] }),
    );
    expectRefusal(await stepfold(args(...more)), code, mention);
    expect(fs.existsSync(at('never.json.partial.json'))).toBe(false);
  });

  test('a folder in the place of the plan', async () => {
    const outcome = await stepfold(['calibrate', DIT, '-o', folder, ...pass, '--calls', '4']);
    expectRefusal(outcome, 'FILE_IS_A_FOLDER', folder);
  });

  test('a model that is not there', async () => {
    const bad = ['calibrate', 'missing.onnx', '-o', at('x.json'), ...pass, '--calls', '4'];
    expectRefusal(await stepfold(bad), 'FILE_NOT_FOUND', 'missing.onnx');
  });
});
