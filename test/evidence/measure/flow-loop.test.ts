/**
 * The digits transformer that was trained by flow matching, in loops: against PyTorch's own
 * (samples/python/flow.py) and against loops written from the equations.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forecast } from '../../../passes/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import {
  type LoopDenoiser,
  openLoopBundle,
  openLoopModel,
} from '../../../src/evidence/measure/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { createSampler } from '../../../src/runtime/samplers/index.js';
import { farthest, GUIDANCE, labelsOf, NO_CLASS, trainedSample } from '../../helpers/trained.js';

const SIZE = 24;
const PIXELS = SIZE * SIZE;
const sample = trainedSample('flow-digits', SIZE);
const { floats, pictures, model: MODEL } = sample;

let source: LoopDenoiser;
beforeAll(async () => {
  source = await openLoopModel(MODEL);
});
afterAll(() => source.release());

test('one call gives what PyTorch computed', async () => {
  expect(farthest(await sample.call(source), floats('out_sample'))).toBeLessThan(1e-4);
});

describe('a loop by the folder’s scheduler', () => {
  const sigmas = floats('loop_sigmas');
  const sampler = sample.sampler('euler-flow', sigmas.length - 1);

  test('visits the noise levels of PyTorch’s', () => {
    for (const [step, timestep] of sampler.timesteps.entries())
      expect(timestep / 1000).toBeCloseTo(sigmas[step]!, 6);
  });

  test('draws the same pictures', async () => {
    const drawn = await pictures(source, sampler, floats('loop_noise'), sample.classes());
    expect(farthest(drawn, floats('loop_pictures'))).toBeLessThan(1e-3);
  });
});

/** The velocity of a guided pair, by onnxruntime alone. */
async function velocity(session: ort.InferenceSession, x: Float32Array, t: number, digit: bigint) {
  const { out_sample } = await session.run({
    sample: new ort.Tensor('float32', Float32Array.from([...x, ...x]), [2, 1, SIZE, SIZE]),
    timestep: new ort.Tensor('float32', Float32Array.of(t, t), [2]),
    class_labels: labelsOf([NO_CLASS, digit]),
  });
  const both = out_sample!.data as Float32Array;
  return x.map((_, i) => both[i]! + GUIDANCE * (both[PIXELS + i]! - both[i]!));
}

test('a loop whose velocity is forecast goes on in straight lines', async () => {
  const STEPS = 5;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-flow-'));
  const compilation = await Pipeline.create({ calls: STEPS })
    .use(forecast, { full: [0, 1, 4], order: 1 })
    .compile(loadModel(MODEL));
  writeBundle(compilation, folder, { sourceFile: MODEL, force: true });
  const bundle = await openLoopBundle(folder);
  const noise = floats('loop_noise').slice(0, PIXELS);
  const sampler = createSampler('euler-flow', { steps: STEPS });
  const found = await pictures(bundle, sampler, noise, [3n]).finally(() => bundle.release());

  const session = await ort.InferenceSession.create(MODEL);
  let x = noise;
  const kept: Float32Array[] = [];
  for (let step = 0; step < STEPS; step++) {
    // sigma from 1 down to 1 / STEPS, and the last step to 0
    const sigma = 1 - step / STEPS;
    const [first, second] = kept;
    const v =
      step === 2 || step === 3
        ? x.map((_, i) => second![i]! + (step - 1) * (second![i]! - first![i]!))
        : await velocity(session, x, 1000 * sigma, 3n);
    kept.push(v);
    x = x.map((value, i) => value - v[i]! / STEPS);
  }
  await session.release();
  fs.rmSync(folder, { recursive: true });
  expect(farthest(found, x)).toBeLessThan(1e-3);
});
