/**
 * A published architecture with random weights, from the stripped file to a measured bundle: the
 * activations stay finite and of moderate size, and the bundle computes what the model does.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { fillWeights } from '../../../src/evidence/fill/fill.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { benchBundle, verifyBundle } from '../../../src/node.js';
import { createRandom } from '../../../src/runtime/samplers/index.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-cifar-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

test('DDPM CIFAR-10 at 16x16', async () => {
  const { model, elements } = fillWeights({
    model: 'samples/architectures/ddpm-cifar10.onnx',
    folder: path.join(root, 'filled'),
  });
  // Ho et al. (arXiv 2006.11239, appendix B) give 35.7 million parameters
  expect(elements / 1e6).toBeCloseTo(35.7, 1);

  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 4 });
  const x = createRandom(1).normals(3 * 16 * 16);
  const { eps } = await session.run({
    x: new ort.Tensor('float32', x, [1, 3, 16, 16]),
    t: new ort.Tensor('int64', BigInt64Array.of(500n), [1]),
  });
  await session.release();
  const values = eps!.data as Float32Array;
  const power = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  expect(power).toBeGreaterThan(0.1);
  expect(power).toBeLessThan(10);

  const folder = path.join(root, 'bundle');
  const pipeline = Pipeline.create({ calls: 10 }).use(deepcache, { branch: 1, interval: 5 });
  writeBundle(await pipeline.compile(loadModel(model)), folder, { sourceFile: model });
  const shapes = { x: [1, 3, 16, 16] };
  const report = await verifyBundle({ folder, model, shapes, levels: ['disabled'] });
  expect(report.checks.map((c) => c.exact)).toEqual(Array(4).fill(true));
  const { programs } = await benchBundle({ folder, model, shapes, rounds: 1 });
  expect(programs).toMatchObject({ full: { calls: 2 }, shallow: { calls: 8 } });
});
