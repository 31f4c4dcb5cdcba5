/**
 * Bundles of models as tools leave them, which verify must not take for wrong: sums that lie inside fused norms, and
 * sizes by names that an exporter made up.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deepcache, deltaCache } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { fillWeights, loadModel, verifyBundle, writeBundle } from '../../../src/node.js';

let scratch: string;
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-exporters-'));
});
afterAll(() => fs.rmSync(scratch, { recursive: true }));

test.each([
  ['dit-optimizer', 'delta-cache', false],
  ['unet-quantized-dynamic', 'deepcache', true],
] as const)('%s, %s in a chain', async (name, pass, exact) => {
  const file = path.resolve(`samples/corpus/${name}.onnx`);
  // the quantized one has its weights inside
  const model = exact
    ? file
    : fillWeights({ model: file, folder: path.join(scratch, name, 'model') }).model;
  const pipeline = Pipeline.create({ calls: 4, emit: 'chain' });
  const chosen =
    pass === 'deepcache'
      ? pipeline.use(deepcache, { branch: 1, interval: 2 })
      : pipeline.use(deltaCache, { blocks: 1, interval: 2 });
  const folder = path.join(scratch, name, 'bundle');
  writeBundle(await chosen.compile(loadModel(model)), folder, { sourceFile: model });
  const report = await verifyBundle({ folder, model, levels: ['disabled'] });
  expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
  // the file's own kernels add up in another order than what is emitted; the loop is held to the bit
  const identities = report.checks.filter(({ kind }) => kind === 'identity');
  expect(identities.every((check) => check.mustBeExact)).toBe(exact);
  expect(report.checks.some(({ kind }) => kind === 'loop')).toBe(true);
});
