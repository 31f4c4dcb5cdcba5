/**
 * Whether `verify` proves what attention strategies do, and finds what is wrong with them. Bundles are
 * made wrong by tampering with what the schedule says of its plan, so that the programs and the
 * reference differ in one thing: every rule that the reference follows has a test that breaks it.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache, ditfastattn } from '../../../passes/index.js';
import { sha256, writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline, type PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { type VerifyReport, verifyBundle } from '../../../src/node.js';
import type { GuidancePair, PlanFile, Schedule } from '../../../src/runtime/schedule/index.js';
import { modelOf } from '../../helpers/text.js';
import { tinyTransformer } from '../../helpers/transformers.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-verify-attention-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const source = path.join(root, 'transformer.onnx');
beforeAll(() => saveModel(modelOf(tinyTransformer()), source));

type Rows = Readonly<Record<string, readonly string[]>>;

function planFile(rows: Rows): PlanFile {
  const sites = Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, [...row]]));
  return { format: 'stepfold.plan', version: 1, calls: Object.values(rows)[0]!.length, sites };
}

/** A bundle in which the sites have the given strategies. */
async function build(
  rows: Rows,
  options: Partial<PipelineOptions> & { window?: number | string; model?: string } = {},
): Promise<string> {
  const { window = 2, model = source, ...rest } = options;
  const { calls } = planFile(rows);
  const compilation = await Pipeline.create({
    fixedLoop: true,
    calls,
    plan: planFile(rows),
    ...rest,
  })
    .use(ditfastattn, { window })
    .compile(loadModel(model));
  const folder = fs.mkdtempSync(path.join(root, 'bundle-'));
  writeBundle(compilation, folder, { sourceFile: model, force: true });
  return folder;
}

function edit(folder: string, change: (schedule: Schedule) => void): void {
  const file = path.join(folder, 'schedule.json');
  const schedule = JSON.parse(fs.readFileSync(file, 'utf8'));
  change(schedule);
  fs.writeFileSync(file, JSON.stringify(schedule));
}

const verify = (folder: string, model = source): Promise<VerifyReport> =>
  verifyBundle({ folder, model, levels: ['disabled'] });

const failures = ({ checks }: VerifyReport) =>
  checks.filter((c) => !c.passed).map((c) => `${c.kind} ${c.call ?? c.program}`);

const batch = (order: GuidancePair['order'] = 'cond-first'): GuidancePair => ({
  order,
  mode: 'batch',
});
const twoCalls: GuidancePair = { order: 'cond-first', mode: 'two-calls' };

const WINDOWED: Rows = {
  'attention.0': ['compute', 'window', 'reuse', 'window', 'compute', 'window'],
  'attention.1': ['compute', 'reuse', 'window', 'window', 'compute', 'reuse'],
};

const SHARED: Rows = {
  'attention.0': [
    'compute',
    'window+guidance-share',
    'reuse',
    'guidance-share',
    'window',
    'window+guidance-share',
  ],
  'attention.1': ['compute', 'guidance-share', 'window', 'reuse', 'guidance-share', 'reuse'],
};

const PAIRED: Rows = {
  'attention.0': [
    ...['compute', 'guidance-share', 'window', 'window+guidance-share', 'compute', 'compute'],
    ...['window', 'window', 'reuse', 'reuse', 'window+guidance-share', 'window+guidance-share'],
  ],
  'attention.1': [
    ...['compute', 'compute', 'window', 'guidance-share', 'compute', 'guidance-share'],
    ...['reuse', 'reuse', 'window', 'window', 'window-only', 'guidance-share'],
  ],
};

describe('a bundle as it was made passes', () => {
  test.each([
    ['windows and reuse', WINDOWED, {}],
    ['a fraction of the tokens', WINDOWED, { window: '1/5' }],
    ['a shared half, the first', SHARED, { guidance: batch() }],
    ['a shared half, the second', SHARED, { guidance: batch('uncond-first') }],
    ['merged', SHARED, { guidance: batch(), emit: 'merged' as const }],
    ['grouped', SHARED, { guidance: batch(), maxPrograms: 3 }],
    ['two calls a step', PAIRED, { guidance: twoCalls }],
  ])('%s', async (_, rows, options) => {
    const report = await verify(await build(rows, options));
    expect(failures(report)).toEqual([]);
    expect(report.passed).toBe(true);
    const loop = report.checks.filter((c) => c.kind === 'loop');
    expect(loop.length).toBeGreaterThanOrEqual(5);
    // a call without a window or a share, after one like it, is the source's own arithmetic
    expect(loop[0]!.exact).toBe(true);
  });

  test('of a masked module, which takes no window, in two calls a step', async () => {
    const model = 'samples/spellings/mask-added.onnx';
    const row = ['compute', 'guidance-share', 'reuse', 'reuse', 'guidance-share', 'guidance-share'];
    const folder = await build({ 'attention.0': row }, { guidance: twoCalls, model });
    const report = await verify(folder, model);
    expect(failures(report)).toEqual([]);
    expect(report.passed).toBe(true);
  });

  test('with two rows in each half', async () => {
    const folder = await build(SHARED, { guidance: batch() });
    expect((await verify(folder)).sizes).toEqual({ batch: 4 });
  });
});

/** The file of a program's one model, changed in place; its hash is put right. */
function editModel(folder: string, program: string, change: (model: Model) => void): void {
  edit(folder, ({ programs, models }) => {
    const entry = models[programs[program]!.runs[0]!.model]!;
    const file = path.join(folder, entry.file);
    const model = loadModel(file);
    change(model);
    saveModel(model, file);
    entry.sha256 = sha256(file);
  });
}

describe('a bundle is found out', () => {
  test.each([1, -1])('whose window is %i token off', async (off) => {
    const folder = await build(WINDOWED);
    edit(folder, ({ sites }) => {
      sites!['attention.1']!.attention!.window.tokens! += off;
    });
    // the rest that was kept makes up for it when inputs are equal: only the loop can see it
    expect(failures(await verify(folder))).toEqual(['loop 2', 'loop 3']);
  });

  test('whose residual has the wrong sign', async () => {
    const folder = await build(WINDOWED, { emit: 'split' });
    editModel(folder, 'full', ({ graph }) => {
      const [subtraction, second] = [...graph.nodes].filter(
        (node) => node.opType === 'Sub' && /attention\.0.*residual/.test(node.output.name),
      );
      expect(second).toBeUndefined();
      const [full, band] = subtraction!.inputs;
      subtraction!.setInput(0, band!);
      subtraction!.setInput(1, full!);
    });
    const failed = failures(await verify(folder));
    expect(failed.filter((f) => f.startsWith('identity'))).not.toEqual([]);
    // calls 1 and 3 add it, call 2 takes over what call 1 made of it; call 4 has another program
    expect(failed.filter((f) => f.startsWith('loop'))).toEqual(['loop 1', 'loop 2', 'loop 3']);
  });

  test('that adds the rest where it should not, and the other way round', async () => {
    const folder = await build({ 'attention.0': ['compute', 'window', 'window-only'] });
    expect(failures(await verify(folder))).toEqual([]);
    edit(folder, ({ sites }) => {
      sites!['attention.0']!.strategies = ['compute', 'window-only', 'window'];
    });
    expect(failures(await verify(folder))).toContain('loop 1');
    expect(failures(await verify(folder))).toContain('loop 2');
  });

  test('that lets the wrong half stand for both: both are equal in the identity', async () => {
    const folder = await build(SHARED, { guidance: batch() });
    edit(folder, ({ source }) => {
      source.guidance!.order = 'uncond-first';
    });
    const failed = failures(await verify(folder));
    expect(failed.filter((f) => f.startsWith('identity'))).toEqual([]);
    expect(failed).toContain('loop 1');
  });

  test('that computes both halves where one should stand for both', async () => {
    const folder = await build(
      { 'attention.0': ['compute', 'window', 'window+guidance-share'] },
      { guidance: batch() },
    );
    edit(folder, ({ sites }) => {
      sites!['attention.0']!.strategies[1] = 'window+guidance-share';
    });
    expect(failures(await verify(folder))).toEqual(['loop 1']);
  });

  test('whose halves share a state that each should have', async () => {
    const folder = await build(PAIRED, { guidance: twoCalls });
    edit(folder, ({ programs }) => {
      for (const { runs } of Object.values(programs))
        for (const { reads } of runs)
          for (const [input, state] of Object.entries(reads ?? {}))
            if (state === 'attention.0.residual.second')
              reads![input] = 'attention.0.residual.first';
    });
    const failed = failures(await verify(folder));
    expect(failed.filter((f) => f.startsWith('identity'))).toEqual([]);
    expect(failed.filter((f) => f.startsWith('loop'))).not.toEqual([]);
  });

  test('that reuses the output of a full call where a window came later', async () => {
    const folder = await build(
      { 'attention.0': ['compute', 'reuse', 'window', 'reuse'] },
      { emit: 'merged' },
    );
    expect(failures(await verify(folder))).toEqual([]);
    edit(folder, ({ calls, programs }) => {
      delete programs[calls[2]!]!.runs[0]!.writes!['attention.0.output'];
    });
    expect(failures(await verify(folder))).toEqual(['loop 3']);
  });
});

describe('what cannot be checked is said', () => {
  const only: Rows = { 'attention.0': ['window-only', 'window-only'] };

  test('no identity for a band alone, nor for what is kept under it', async () => {
    const folder = await build({ 'attention.0': ['window-only', 'reuse', 'compute'] });
    const report = await verify(folder);
    expect(report.passed).toBe(true);
    expect(report.unproved).toEqual([]);
    expect(report.checks.map((c) => `${c.kind} ${c.call ?? c.program}`)).toEqual([
      'identity full',
      'loop 0',
      'loop 1',
      'loop 2',
    ]);
    expect(report.notes).toEqual([
      expect.stringMatching(/replaces values/),
      expect.stringMatching(/reads "attention.0.output"/),
    ]);
  });

  const without: [string, (schedule: Schedule) => void, RegExp][] = [
    ['a plan', (s) => delete s.sites, /does not say its plan/],
    [
      'a place for the band',
      ({ sites }) => delete sites!['attention.0']!.attention,
      /does not say where.*attention\.0/,
    ],
    [
      'the scores',
      ({ sites }) => (sites!['attention.0']!.attention!.scores = 'gone'),
      /no value "gone".*attention\.0/,
    ],
    [
      'a Softmax',
      ({ sites }) => (sites!['attention.0']!.attention!.scores = 'mixed0'),
      /no single Softmax/,
    ],
    ['the value', ({ sites }) => (sites!['attention.0']!.values = ['gone']), /no value "gone"/],
    [
      'any value',
      ({ sites }) => delete sites!['attention.0']!.values,
      /names no value for site "attention\.0"/,
    ],
    [
      'a known strategy',
      ({ sites }) => (sites!['attention.0']!.strategies = ['extrapolate', 'extrapolate']),
      /"extrapolate" has no reference/,
    ],
    [
      'guidance',
      ({ sites }) => (sites!['attention.0']!.strategies = ['compute', 'guidance-share']),
      /how guidance is shared at site "attention\.0"/,
    ],
  ];
  test.each(without)('a schedule without %s', async (_, change, reason) => {
    const folder = await build(only);
    edit(folder, change);
    const report = await verify(folder);
    expect(report.passed).toBe(false);
    expect(report.unproved.join('\n')).toMatch(reason);
    expect(report.checks.filter((c) => c.kind === 'loop')).toEqual([]);
  });

  test('and a bundle of which nothing was checked does not pass', async () => {
    const folder = await build(only);
    edit(folder, ({ sites }) => delete sites!['attention.0']!.attention);
    expect(await verify(folder)).toMatchObject({
      passed: false,
      checks: [],
      unproved: [expect.stringMatching(/^the loop/), expect.stringMatching(/^program/)],
    });
  });
});

describe('models as exporters write them', () => {
  const CHANGES: Rows = {
    'attention.0': ['compute', 'window', 'window+guidance-share', 'reuse'],
  };

  test.each([
    'convolution.onnx',
    'einsum-heads-behind.onnx',
    'folded-baddbmm.onnx',
    'half-softmax-float.onnx',
    'heads-4d-free-tokens.onnx',
    'packed-qkv-fixed-batch.onnx',
    'rotary-pairs.onnx',
  ])('%s', async (file) => {
    const model = `samples/spellings/${file}`;
    const report = await verify(await build(CHANGES, { guidance: batch(), model }), model);
    expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
    expect(report.checks.filter((c) => c.kind === 'loop')).toHaveLength(4);
  });

  test.each(['onnx-attention-4d', 'onnx-attention-3d', 'microsoft-multi-head'])(
    'a fused operator, whose scores are no values: %s',
    async (name) => {
      const model = `samples/spellings/${name}.onnx`;
      const report = await verify(await build(CHANGES, { guidance: batch(), model }), model);
      expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
      expect(report.checks.filter((c) => c.kind === 'loop')).not.toEqual([]);
    },
  );

  test('the trained transformer, under every optimization', async () => {
    const model = 'samples/dit-digits/dit-digits.onnx';
    const column = ['compute', 'window', 'reuse', 'guidance-share', 'window+guidance-share'];
    const rows = Object.fromEntries(
      Array.from({ length: 6 }, (_, site) => [
        `attention.${site}`,
        column.map((name, call) => (call === 0 ? name : column[1 + ((call + site) % 4)]!)),
      ]),
    );
    const folder = await build(rows, { guidance: batch(), model, window: '1/8' });
    const report = await verifyBundle({ folder, model });
    expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
    expect(new Set(report.checks.map((c) => c.optimization))).toEqual(new Set(['disabled', 'all']));
    // far below what a wrong token would make
    expect(Math.max(...report.checks.map((c) => c.relative))).toBeLessThan(2e-6);
  });
});

test('a region that is replaced keeps nothing of the attention in it', async () => {
  const model = 'samples/digits/digits-unet.onnx';
  const rows = {
    deep: ['compute', 'reuse', 'compute', 'compute'],
    'attention.0': ['compute', 'compute', 'window', 'reuse'],
  };
  const compilation = await Pipeline.create({ fixedLoop: true, calls: 4, plan: planFile(rows) })
    .use(deepcache, { branch: 2, interval: 2 })
    .use(ditfastattn, { window: 2 })
    .compile(loadModel(model));
  const folder = path.join(root, 'both');
  writeBundle(compilation, folder, { sourceFile: model });
  const report = await verify(folder, model);
  expect(report.passed).toBe(true);
  expect(report.checks.filter((c) => c.kind === 'loop')).toHaveLength(4);
});

test('half precision passes within what it can tell apart', async () => {
  const model = path.join(root, 'half.onnx');
  saveModel(modelOf(tinyTransformer({ type: 'float16' })), model);
  const folder = await build(SHARED, { guidance: batch(), model });
  const report = await verify(folder, model);
  expect(report).toMatchObject({ passed: true, tolerance: 1e-2 });
  edit(folder, ({ sites }) => {
    sites!['attention.0']!.attention!.window.tokens = 1;
  });
  expect(failures(await verify(folder, model))).toContain('loop 1');
});
