import * as ort from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { decodeFloat16, encodeFloat16 } from '../../../src/io/float16.js';
import {
  batchNoise,
  createSampler,
  type DenoiseOptions,
  denoise,
  type Guidance,
} from '../../../src/runtime/samplers/index.js';
import { runSampler } from './run-sampler.js';

const { Tensor } = ort;
type Feeds = ort.InferenceSession.FeedsType;

const roles = { latent: 'x', timestep: 't', output: 'eps' };
const latentShape = [2, 3, 2, 2];
const perImage = 12;

const floats = (tensor: Feeds[string]) => (tensor as ort.Tensor).data as Float32Array;

/** Per image of the batch: 0.5 sin(x) + t / 2000 + label / 10. */
function predictions(feeds: Feeds): Float32Array {
  const x = floats(feeds.x!);
  const [batch] = feeds.x!.dims as [number];
  const t = (feeds.t as ort.Tensor).data as Float32Array;
  const labels = feeds.y && ((feeds.y as ort.Tensor).data as BigInt64Array);
  return x.map((value, i) => {
    const image = Math.floor(i / (x.length / batch));
    const label = labels ? Number(labels[image]) : 0;
    return 0.5 * Math.sin(value) + Number(t[t.length === 1 ? 0 : image]) / 2000 + label / 10;
  });
}

const labels = (...values: number[]) =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);

function options(more: Partial<DenoiseOptions> = {}): DenoiseOptions {
  return {
    call: async (feeds) => ({ eps: new Tensor('float32', predictions(feeds), feeds.x!.dims) }),
    ort,
    sampler: createSampler('ddim', { steps: 5 }),
    latentShape,
    seed: 7,
    roles,
    timestep: { type: 'int64', shape: 'batch' },
    ...more,
  };
}

/** What u + s (c - u) gives, without the loop under test. */
function expected(name: 'ddim' | 'euler' | 'dpm++2m', combined: (label: number) => number) {
  return runSampler(
    createSampler(name, { steps: 5 }),
    (latent, t) =>
      latent.map(
        (value, i) =>
          0.5 * Math.sin(value) + t / 2000 + combined(Math.floor(i / perImage) + 1) / 10,
      ),
    batchNoise(7, latentShape)(),
  );
}

function expectClose(found: Float32Array, wanted: Float32Array) {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(wanted[i]!)));
  });
}

describe('denoise', () => {
  it.each(['ddim', 'euler', 'dpm++2m'] as const)(
    'walks %s to the end, one call per step',
    async (name) => {
      const steps: number[] = [];
      const heard: number[] = [];
      const sampler = createSampler(name, { steps: 5 });
      const { call } = options();
      const found = await denoise(
        options({
          sampler,
          feeds: { y: labels(1, 2) },
          call: (feeds, context) => {
            expect(context.half).toBe('both');
            steps.push(context.step);
            return call(feeds, context);
          },
          onStep: ({ timestep, latent, prediction }) => {
            heard.push(timestep);
            expect(latent).toHaveLength(24);
            expect(prediction).toHaveLength(24);
          },
        }),
      );
      expectClose(
        found,
        expected(name, (label) => label),
      );
      expect(steps).toEqual([0, 1, 2, 3, 4]);
      expect(heard).toEqual(sampler.timesteps);
    },
  );

  it.each([
    ['int64', 'batch', [2], 'bigint'],
    ['int64', 'scalar', [], 'bigint'],
    ['int32', 'one', [1], 'number'],
    ['float32', 'batch', [2], 'number'],
    ['float64', 'scalar', [], 'number'],
  ] as const)('feeds the timestep as %s, %s', async (type, shape, dims, kind) => {
    const told: number[] = [];
    const { call } = options();
    await denoise(
      options({
        timestep: { type, shape },
        call: (feeds, context) => {
          const t = feeds.t as ort.Tensor;
          expect(t.type).toBe(type);
          expect(t.dims).toEqual(dims);
          expect(typeof t.data[0]).toBe(kind);
          told.push(Number(t.data[0]));
          return call(feeds, context);
        },
      }),
    );
    expect(told).toEqual([800, 600, 400, 200, 0]);
  });

  it('gives an image the same result in a batch of any size, fresh noise included', async () => {
    const sampler = createSampler('ddim', { steps: 5, eta: 1 });
    const both = await denoise(options({ sampler }));
    const one = await denoise(options({ sampler, latentShape: [1, 3, 2, 2] }));
    expect(both.subarray(0, perImage)).toEqual(one);
    expect(await denoise(options({ sampler, seed: 8 }))).not.toEqual(both);
  });

  it('starts from given noise', async () => {
    const noise = batchNoise(7, latentShape)();
    expect(await denoise(options({ noise, seed: 1 }))).toEqual(await denoise(options()));
    await expect(denoise(options({ noise: noise.subarray(1) }))).rejects.toMatchObject({
      code: 'SAMPLER_LATENT_LENGTH',
    });
  });

  it('takes float16 in and out', async () => {
    const found = await denoise(
      options({
        latentType: 'float16',
        call: async (feeds) => {
          const x = feeds.x as ort.Tensor;
          expect(x.type).toBe('float16');
          const { buffer, byteOffset, length } = x.data as Uint16Array;
          const values = decodeFloat16(new Uint16Array(buffer as ArrayBuffer, byteOffset, length));
          const wide = { ...feeds, x: new Tensor('float32', values, x.dims) };
          return { eps: new Tensor('float16', encodeFloat16(predictions(wide)), x.dims) };
        },
      }),
    );
    const wide = await denoise(options());
    // binary16 keeps 11 bits; the division by alpha (1/12 at the noisiest of 5 steps) amplifies.
    found.forEach((value, i) => {
      expect(Math.abs(value - wide[i]!)).toBeLessThan(0.05 * Math.max(1, Math.abs(wide[i]!)));
    });
    expect(found).not.toEqual(wide);
  });

  it('leaves out a learned variance', async () => {
    const found = await denoise(
      options({
        call: async (feeds) => {
          const values = predictions(feeds);
          const withVariance = new Float32Array(48).fill(99);
          withVariance.set(values.subarray(0, perImage), 0);
          withVariance.set(values.subarray(perImage), 24);
          return { eps: new Tensor('float32', withVariance, [2, 6, 2, 2]) };
        },
      }),
    );
    expect(found).toEqual(await denoise(options()));
  });

  it.each([
    [{ eps: new Tensor('float32', new Float32Array(12), [1, 3, 2, 2]) }, 'DENOISE_OUTPUT_SHAPE'],
    [{ out: new Tensor('float32', new Float32Array(24), latentShape) }, 'DENOISE_OUTPUT_MISSING'],
    [{ eps: new Tensor('int32', new Int32Array(24), latentShape) }, 'DENOISE_OUTPUT_TYPE'],
  ])('refuses other outputs: %#', async (outputs, code) => {
    await expect(denoise(options({ call: async () => outputs }))).rejects.toMatchObject({ code });
  });

  it.each(['x', 't'])('refuses a feed for "%s", which the sampler provides', async (input) => {
    await expect(denoise(options({ feeds: { [input]: labels(1) } }))).rejects.toMatchObject({
      code: 'DENOISE_ROLE_FED',
    });
  });
});

describe('guidance', () => {
  const NULL_LABEL = 0;
  const guidance = (more: Partial<Guidance>): Guidance => ({
    scale: 3,
    order: 'uncond-first',
    mode: 'batch',
    unconditional: { y: labels(NULL_LABEL, NULL_LABEL) },
    ...more,
  });
  const feeds = { y: labels(1, 2) };
  // The denoiser is linear in the label, so the guided one sees null + s (label - null).
  const guided = (scale: number) =>
    expected('ddim', (label) => NULL_LABEL + scale * (label - NULL_LABEL));

  it.each(['cond-first', 'uncond-first'] as const)('in one batch, %s', async (order) => {
    const { call } = options();
    const seen: unknown[] = [];
    const found = await denoise(
      options({
        feeds,
        guidance: guidance({ order }),
        call: (fed, context) => {
          const x = floats(fed.x!);
          expect(fed.x!.dims).toEqual([4, 3, 2, 2]);
          expect(fed.t!.dims).toEqual([4]);
          expect(x.subarray(0, 24)).toEqual(x.subarray(24));
          seen.push([...((fed.y as ort.Tensor).data as BigInt64Array)].map(Number));
          return call(fed, context);
        },
      }),
    );
    expectClose(found, guided(3));
    const inBatch = order === 'cond-first' ? [1, 2, 0, 0] : [0, 0, 1, 2];
    expect(seen).toEqual(Array(5).fill(inBatch));
  });

  it.each(['cond-first', 'uncond-first'] as const)('in two calls, %s', async (order) => {
    const { call } = options();
    const halves: string[] = [];
    const found = await denoise(
      options({
        feeds,
        guidance: guidance({ order, mode: 'two-calls' }),
        call: (fed, context) => {
          expect(fed.x!.dims).toEqual(latentShape);
          const first = Number(((fed.y as ort.Tensor).data as BigInt64Array)[0]);
          expect(context.half).toBe(first === NULL_LABEL ? 'unconditional' : 'conditional');
          halves.push(context.half);
          return call(fed, context);
        },
      }),
    );
    expectClose(found, guided(3));
    expect(halves).toHaveLength(10);
    expect(halves[0]).toBe(order === 'cond-first' ? 'conditional' : 'unconditional');
  });

  it('with scale 1 is the conditional prediction', async () => {
    expectClose(
      await denoise(options({ feeds, guidance: guidance({ scale: 1 }) })),
      await denoise(options({ feeds })),
    );
  });

  it('joins a learned variance per half', async () => {
    const found = await denoise(
      options({
        feeds,
        guidance: guidance({}),
        call: async (fed) => {
          const values = predictions(fed);
          const withVariance = new Float32Array(96).fill(99);
          for (let image = 0; image < 4; image++) {
            withVariance.set(values.subarray(image * perImage, (image + 1) * perImage), image * 24);
          }
          return { eps: new Tensor('float32', withVariance, [4, 6, 2, 2]) };
        },
      }),
    );
    expectClose(found, guided(3));
  });

  it.each([
    [{ order: 'either' as 'cond-first' }, 'SAMPLER_UNKNOWN_CHOICE'],
    [{ mode: 'both' as 'batch' }, 'SAMPLER_UNKNOWN_CHOICE'],
    [{ unconditional: { z: labels(0, 0) } }, 'GUIDANCE_FEED_MISSING'],
    [{ unconditional: { y: new Tensor('int32', [0, 0], [2]) } }, 'GUIDANCE_FEED_MISMATCH'],
    [{ unconditional: { y: new Tensor('int64', [0n, 0n], [2, 1]) } }, 'GUIDANCE_FEED_MISMATCH'],
  ])('refuses %#', async (more, code) => {
    await expect(denoise(options({ feeds, guidance: guidance(more) }))).rejects.toMatchObject({
      code,
    });
  });
});
