/** What `verify` says where memory does not suffice for the rows that it wants. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/ditfastattn/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { verifyBundle } from '../../../src/node.js';
import { modelOf } from '../../helpers/text.js';
import { tinyTransformer } from '../../helpers/transformers.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-verify-memory-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** Fills a tensor of rows^46 elements: one for one row, more bytes than addresses for two. */
const HUNGRY = tinyTransformer().replace(
  'eps = Tanh (h2)',
  `rows1 = Shape <start = 0, end = 1> (x)
  rows2 = Mul (rows1, rows1)
  rows4 = Mul (rows2, rows2)
  rows8 = Mul (rows4, rows4)
  rows16 = Mul (rows8, rows8)
  rows32 = Mul (rows16, rows16)
  rows40 = Mul (rows32, rows8)
  rows44 = Mul (rows40, rows4)
  rows46 = Mul (rows44, rows2)
  filled = Expand (scale, rows46)
  top = ReduceMax <keepdims = 0> (filled)
  clean = Tanh (h2)
  eps = Add (clean, top)`,
);

const bundleOf = async () => {
  const model = path.join(root, 'hungry.onnx');
  saveModel(modelOf(HUNGRY), model);
  const row = ['compute', 'reuse', 'reuse'];
  const plan = {
    format: 'stepfold.plan' as const,
    version: 1 as const,
    calls: 3,
    sites: { 'attention.0': row, 'attention.1': row },
  };
  const compilation = await Pipeline.create({ calls: 3, plan })
    .use(ditfastattn, { window: 2 })
    .compile(loadModel(model));
  const folder = path.join(root, 'bundle');
  writeBundle(compilation, folder, { sourceFile: model, force: true });
  return { folder, model };
};

test('fewer rows are run, and that is not proved', async () => {
  const report = await verifyBundle({ ...(await bundleOf()), levels: ['disabled'] });
  expect(report).toMatchObject({ passed: false, sizes: { batch: 1 }, statements: [] });
  expect(report.checks.map((check) => check.passed)).toEqual([true, true, true, true]);
  expect(report.unproved).toEqual([
    'that the 2 rows of a batch are kept apart, since memory does not suffice for 2',
  ]);
});

test('rows that were asked for are not fewer', async () => {
  const options = { ...(await bundleOf()), shapes: { x: [2, 10, 4] } };
  await expect(verifyBundle(options)).rejects.toThrow(/memory|alloc/i);
});
