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
import { splitSettings } from '../../../src/cli/loop-options.js';
import { samplerSettings } from '../../../src/cli/loop-settings.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import {
  type LoopDenoiser,
  openLoopBundle,
  openLoopModel,
} from '../../../src/evidence/measure/index.js';
import { readNpy } from '../../../src/io/npy.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { findModel, readScheduler } from '../../../src/runtime/model-folder/index.js';
import {
  createSampler,
  denoise,
  type Sampler,
  samplerFrom,
  timestepFeed,
} from '../../../src/runtime/samplers/index.js';

const FOLDER = 'samples/flow-digits';
const { file: MODEL } = findModel(FOLDER);
const SIZE = 24;
const PIXELS = SIZE * SIZE;
const NO_CLASS = 10n;
const GUIDANCE = 2;

const reference = (name: string) => {
  const file = `${FOLDER}/reference/${name}.npy`;
  return readNpy(fs.readFileSync(file), file);
};
const floats = (name: string) => Float32Array.from(reference(name).data, Number);
const tensor = (name: string) => {
  const { type, data, dims } = reference(name);
  return new ort.Tensor(type, data as never, dims);
};
const labels = (values: readonly bigint[]) =>
  new ort.Tensor('int64', BigInt64Array.from(values), [values.length]);

const farthest = (found: Float32Array, wanted: Float32Array) => {
  expect(found).toHaveLength(wanted.length);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
};

let source: LoopDenoiser;
beforeAll(async () => {
  source = await openLoopModel(MODEL);
});
afterAll(() => source.release());

/** A guided loop, as `run` goes through it. */
function pictures(
  { call, ports }: Pick<LoopDenoiser, 'call' | 'ports'>,
  sampler: Sampler,
  noise: Float32Array,
  digits: readonly bigint[],
): Promise<Float32Array> {
  const none = labels(digits.map(() => NO_CLASS));
  return denoise({
    call,
    ort,
    sampler,
    noise,
    seed: 0,
    latentShape: [digits.length, 1, SIZE, SIZE],
    roles: { latent: 'sample', timestep: 'timestep', output: 'out_sample' },
    timestep: timestepFeed(ports.inputs.find(({ name }) => name === 'timestep')!),
    feeds: { class_labels: labels(digits) },
    guidance: {
      scale: GUIDANCE,
      order: 'uncond-first',
      mode: 'batch',
      unconditional: { class_labels: none },
    },
  });
}

test('one call gives what PyTorch computed', async () => {
  const feeds = Object.fromEntries(
    ['sample', 'timestep', 'class_labels'].map((name) => [name, tensor(name)]),
  );
  const { out_sample } = await source.call(feeds, { step: 0, call: 0, half: 'both' });
  expect(farthest(out_sample!.data as Float32Array, floats('out_sample'))).toBeLessThan(1e-4);
});

describe('a loop by the folder’s scheduler', () => {
  const sigmas = floats('loop_sigmas');
  const { noise, folder } = splitSettings(readScheduler(FOLDER, { sampler: 'euler-flow' }));
  const args = { bundle: '', sampler: 'euler-flow', steps: sigmas.length - 1, ...noise };
  const sampler = samplerFrom('euler-flow', samplerSettings(args as never, undefined, folder));

  test('visits the noise levels of PyTorch’s', () => {
    for (const [step, timestep] of sampler.timesteps.entries())
      expect(timestep / 1000).toBeCloseTo(sigmas[step]!, 6);
  });

  test('draws the same pictures', async () => {
    const digits = Array.from(reference('loop_labels').data, BigInt);
    const drawn = await pictures(source, sampler, floats('loop_noise'), digits);
    expect(farthest(drawn, floats('loop_pictures'))).toBeLessThan(1e-3);
  });
});

/** The velocity of a guided pair, by onnxruntime alone. */
async function velocity(session: ort.InferenceSession, x: Float32Array, t: number, digit: bigint) {
  const { out_sample } = await session.run({
    sample: new ort.Tensor('float32', Float32Array.from([...x, ...x]), [2, 1, SIZE, SIZE]),
    timestep: new ort.Tensor('float32', Float32Array.of(t, t), [2]),
    class_labels: labels([NO_CLASS, digit]),
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
