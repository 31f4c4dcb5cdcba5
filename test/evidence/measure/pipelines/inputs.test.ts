/** Inputs and outputs as newer models have them: ids, scales, pooled texts, and outputs of another rank. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  type GenerateOptions,
  generate,
  openLoopModel,
} from '../../../../src/evidence/measure/index.js';
import { createSampler } from '../../../../src/runtime/samplers/index.js';
import {
  expectClose,
  fileOf,
  floats,
  loopFolder,
  noiseOf,
  plainDdim,
  wave,
} from '../../../helpers/loops.js';

const folder = loopFolder();
const [STEPS, SEED] = [4, 8];

async function run(file: string, options: Partial<GenerateOptions>) {
  const denoiser = await openLoopModel(file);
  try {
    return await generate(denoiser, {
      sampler: createSampler('ddim', { steps: STEPS }),
      seed: SEED,
      feeds: {},
      ...options,
    });
  } finally {
    await denoiser.release();
  }
}

const TIME = `slow = Mul (t, hundredth)
  sine = Sin (slow)
  cosine = Cos (slow)
  time = Sub (sine, cosine)`;

/** Tokens with ids, and a guidance scale, as FLUX.1 takes them. */
const FLUX = `
g (float[batch,tokens,4] x, float[batch] t, float[tokens,3] img_ids, float[words,3] txt_ids, float[batch] guidance)
  => (float[batch,tokens,4] eps)
<float hundredth = {0.01}, int64[2] sizes = {1, 2}, int64[2] both = {0, 1}> {
  ${TIME}
  scaled = Add (time, guidance)
  wide = Unsqueeze (scaled, sizes)
  places = ReduceMean <axes = [1], keepdims = 1> (img_ids)
  texts = ReduceMean <axes = [0, 1], keepdims = 0> (txt_ids)
  known = Add (places, texts)
  placed = Add (x, known)
  sum = Add (placed, wide)
  eps = Tanh (sum)
}`;

describe('FLUX', () => {
  const ids = wave(18, 3);
  const expected = async (session: ort.InferenceSession, scale: number) =>
    plainDdim({
      ...{ steps: STEPS, from: noiseOf(SEED, 2, 24) },
      predict: async (x, t) => {
        const feeds = { img_ids: floats(ids, 6, 3), txt_ids: floats(Array(15).fill(0), 5, 3) };
        const made = await session.run({
          ...feeds,
          ...{ x: floats(x, 2, 6, 4), t: floats([t, t], 2), guidance: floats([scale, scale], 2) },
        });
        return made.eps!.data as Float32Array;
      },
    });

  test.each<[string, Partial<GenerateOptions>]>([
    ['as numbers', { feeds: { guidance: [3.5] } }],
    ['by what it is', { parts: { embeddedGuidance: 3.5 } }],
  ])('takes its scale %s, and ids', async (_, { feeds, parts }) => {
    const { file, session } = await fileOf(folder, 'flux', FLUX);
    const found = await run(file, {
      images: 2,
      feeds: { img_ids: floats(ids, 6, 3) as never, txt_ids: [0], ...feeds },
      parts,
    });
    expect({ dims: found.dims, madeUp: found.madeUp }).toEqual({ dims: [2, 6, 4], madeUp: [] });
    expectClose(found.latent, await expected(session, 3.5));
  });

  test('whose scale could be two inputs, or is none', async () => {
    const two = FLUX.replace(
      'float[batch] guidance)',
      'float[batch] guidance, float[batch] score)',
    ).replace(
      'scaled = Add (time, guidance)',
      'more = Add (time, guidance)\n  scaled = Add (more, score)',
    );
    const { file } = await fileOf(folder, 'two', two);
    const parts = { embeddedGuidance: 3.5 };
    await expect(run(file, { images: 2, parts })).rejects.toMatchObject({
      code: 'EMBEDDED_GUIDANCE',
      details: { hint: expect.stringContaining('--feed guidance=3.5') },
    });
    const flux = await fileOf(folder, 'flux', FLUX);
    await expect(run(flux.file, { feeds: { guidance: [1] }, parts })).rejects.toMatchObject({
      code: 'EMBEDDED_GUIDANCE',
    });
  });
});

/** Pooled text and sizes, as SDXL takes them; a text of whole numbers. */
const SDXL = `
g (float[batch,2,h,w] x, float[batch] t, float[batch,2] text_embeds, float[batch,6] time_ids, int64[batch,length] ids)
  => (float[batch,2,h,w] eps)
<float hundredth = {0.01}, int64[2] sizes = {2, 3}, int64[1] one = {1}> {
  ${TIME}
  column = Unsqueeze (time, one)
  means = ReduceMean <axes = [1], keepdims = 1> (time_ids)
  words = Cast <to = 1> (ids)
  word = ReduceMean <axes = [1], keepdims = 1> (words)
  some = Add (means, word)
  more = Add (some, text_embeds)
  known = Add (more, column)
  wide = Unsqueeze (known, sizes)
  sum = Add (x, wide)
  eps = Tanh (sum)
}`;

describe('SDXL', () => {
  const sizes = [1, 1, 0, 0, 0.5, 0.5];
  const open = () => fileOf(folder, 'sdxl', SDXL);
  const text = floats(wave(4), 2, 2);
  const empty = floats(wave(4, 9), 2, 2);
  const latentShape = [2, 2, 3, 2];

  test('takes rows of numbers, for both halves of a pair', async () => {
    const { file, session } = await open();
    const numbers = { time_ids: sizes, ids: [7, 0, 5] };
    const half = async (x: Float32Array, t: number, text_embeds: ort.Tensor) => {
      const ids = new ort.Tensor('int64', BigInt64Array.of(7n, 0n, 5n, 7n, 0n, 5n), [2, 3]);
      const time_ids = floats([...sizes, ...sizes], 2, 6);
      const inputs = { x: floats(x, ...latentShape), t: floats([t, t], 2), ids };
      return (await session.run({ ...inputs, text_embeds, time_ids })).eps!.data as Float32Array;
    };
    const expected = await plainDdim({
      ...{ steps: STEPS, from: noiseOf(SEED, 2, 12) },
      predict: async (x, t) => {
        const [c, u] = [await half(x, t, text), await half(x, t, empty)];
        return c.map((value, i) => u[i]! + 2 * (value - u[i]!));
      },
    });
    for (const mode of ['batch', 'two-calls'] as const) {
      const found = await run(file, {
        ...{ latentShape, feeds: { text_embeds: text as never, ...numbers } },
        guidance: {
          ...{ scale: 2, order: 'cond-first', mode },
          unconditional: { text_embeds: empty as never },
        },
      });
      expect(found.madeUp).toEqual([]);
      expectClose(found.latent, expected);
    }
  });

  test.each([
    ['of no row', { time_ids: [1, 2, 3, 4] }, 'time_ids=0.5,0.5,0.5,0.5,0.5,0.5'],
    ['with fractions', { ids: [0.5] }, 'ids'],
    ['of more rows than images', { text_embeds: wave(6) }, 'text_embeds'],
  ])('refuses numbers %s', async (_, feeds, mention) => {
    const { file } = await open();
    await expect(run(file, { latentShape, feeds })).rejects.toMatchObject({
      code: 'FEED_NUMBERS',
      fullMessage: expect.stringContaining(mention),
    });
  });
});

describe('an output of another rank', () => {
  const model = (output: string, node: string) => `
g (float[batch,2,1,h,w] x, float[batch] t) => (${output})
<float hundredth = {0.01}, int64[4] sizes = {1, 2, 3, 4}, int64[1] first = {0}, int64[1] second = {2}, int64[1] one = {1}> {
  ${TIME}
  wide = Unsqueeze (time, sizes)
  sum = Add (x, wide)
  wave = Tanh (sum)
  ${node}
}`;

  test.each([
    ['without the batch', model('float[2,1,h,w] eps', 'eps = Squeeze (wave, first)'), 1],
    ['without the frames', model('float[batch,2,h,w] eps', 'eps = Squeeze (wave, second)'), 2],
    ['with one more', model('float[batch,1,2,1,h,w] eps', 'eps = Unsqueeze (wave, one)'), 2],
  ])('%s', async (_, text, images) => {
    const { file, session } = await fileOf(folder, 'rank', text);
    const latentShape = [images, 2, 1, 3, 4];
    const expected = await plainDdim({
      ...{ steps: STEPS, from: noiseOf(SEED, images, 24) },
      predict: async (x, t) => {
        const feeds = { x: floats(x, ...latentShape), t: floats(Array(images).fill(t), images) };
        return (await session.run(feeds)).eps!.data as Float32Array;
      },
    });
    const found = await run(file, { latentShape, roles: { latent: 'x' } });
    expect(found.dims).toEqual(latentShape);
    expectClose(found.latent, expected);
  });

  test('in which axes of more than one are others is refused', async () => {
    const text = model(
      'float[batch,2,1,w,h] eps',
      'eps = Transpose <perm = [0, 1, 2, 4, 3]> (wave)',
    );
    const { file } = await fileOf(folder, 'turned', text);
    await expect(
      run(file, { latentShape: [1, 2, 1, 3, 4], roles: { latent: 'x' } }),
    ).rejects.toMatchObject({ code: 'DENOISE_OUTPUT_SHAPE' });
  });
});

test('inputs that cannot be made up are asked for all at once, with an example', async () => {
  const text = `
g (float[batch,2] x, float[batch] t, float[batch,left] a, string[batch] b, float[batch,2] c) => (float[batch,2] eps)
<float hundredth = {0.01}, int64[1] one = {1}> {
  ${TIME}
  column = Unsqueeze (time, one)
  sums = ReduceSum <keepdims = 1> (a, one)
  some = Add (column, sums)
  more = Add (some, c)
  eps = Add (x, more)
  words = Identity (b)
}`;
  const { file } = await fileOf(folder, 'unknown', text);
  const denoiser = await openLoopModel(file);
  const ports = { ...denoiser.ports, bindings: new Map([['batch', 1]]) };
  await expect(
    generate(
      { ...denoiser, ports },
      {
        ...{ sampler: createSampler('ddim', { steps: 1 }), seed: 1, feeds: {} },
        roles: { latent: 'x', timestep: 't' },
      },
    ),
  ).rejects.toMatchObject({
    code: 'FEED_SHAPE_UNKNOWN',
    details: { hint: 'Give them: --feed a=a.npy --feed b=b.npy.' },
  });
  await denoiser.release();
});
