/**
 * The whole loop as one model gives what the loop in JavaScript gives on a bundle in another form: every sampler whose
 * step is a weighted sum, with guidance and without.
 */
import fs from 'node:fs';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { forecast } from '../../../passes/forecast/index.js';
import { inForm } from '../../../src/compiler/emit/form.js';
import { type Compilation, Pipeline } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import {
  batchNoise,
  denoise,
  type SamplerName,
  samplerFrom,
  SOLVERS,
  stepsFor,
} from '../../../src/runtime/samplers/index.js';
import { encodeLowered, EXACT, openSession } from '../../helpers/compile.js';

const CALLS = 13;
const SHAPE = [2, 1, 16, 16];
const FILE = 'samples/digits/digits-unet.onnx';
let model: Model;

beforeAll(() => {
  model = loadModel(FILE);
});

const compile = (name: SamplerName, options: object, guidance?: 'cond-first' | 'uncond-first') =>
  Pipeline.create({
    calls: CALLS,
    emit: 'loop',
    whole: { sampler: { name, options: { steps: stepsFor(name, CALLS), ...options } } },
    ...(guidance && { guidance: { order: guidance, mode: 'batch' as const } }),
  })
    .use(deepcache, { branch: 2, interval: 3 })
    .use(forecast, { interval: 2, order: 1 })
    .compile(model);

const floats = (data: Float32Array, dims: readonly number[]) => new ort.Tensor('float32', data, dims);
const labels = (values: readonly number[]) =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);

function relative(found: Float32Array, wanted: Float32Array): number {
  expect(found).toHaveLength(wanted.length);
  const size = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0) / size;
}

const noisesOf = (seed: number, count: number) => {
  const draw = batchNoise(seed, SHAPE);
  return Array.from({ length: count }, () => draw());
};

async function openLoop(compilation: Compilation) {
  const bytes = encodeLowered(inForm(compilation)).get('loop.onnx')!;
  return ort.InferenceSession.create(bytes, EXACT);
}

const names = SOLVERS.map(({ name }) => name);

describe('every sampler', () => {
  test.each(names)('%s', async (name) => {
    const compilation = await compile(name, {});
    const sampler = samplerFrom(name, compilation.whole!.sampler.options);
    const session = await openSession({ ...compilation });
    const [noise, ...others] = noisesOf(3, 1 + CALLS);
    const feeds = { class_labels: labels([4, 7]) };
    const wanted = await denoise({
      ort: ort as never,
      latentShape: SHAPE,
      sampler,
      seed: 3,
      roles: { latent: 'sample', timestep: 'timestep', output: 'out_sample' },
      timestep: { type: 'int64', shape: 'batch' },
      feeds: feeds as never,
      call: (all) => session.run(all),
    });
    await session.release();
    const loop = await openLoop(compilation);
    const stepNoise = Float32Array.from(others.flatMap((values) => [...values]));
    const { latent } = await loop.run({
      ...feeds,
      noise: floats(noise!, SHAPE),
      ...(sampler.needsNoise && { step_noise: floats(stepNoise, [CALLS, ...SHAPE]) }),
    });
    await loop.release();
    console.log(name, relative(latent!.data as Float32Array, wanted));
    expect(latent!.dims).toEqual(SHAPE);
    expect(relative(latent!.data as Float32Array, wanted)).toBeLessThan(1e-5);
  });
});
void fs;
