/**
 * Whether `verify` finds what is wrong. Bundles are made wrong in ways that leave every file and hash
 * in order, one for each thing that a schedule can get wrong; a check that cannot fail proves nothing.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { type VerifyReport, verifyBundle } from '../../../src/node.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { modelOf } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-verify-test-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const source = path.join(root, 'tiny.onnx');
const bundle = path.join(root, 'bundle');

async function build(options = {}): Promise<void> {
  fs.rmSync(bundle, { recursive: true, force: true });
  // nobody reads what the last full call keeps, so that it has a program of its own; for one loop, since where there are
  // rules the list is held against them when it is read, and here it is changed
  const pipeline = Pipeline.create({ calls: 6, fixedLoop: true }).use(deepcache, {
    branch: 2,
    full: [0, 3, 5],
    ...options,
  });
  const compilation = await pipeline.compile(loadModel(source));
  writeBundle(compilation, bundle, { sourceFile: source });
}

beforeAll(() => saveModel(modelOf(TINY_UNET), source));
beforeEach(() => build());

const verify = (): Promise<VerifyReport> =>
  verifyBundle({
    folder: bundle,
    model: source,
    levels: ['disabled'],
    shapes: { x: [2, 2, 8, 8] },
  });

function edit(change: (schedule: Schedule) => void): void {
  const file = path.join(bundle, 'schedule.json');
  const schedule = JSON.parse(fs.readFileSync(file, 'utf8'));
  change(schedule);
  fs.writeFileSync(file, JSON.stringify(schedule));
}

const failures = ({ checks }: VerifyReport) =>
  checks.filter((c) => !c.passed).map((c) => `${c.kind} ${c.call ?? c.program}`);

test('a bundle as it was made passes, bit for bit', async () => {
  const report = await verify();
  expect(report.checks.map((c) => c.call ?? c.program)).toEqual([
    'full',
    'shallow',
    'full-stateless',
    // calls 2 and 4 are computed as call 1 is, and call 3 as call 0 is
    0,
    1,
    5,
  ]);
  expect(report.checks.every((c) => c.exact && c.mustBeExact)).toBe(true);
  expect(report).toMatchObject({
    passed: true,
    statements: [],
    unproved: [],
    notes: [],
    loop: { calls: 6, combinations: 3, loops: 1 },
    sizes: { batch: 2 },
  });
});

describe('a bundle is found out that', () => {
  test('computes where it should reuse: the identity holds, the loop does not', async () => {
    edit(({ programs }) => {
      programs.shallow = { runs: programs['full-stateless']!.runs };
    });
    expect(failures(await verify())).toEqual(['loop 1']);
  });

  test('does not refresh its state', async () => {
    edit(({ calls }) => {
      calls[3] = 'full-stateless';
    });
    expect(failures(await verify())).toEqual(['loop 4']);
  });

  test('refreshes its state too early', async () => {
    edit(({ calls }) => {
      calls[1] = 'full';
    });
    expect(failures(await verify())).toEqual(['loop 1', 'loop 2']);
  });

  test('reads zeros where it should reuse', async () => {
    const { strategies } = JSON.parse(fs.readFileSync(path.join(bundle, 'schedule.json'), 'utf8'))
      .sites.deep;
    await build({ strategy: 'zero' });
    edit(({ sites }) => {
      sites!.deep!.strategies = strategies;
    });
    expect(failures(await verify())).toEqual(['identity shallow', 'loop 1']);
  });

  test('has other weights', async () => {
    fs.rmSync(bundle, { recursive: true, force: true });
    const changed = path.join(root, 'changed.onnx');
    saveModel(modelOf(TINY_UNET.replace('wm = {2,', 'wm = {3,')), changed);
    const compilation = await Pipeline.create({ calls: 6 })
      .use(deepcache, { branch: 2, full: [0, 3, 5] })
      .compile(loadModel(changed));
    const { sha256 } = writeBundle(compilation, bundle, { sourceFile: source }).source;
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(failures(await verify())).toHaveLength(6);
  });
});

test('zeros in place of the state are checked against zeros', async () => {
  await build({ strategy: 'zero' });
  const report = await verify();
  expect(report.passed).toBe(true);
  expect(report.checks.filter((c) => c.kind === 'loop').map((c) => c.call)).toEqual([0, 1]);
  expect(report.unproved).toEqual([]);
  expect(report.notes).toEqual([expect.stringContaining('"shallow"')]);
});

test('leaves nothing beside the bundle', async () => {
  const before = fs.readdirSync(root);
  await verify();
  expect(fs.readdirSync(root)).toEqual(before);
});
