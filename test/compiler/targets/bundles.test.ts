/** Bundles of whole models, rewritten for a target: what they compute is proved. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { onnxruntimeCpu } from '../../../src/compiler/targets/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { verifyBundle } from '../../../src/node.js';
import { EMITS } from '../../helpers/compile.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-target-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const UNET = 'samples/digits/digits-unet.onnx';
test.each(EMITS)('DeepCache in a %s bundle is proved', async (emit) => {
  const compilation = await Pipeline.create({ calls: 4, emit, target: onnxruntimeCpu })
    .use(deepcache, { branch: 3, interval: 2 })
    .compile(loadModel(UNET));
  const folder = path.join(root, emit);
  writeBundle(compilation, folder, { sourceFile: UNET });
  const { passed, unproved } = await verifyBundle({ folder, model: UNET });
  expect({ passed, unproved }).toEqual({ passed: true, unproved: [] });
  // onnxruntime takes kernels inside a branch only from a file of one name
  const names = fs.statSync(path.join(folder, 'weights.bin')).nlink;
  if (emit === 'merged') expect(names).toBe(1);
  else expect(names).toBeGreaterThan(1);
  const report = JSON.parse(fs.readFileSync(path.join(folder, 'report.json'), 'utf8'));
  const rules = Object.values<{ rewrites: Record<string, number> }>(report.target.models);
  // the architecture's GroupNorms: two a residual block, one an attention, one before the end
  const norms = rules.map(({ rewrites }) => rewrites['channel-affine'] ?? 0);
  const models = compilation.lowered.models.size;
  expect(norms).toHaveLength(models);
  expect(Math.max(...norms)).toBeGreaterThan(20);
});
test('a transformer alone, without any pass, is proved', async () => {
  const file = 'samples/dit-digits/dit-digits.onnx';
  const compilation = await Pipeline.create({ calls: 2, target: onnxruntimeCpu }).compile(
    loadModel(file),
  );
  const folder = path.join(root, 'dit');
  writeBundle(compilation, folder, { sourceFile: file });
  expect((await verifyBundle({ folder, model: file })).passed).toBe(true);
  // six layers
  const [result] = compilation.target!.models.values();
  expect(result!.trace.map(({ rule }) => rule)).toEqual(Array(6).fill('tanh-gelu'));
});
