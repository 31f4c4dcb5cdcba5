/**
 * A fused operator that is all of an attention module, nothing behind it: what a band gives is what a later
 * call reuses. (Its output is the product with v, so two parts of one site speak of one value.)
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { saveModel } from '../../../src/model/onnx/files.js';
import { verifyBundle } from '../../../src/node.js';
import { modelOf } from '../../helpers/text.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-fused-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const matrix = (n: number) =>
  Array.from({ length: 16 }, (_, i) => Math.round(1e3 * Math.sin(7 * n + i * i + 1)) / 2e3);
const weights = ['q', 'k', 'v', 'o']
  .map((name, n) => `float[4,4] w${name} = {${matrix(n).join(', ')}}`)
  .join(', ');

test('is verified whatever comes after its window', async () => {
  const file = path.join(folder, 'model.onnx');
  const model = modelOf(`g (float[batch,10,4] x, float[batch] t) => (float[batch,10,4] y)
    <${weights}, int64[2] axes = {1, 2}> {
    time = Unsqueeze (t, axes)
    h = Add (x, time)
    q = MatMul (h, wq)
    k = MatMul (h, wk)
    v = MatMul (h, wv)
    mixed = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)
    kept = Identity (mixed)
    first = Tanh (kept)
    second = Relu (mixed)
    both = Add (first, second)
    out = MatMul (both, wo)
    y = Add (h, out)
  }`);
  model.opsets.set('com.microsoft', 1);
  saveModel(model, file);
  const column = ['compute', 'window', 'reuse', 'window', 'reuse'];
  const sites = { 'attention.0': column };
  const plan = { format: 'stepfold.plan', version: 1, calls: 5, sites } as const;
  const pipeline = Pipeline.create({ calls: 5, plan }).use(ditfastattn, { window: 2 });
  const bundle = path.join(folder, 'bundle');
  writeBundle(await pipeline.compile(model), bundle, { sourceFile: file });
  const report = await verifyBundle({ folder: bundle, model: file });
  expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
  expect(report.checks.filter(({ kind, of }) => kind === 'loop' && !of)).toHaveLength(3);
});
