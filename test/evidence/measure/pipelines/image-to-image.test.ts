/** Loops that start in their middle from a picture, or keep a part of one, against loops that are written out. */
import type * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type GenerateOptions,
  generate,
  type LoopDenoiser,
  openLoopModel,
} from '../../../../src/evidence/measure/index.js';
import { createSampler } from '../../../../src/runtime/samplers/index.js';
import {
  expectClose,
  fileOf,
  floats,
  guided,
  inpaintingModel,
  loopFolder,
  noiseOf,
  outputOf,
  plainDdim,
  signalAt,
  textModel,
  timestepsOf,
  wave,
} from '../../../helpers/loops.js';

const folder = loopFolder();
const [STEPS, START, SEED, SCALE] = [10, 4, 6, 2.5];
const noise = noiseOf(SEED, 2, 16);
const clean = wave(32, 7);
const prompt = floats(wave(2 * 5 * 2), 2, 5, 2);
const negative = floats(wave(2 * 9 * 2, 50), 2, 9, 2);

let model: Awaited<ReturnType<typeof fileOf>>;
let denoiser: LoopDenoiser;
beforeAll(async () => {
  model = await fileOf(folder, 'text', textModel());
  denoiser = await openLoopModel(model.file);
});

const half = (x: Float32Array, t: number, c: ort.Tensor, session = model.session) =>
  outputOf(session, { x: floats(x, c.dims[0]!, 2, 2, 4), t: floats([t, t], 2), c });

const predict = async (x: Float32Array, t: number) =>
  guided(await half(x, t, prompt), await half(x, t, negative), SCALE);

/** A picture with as much noise as a share of the signal leaves. */
const covered = (picture: readonly number[], signal: number) =>
  picture.map((value, i) => Math.sqrt(signal) * value + Math.sqrt(1 - signal) * noise[i]!);

const signalOfStep = (step: number) => (step < STEPS ? signalAt(timestepsOf(STEPS)[step]!) : 1);

const options = (start: number, parts: GenerateOptions['parts']): GenerateOptions => ({
  sampler: createSampler('ddim', { steps: STEPS, start }),
  seed: SEED,
  feeds: { c: prompt as never },
  guidance: {
    scale: SCALE,
    order: 'cond-first',
    mode: 'two-calls',
    unconditional: { c: negative as never },
  },
  parts,
});
const tensor = (values: readonly number[], ...dims: number[]) => floats(values, ...dims) as never;

describe('a loop that starts from a picture', () => {
  const expected = () =>
    plainDdim({ steps: STEPS, start: START, from: covered(clean, signalOfStep(START)), predict });

  test('makes the steps that are left', async () => {
    const steps: number[] = [];
    const found = await generate(denoiser, {
      ...options(START, { init: tensor(clean, 2, 2, 2, 4) }),
      onStep: (done) => steps.push(done),
    });
    expect(found.dims).toEqual([2, 2, 2, 4]);
    expect(steps).toEqual([1, 2, 3, 4, 5, 6]);
    expectClose(found.latent, await expected());
  });

  test('starts all images from one, with noise of their own', async () => {
    const one = clean.slice(0, 16);
    const found = await generate(denoiser, options(START, { init: tensor(one, 1, 2, 2, 4) }));
    const from = covered([...one, ...one], signalOfStep(START));
    expectClose(found.latent, await plainDdim({ steps: STEPS, start: START, from, predict }));
  });

  test('counts guidance by the whole loop', async () => {
    const given = options(START, { init: tensor(clean, 2, 2, 2, 4) });
    const found = await generate(denoiser, {
      ...given,
      guidance: { ...given.guidance!, interval: [0, 0.7] },
    });
    const wanted = await plainDdim({
      ...{ steps: STEPS, start: START, from: covered(clean, signalOfStep(START)) },
      predict: async (x, t, step) => (step < 7 ? predict(x, t) : half(x, t, prompt)),
    });
    expectClose(found.latent, wanted);
  });

  test('runs one batch after another where it is fixed', async () => {
    const fixed = await fileOf(folder, 'one', textModel(1));
    const single = await openLoopModel(fixed.file);
    const found = await generate(single, options(START, { init: tensor(clean, 2, 2, 2, 4) }));
    await single.release();
    expectClose(found.latent, await expected());
  });
});

describe('a loop that keeps a part of a picture', () => {
  const mask = [1, 0, 0.5, 1, 0, 1, 1, 0];
  const expected = (start: number, on: number[], from: readonly number[]) =>
    plainDdim({
      ...{ steps: STEPS, start, from, predict },
      behind: (x, signal) => {
        const known = covered(clean, signal);
        return x.map((value, i) => on[i]! * value + (1 - on[i]!) * known[i]!);
      },
    });
  const everywhere = [...mask, ...mask, ...mask, ...mask];

  test.each([
    [[1, 1, 2, 4], mask],
    [[2, 4], mask],
    [[1, 2, 4], mask],
  ])('by a mask of %j, from noise', async (dims, values) => {
    const parts = { init: tensor(clean, 2, 2, 2, 4), mask: tensor(values, ...dims) };
    const found = await generate(denoiser, options(0, parts));
    expectClose(found.latent, await expected(0, everywhere, noise));
  });

  test('by a mask for each image, finer than the latents, from the middle on', async () => {
    // of each block of 2 by 3 the first counts
    const other = mask.map((value) => 1 - value);
    const finer = [mask, other].flatMap((one) =>
      Array.from({ length: 4 * 12 }, (_, i) => {
        const [row, column] = [Math.floor(i / 12), i % 12];
        const isFirst = row % 2 === 0 && column % 3 === 0;
        return isFirst ? one[Math.floor(row / 2) * 4 + Math.floor(column / 3)]! : 0.25;
      }),
    );
    const parts = { init: tensor(clean, 2, 2, 2, 4), mask: tensor(finer, 2, 1, 4, 12) };
    const found = await generate(denoiser, options(START, parts));
    const on = [...mask, ...mask, ...other, ...other];
    const from = covered(clean, signalOfStep(START));
    expectClose(found.latent, await expected(START, on, from));
  });

  test('ends with what is known where the mask is 0', async () => {
    const parts = { init: tensor(clean, 2, 2, 2, 4), mask: tensor(Array(8).fill(0), 2, 4) };
    const found = await generate(denoiser, options(START, parts));
    expectClose(found.latent, clean);
  });

  test('with a model for inpainting, which takes mask and masked latents beside', async () => {
    const inpainting = await fileOf(folder, 'inpainting', inpaintingModel());
    const own = await openLoopModel(inpainting.file);
    const beside = floats(wave(2 * 3 * 8, 3), 2, 3, 2, 4);
    const found = await generate(own, {
      ...options(0, undefined),
      feeds: { c: prompt as never, x: beside as never },
    });
    await own.release();
    const nine = async (x: Float32Array, t: number, c: ort.Tensor) => {
      const rows = [0, 1].flatMap((i) => [
        ...x.slice(i * 16, (i + 1) * 16),
        ...(beside.data as Float32Array).slice(i * 24, (i + 1) * 24),
      ]);
      return outputOf(inpainting.session, { x: floats(rows, 2, 5, 2, 4), t: floats([t, t], 2), c });
    };
    const wanted = await plainDdim({
      ...{ steps: STEPS, from: noise },
      predict: async (x, t) => guided(await nine(x, t, prompt), await nine(x, t, negative), SCALE),
    });
    expectClose(found.latent, wanted);
  });
});

describe('is refused:', () => {
  const init = tensor(clean, 2, 2, 2, 4);
  test.each<[what: string, start: number, parts: GenerateOptions['parts'], code: string]>([
    ['a start without a picture', 4, {}, 'INIT_MISSING'],
    ['a mask without a picture', 0, { mask: tensor([1], 1) }, 'INIT_MISSING'],
    ['a picture of other channels', 4, { init: tensor(clean, 1, 4, 2, 4) }, 'INIT_SHAPE'],
    ['a picture of another rank', 4, { init: tensor(clean, 2, 2, 8) }, 'INIT_SHAPE'],
    ['pictures of another number', 4, { init: tensor(wave(48), 3, 2, 2, 4) }, 'INIT_SHAPE'],
    [
      'a picture that is not finite',
      4,
      { init: tensor([Number.NaN, ...clean.slice(1)], 2, 2, 2, 4) },
      'DENOISE_NOT_FINITE',
    ],
    ['a mask of another size', 4, { init, mask: tensor(wave(9), 3, 3) }, 'MASK_SHAPE'],
    ['a coarser mask', 4, { init, mask: tensor([0, 1], 1, 2) }, 'MASK_SHAPE'],
    ['a mask of more axes', 4, { init, mask: tensor([1], 1, 1, 1, 1, 1) }, 'MASK_SHAPE'],
    [
      'a mask of levels',
      4,
      { init, mask: tensor([255, 0, 0, 0, 0, 0, 0, 0], 2, 4) },
      'MASK_VALUES',
    ],
  ])('%s', async (_, start, parts, code) => {
    await expect(generate(denoiser, options(start, parts))).rejects.toMatchObject({ code });
  });

  test('a picture of another size than the shape that is asked for', async () => {
    const given = { ...options(4, { init }), latentShape: [2, 2, 4, 4] };
    await expect(generate(denoiser, given)).rejects.toMatchObject({ code: 'INIT_SHAPE' });
  });

  test('a bundle that is made for calls from the first on', async () => {
    const bundle = { ...denoiser, calls: 12, label: 'the bundle "b"' };
    const given = { ...options(4, { init }), guidance: undefined };
    await expect(generate(bundle, given)).rejects.toMatchObject({ code: 'RUN_START' });
  });
});
