/**
 * The whole loop as one model gives what the loop in JavaScript gives on a bundle in another form: every sampler whose
 * step is a weighted sum, with guidance and without.
 */
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { forecast } from '../../../passes/forecast/index.js';
import { inForm } from '../../../src/compiler/emit/form.js';
import { type Compilation, Pipeline } from '../../../src/compiler/pipeline/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import {
  batchNoise,
  denoise,
  type SamplerName,
  SOLVERS,
  samplerFrom,
  stepsFor,
} from '../../../src/runtime/samplers/index.js';
import { EXACT, encodeLowered, openSession } from '../../helpers/compile.js';
import { guided, plainDdim, signalAt, timestepsOf } from '../../helpers/loops.js';
import { modelOf } from '../../helpers/text.js';

const CALLS = 13;
/** Samplers that round to float32 within a step, where the loop as one model sums once; the others agree to the last bit. */
const ROUNDS_WITHIN = new Set<string>(['unipc', 'lcm', 'heun-flow', 'lcm-flow']);
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

const floats = (data: Float32Array, dims: readonly number[]) =>
  new ort.Tensor('float32', data, dims);
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
    expect(latent!.dims).toEqual(SHAPE);
    const difference = relative(latent!.data as Float32Array, wanted);
    if (ROUNDS_WITHIN.has(name)) expect(difference).toBeLessThan(2e-6);
    else expect(difference).toBe(0);
  });
});
describe('DDIM from its equation, on the source', () => {
  const STEPS = 10;
  const every = (whole: object, guidance?: 'cond-first' | 'uncond-first') =>
    Pipeline.create({
      calls: STEPS,
      emit: 'loop',
      whole: { sampler: { name: 'ddim', options: { steps: STEPS, ...whole } } },
      ...(guidance && { guidance: { order: guidance, mode: 'batch' as const } }),
    })
      .use(deepcache, { branch: 2, interval: 1 })
      .compile(model);
  const [noise] = noisesOf(5, 1);

  async function plain(
    start = 0,
    from = [...noise!],
    unconditional?: readonly number[],
    scale = 1,
  ) {
    const source = await ort.InferenceSession.create(FILE, EXACT);
    const predict = async (x: Float32Array, t: number) => {
      const seen = async (classes: readonly number[]) => {
        const { out_sample } = await source.run({
          sample: floats(x, SHAPE),
          timestep: labels([t, t]),
          class_labels: labels(classes),
        });
        return out_sample!.data as Float32Array;
      };
      const own = await seen([4, 7]);
      return unconditional ? guided(own, await seen(unconditional), scale) : own;
    };
    const latent = await plainDdim({ steps: STEPS, start, from, predict });
    await source.release();
    return Float32Array.from(latent);
  }

  test('from noise', async () => {
    const loop = await openLoop(await every({}));
    expect(loop.inputNames).toEqual(['noise', 'class_labels']);
    expect(loop.outputNames).toEqual(['latent']);
    const { latent } = await loop.run({
      noise: floats(noise!, SHAPE),
      class_labels: labels([4, 7]),
    });
    expect(relative(latent!.data as Float32Array, await plain())).toBeLessThan(5e-6);
  });

  test.each(['cond-first', 'uncond-first'] as const)('guided, %s', async (order) => {
    const loop = await openLoop(await every({}, order));
    const { latent } = await loop.run({
      noise: floats(noise!, SHAPE),
      class_labels: labels([4, 7]),
      'unconditional.class_labels': labels([10, 10]),
      guidance_scale: new ort.Tensor('float32', [2.5], []),
    });
    const wanted = await plain(0, [...noise!], [10, 10], 2.5);
    expect(relative(latent!.data as Float32Array, wanted)).toBeLessThan(1e-5);
  });

  test('from a picture on', async () => {
    const clean = noisesOf(6, 1)[0]!.map((value) => value / 3);
    const start = 4;
    const compilation = await Pipeline.create({
      calls: STEPS - start,
      start,
      emit: 'loop',
      whole: { sampler: { name: 'ddim', options: { steps: STEPS, start } } },
    })
      .use(deepcache, { branch: 2, interval: 1 })
      .compile(model);
    const loop = await openLoop(compilation);
    const { latent } = await loop.run({
      noise: floats(noise!, SHAPE),
      init: floats(clean, SHAPE),
      class_labels: labels([4, 7]),
    });
    const signal = signalAt(timestepsOf(STEPS)[start]!);
    const from = [...clean].map(
      (value, i) => Math.sqrt(signal) * value + Math.sqrt(1 - signal) * noise![i]!,
    );
    expect(relative(latent!.data as Float32Array, await plain(start, from))).toBeLessThan(5e-6);
  });

  test('and the pictures of a decoder behind it', async () => {
    const decoder = modelOf(`
      agraph (float[images, 1, h, w] latent) => (float[images, 2, h, w] sample) {
        half = Constant <value = float {0.5}> ()
        noise = Mul (latent, half)
        sample = Concat <axis = 1> (noise, latent)
      }`);
    const mean = { scaling: 2, shift: 0.25 };
    const compilation = await every({});
    const whole = { ...compilation.whole!, decoder: { model: decoder, label: 'vae', scale: mean } };
    decoder.opsets.set('', model.opsets.get('')!);
    const loop = await openLoop({ ...compilation, whole });
    const { latent, image } = await loop.run({
      noise: floats(noise!, SHAPE),
      class_labels: labels([4, 7]),
    });
    expect(image!.dims).toEqual([2, 2, 16, 16]);
    const [x] = latent!.data as Float32Array;
    const [half] = image!.data as Float32Array;
    expect(half).toBeCloseTo(0.5 * (x! / 2 + 0.25), 6);
    expect((image!.data as Float32Array)[256]).toBeCloseTo(x! / 2 + 0.25, 6);
  });
});

describe('what it cannot hold', () => {
  const named = (text: string) => modelOf(text);
  const refused = async (options: object, source: Model = model) => {
    const compilation = await Pipeline.create({ calls: 4, emit: 'loop', ...options } as never)
      .use(forecast, { interval: 2, order: 1 })
      .compile(source);
    return () => inForm(compilation);
  };
  const sampler = (options: object, name = 'ddim') => ({ whole: { sampler: { name, options } } });

  test('no sampler', async () => {
    expect(await refused({})).toThrow(expect.objectContaining({ code: 'FORM_NEEDS_SAMPLER' }));
  });

  test('a sampler of other steps', async () => {
    expect(await refused(sampler({ steps: 5 }))).toThrow(
      expect.objectContaining({ code: 'FORM_SAMPLER_CALLS' }),
    );
  });

  test('a sampler that clamps', async () => {
    expect(await refused(sampler({ steps: 4, clip: 1 }))).toThrow(
      expect.objectContaining({ code: 'FORM_SAMPLER' }),
    );
  });

  test('guidance by two calls', async () => {
    const guidance = { order: 'cond-first', mode: 'two-calls' };
    expect(await refused({ ...sampler({ steps: 2 }), guidance })).toThrow(
      expect.objectContaining({ code: 'FORM_GUIDANCE' }),
    );
  });

  test('an input by the name of one of its own', async () => {
    const { model: copy } = cloneModel(model);
    copy.graph.rename(copy.graph.inputs.find(({ name }) => name === 'class_labels')!, 'noise');
    expect(await refused(sampler({ steps: 4 }), copy)).toThrow(
      expect.objectContaining({
        code: 'FORM_NAME_TAKEN',
        message: expect.stringContaining('"noise"'),
      }),
    );
  });

  test('a decoder of other operators', async () => {
    const decoder = named('agraph (float[n, 1, h, w] x) => (float[n, 1, h, w] y) { y = Neg (x) }');
    decoder.opsets.set('', 1);
    const compilation = await compile('ddim', {});
    const scale = { scaling: 1, shift: 0 };
    const whole = { ...compilation.whole!, decoder: { model: decoder, label: 'vae.onnx', scale } };
    expect(() => inForm({ ...compilation, whole })).toThrow(
      expect.objectContaining({
        code: 'FORM_DECODER',
        message: expect.stringContaining('version 1'),
      }),
    );
  });
});

test('a value inside by the name of one of its own gives it up', async () => {
  const { model: copy } = cloneModel(model);
  const inside = [...copy.graph.nodes].find(
    (node) => node.outputs[0] && !node.outputs[0].isGraphOutput,
  )!;
  copy.graph.rename(inside.outputs[0]!, 'noise');
  const options = { steps: 4 };
  const compilation = await Pipeline.create({
    calls: 4,
    emit: 'loop',
    whole: { sampler: { name: 'ddim', options } },
  })
    .use(forecast, { interval: 2, order: 1 })
    .compile(copy);
  const loop = await openLoop(compilation);
  const [noise] = noisesOf(1, 1);
  const { latent } = await loop.run({ noise: floats(noise!, SHAPE), class_labels: labels([1, 2]) });
  expect(latent!.dims).toEqual(SHAPE);
});
