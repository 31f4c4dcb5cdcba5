/**
 * Every form a bundle can take, from the model to samples: transform, verify, bench and run agree
 * with one another and with the plain model.
 */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import { DIGITS, done, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('forms');
const CALLS = 7;
const EMITS = ['split', 'merged', 'chain', 'stateful', 'loop'] as const;
/** One of them holds the sampler. */
const emitting = (emit: (typeof EMITS)[number]) => [
  ...['--emit', emit],
  ...(emit === 'loop' ? ['--sampler', 'ddim'] : []),
];

const cli = (...args: string[]) => done(args, { cwd: folder });
const json = async (...args: string[]) => JSON.parse(await cli(...args, '--json'));

async function transform(name: string, options: string, ...more: string[]) {
  const pass = `deepcache:branch=3,${options}`;
  return json('transform', DIGITS, '--pass', pass, '--calls', `${CALLS}`, '-o', name, ...more);
}

let runs = 0;

/** Samples of a run with seed 7. */
async function samples(
  bundle: string,
  ...args: string[]
): Promise<{ dims: number[]; data: Float32Array }> {
  const out = `run-${runs++}`;
  const report = await json(
    'run',
    bundle,
    '--steps',
    `${CALLS}`,
    '--seed',
    '7',
    '-o',
    out,
    ...args,
  );
  expect(report.files).toEqual([`${out}/samples.npy`, `${out}/samples.png`]);
  const file = path.join(folder, out, 'samples.npy');
  const { dims, data } = readNpy(fs.readFileSync(file), file);
  return { dims: [...dims], data: data as Float32Array };
}

function expectClose(actual: { data: Float32Array }, expected: { data: Float32Array }): void {
  expect(actual.data).toHaveLength(expected.data.length);
  const far = Math.max(...actual.data.map((value, i) => Math.abs(value - expected.data[i]!)));
  expect(far).toBeLessThan(1e-5);
}

beforeAll(async () => {
  requireBuild();
  const labels = (name: string, ...values: bigint[]) =>
    fs.writeFileSync(
      path.join(folder, name),
      writeNpy({ type: 'int64', data: BigInt64Array.from(values), dims: [values.length] }),
    );
  labels('labels.npy', 3n, 7n);
  labels('null.npy', 10n, 10n);
  labels('label.npy', 3n);
  labels('null1.npy', 10n);
  for (const emit of EMITS) {
    await transform(`${emit}-1`, 'interval=1', ...emitting(emit));
    await transform(`${emit}-3`, 'interval=3', ...emitting(emit));
  }
});

const FEED = ['--feed', 'class_labels=labels.npy'];
const GUIDANCE = [
  ...FEED,
  ...['--unconditional', 'class_labels=null.npy'],
  ...['--guidance-scale', '2', '--guidance', 'uncond-first'],
];

describe('run', () => {
  test.each([
    ['ddim', FEED],
    ['euler', [...GUIDANCE, '--guidance-mode', 'two-calls']],
    ['dpm++2m', GUIDANCE],
    ['unipc', [...GUIDANCE, '--order', '3']],
    ['deis', FEED],
  ])('%s gives the same in every form', async (sampler, args) => {
    const how = ['--sampler', sampler, ...args];
    const split = await samples('split-3', ...how);
    expect(split.dims).toEqual([2, 1, 16, 16]);
    expectClose(await samples('merged-3', ...how, '--worker'), split);
    expectClose(await samples('chain-3', ...how), split);
    expectClose(await samples('stateful-3', ...how), split);
  });

  test('computing every call is the plain model; caching is not', async () => {
    const plain = await samples(DIGITS, ...GUIDANCE);
    for (const emit of EMITS) expectClose(await samples(`${emit}-1`, ...GUIDANCE), plain);
    const cached = await samples('split-3', ...GUIDANCE);
    expect(() => expectClose(cached, plain)).toThrow();
  });

  test('both guidance modes give the same, and count their calls', async () => {
    const one = await samples('split-3', ...GUIDANCE);
    const two = await samples('split-3', ...GUIDANCE, '--guidance-mode', 'two-calls');
    expectClose(two, one);
    const report = (mode: string) =>
      json(
        'run',
        'split-3',
        '--steps',
        `${CALLS}`,
        '-o',
        `counted-${mode}`,
        ...GUIDANCE,
        '--guidance-mode',
        mode,
      );
    const sum = (counts: Record<string, number>) =>
      Object.values(counts).reduce((a, b) => a + b, 0);
    expect(sum((await report('batch')).calls)).toBe(CALLS);
    expect(sum((await report('two-calls')).calls)).toBe(2 * CALLS);
  });

  test('the seed decides', async () => {
    const first = await samples('split-3', ...FEED);
    const again = await samples('split-3', ...FEED);
    expect(again.data).toEqual(first.data);
    const args = ['run', 'split-3', '--steps', `${CALLS}`, '--seed', '8', '-o', 'other', ...FEED];
    await cli(...args);
    const other = readNpy(fs.readFileSync(path.join(folder, 'other/samples.npy')), '');
    expect(other.data).not.toEqual(first.data);
  });

  test('inputs that are not given are made up, and said to be', async () => {
    const args = ['run', 'split-3', '--steps', `${CALLS}`, '-o', 'made-up'];
    expect((await json(...args)).madeUp).toEqual(['class_labels']);
    expectRefusal(
      await stepfold(args, { cwd: folder }),
      'OUTPUT_EXISTS',
      'made-up/samples.npy',
      '--force',
    );
    expect((await json(...args, '--force', '--latent-shape', '3x1x16x16')).dims).toEqual([
      3, 1, 16, 16,
    ]);
  });
});

describe.concurrent('verify and bench', () => {
  test.each(EMITS)('%s', async (emit) => {
    const report = await json(
      'verify',
      `${emit}-3`,
      '--against',
      DIGITS,
      '--shape',
      'sample=2x1x16x16',
    );
    expect(report).toMatchObject({ passed: true, sizes: { batch: 2 }, unproved: [], notes: [] });
    const exact = report.checks.filter(
      (c: { optimization: string; kind: string }) =>
        c.optimization === 'disabled' && c.kind !== 'whole',
    );
    expect(exact.length).toBeGreaterThanOrEqual(4);
    expect(exact.every((c: { exact: boolean }) => c.exact)).toBe(true);
    const whole = report.checks.filter(({ kind }: { kind: string }) => kind === 'whole');
    expect(whole.map(({ program }: { program: string }) => program)).toEqual(
      emit === 'loop' ? ['loop'] : [],
    );

    const measured = await json('bench', `${emit}-3`, '--against', DIGITS, '--rounds', '1');
    expect(measured.loop.calls).toBe(CALLS);
    const { full, shallow } = measured.programs;
    expect(full.macRatio).toEqual({ all: 1, layers: 1 });
    expect(shallow.macRatio.layers).toBeGreaterThan(3);
    expect(full.calls + shallow.calls + (measured.programs['full-stateless']?.calls ?? 0)).toBe(
      CALLS,
    );
  });

  test('the zero ablation is checked in the loop', async () => {
    await transform('zero', 'interval=3,strategy=zero');
    const report = await json('verify', 'zero', '--against', DIGITS, '--optimization', 'disabled');
    expect(report.passed).toBe(true);
    const shallow = report.checks.filter((c: { program: string }) => c.program === 'shallow');
    expect(shallow.map((c: { kind: string }) => c.kind)).toEqual(['loop']);
    expect(report.notes).toHaveLength(1);
  });
});

describe('sizes that are fixed', () => {
  beforeAll(async () => {
    await transform('frozen', 'interval=3', '--freeze', 'batch=2');
    await transform('shaped', 'interval=3', '--shape', 'sample=4x1x16x16');
  });

  test('are in the bundle, which still computes the same', async () => {
    const shapeOf = async (name: string) =>
      JSON.parse(fs.readFileSync(path.join(folder, name, 'schedule.json'), 'utf8')).source.inputs[0]
        .shape;
    expect(await shapeOf('frozen')).toEqual([2, 1, 16, 16]);
    expect(await shapeOf('shaped')).toEqual([4, 1, 16, 16]);
    for (const name of ['frozen', 'shaped'])
      expect((await json('verify', name, '--against', DIGITS)).passed).toBe(true);
    expectClose(await samples('frozen', ...FEED), await samples('split-3', ...FEED));
    const report = await json('run', 'shaped', '--steps', `${CALLS}`, '-o', 'shaped-out');
    expect(report.dims).toEqual([4, 1, 16, 16]);
  });

  test('hold both halves of a guidance pair', async () => {
    const pair = ['--guidance-scale', '2', '--guidance', 'uncond-first'];
    const one = [
      '--feed',
      'class_labels=label.npy',
      '--unconditional',
      'class_labels=null1.npy',
      ...pair,
    ];
    expectClose(await samples('frozen', ...one), await samples('split-3', ...one));
  });
});

describe('a pipeline file', () => {
  test('does what the command line does, which wins over it', async () => {
    const passes = [{ pass: 'deepcache', options: { branch: 3, interval: 3 } }];
    fs.writeFileSync(
      path.join(folder, 'pipeline.json'),
      JSON.stringify({ passes, calls: CALLS, emit: 'chain', weights: 'copy' }),
    );
    const config = ['transform', DIGITS, '--config', 'pipeline.json'];
    const { schedule } = await json(...config, '-o', 'from-file');
    expect(schedule).toEqual(
      JSON.parse(fs.readFileSync(path.join(folder, 'chain-3/schedule.json'), 'utf8')),
    );
    const other = await json(...config, '-o', 'overridden', '--emit', 'split', '--calls', '5');
    expect(other.schedule).toMatchObject({ emit: 'split', calls: { length: 5 } });
  });

  test.each<[string, unknown, string, string[]]>([
    ['not JSON', '<html>\n</html>\n', 'PIPELINE_NOT_JSON', []],
    ['no passes', { calls: 3 }, 'PIPELINE_INVALID', ['"passes"']],
    [
      'a number as text',
      { calls: '3', passes: [{ pass: 'deepcache' }] },
      'PIPELINE_INVALID',
      ['/calls', '"3"'],
    ],
    [
      'a slip',
      { calls: 3, passes: [{ pass: 'deepcache' }], emitt: 'x' },
      'PIPELINE_INVALID',
      ['/emitt'],
    ],
    [
      'an unknown pass',
      { calls: 3, passes: [{ pass: 'deepcach' }] },
      'PASS_UNKNOWN',
      ['/passes/0/pass'],
    ],
    [
      'a wrong option',
      { calls: 3, passes: [{ pass: 'deepcache', options: { branch: 1, interval: 0 } }] },
      'PASS_OPTION',
      ['/passes/0/options/interval', '>= 1', '0'],
    ],
  ])('with %s', async (name, content, code, mentions) => {
    const file = `${name.replaceAll(' ', '-')}.json`;
    fs.writeFileSync(
      path.join(folder, file),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
    const outcome = await stepfold(['transform', DIGITS, '--config', file, '-o', 'refused'], {
      cwd: folder,
    });
    expectRefusal(outcome, code, file, ...mentions);
    expect(fs.existsSync(path.join(folder, 'refused'))).toBe(false);
  });

  test('beside --pass, and one that is not there', async () => {
    const transform = (...args: string[]) =>
      stepfold(['transform', DIGITS, '-o', 'refused', ...args], { cwd: folder });
    expectRefusal(
      await transform('--config', 'pipeline.json', '--pass', 'deepcache:branch=1'),
      'CLI_ARGUMENT',
      '--pass and --config',
    );
    expectRefusal(await transform('--config', 'absent.json'), 'FILE_NOT_FOUND', 'absent.json');
    expectRefusal(await transform('--config', folder), 'FILE_UNREADABLE', folder);
  });
});
