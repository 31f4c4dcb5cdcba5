/** Text to image with guidance, against loops that are written out and call onnxruntime. */
import type * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
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
  guided,
  loopFolder,
  noiseOf,
  outputOf,
  plainDdim,
  textModel,
  wave,
} from '../../../helpers/loops.js';

const folder = loopFolder();

const STEPS = 5;
const SEED = 4;
const SCALE = 3;
const sampler = createSampler('ddim', { steps: STEPS });

let model: Awaited<ReturnType<typeof fileOf>>;
beforeAll(async () => {
  model = await fileOf(folder, 'text', textModel());
});

async function run(options: Partial<GenerateOptions>, file = model.file) {
  const denoiser = await openLoopModel(file);
  try {
    return await generate(denoiser, { sampler, seed: SEED, feeds: {}, ...options });
  } finally {
    await denoiser.release();
  }
}

/** One image at a time, one half at a time. */
async function half(x: Float32Array, t: number, c: ort.Tensor, session = model.session) {
  const images = c.dims[0]!;
  const shape = [images, 2, 3, 3];
  return outputOf(session, { x: floats(x, ...shape), t: floats(Array(images).fill(t), images), c });
}

const latentShape = [2, 2, 3, 3];
const prompt = floats(wave(2 * 5 * 2), 2, 5, 2);
const negative = floats(wave(2 * 9 * 2, 50), 2, 9, 2);
const guidance = (mode: 'batch' | 'two-calls', c: ort.Tensor | readonly number[]) =>
  ({ scale: SCALE, order: 'uncond-first', mode, unconditional: { c } }) as NonNullable<
    GenerateOptions['guidance']
  >;

describe('a prompt of 5 tokens', () => {
  test('and a negative one of 9, in two calls', async () => {
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, 2, 18),
      predict: async (x, t) => guided(await half(x, t, prompt), await half(x, t, negative), SCALE),
    });
    const found = await run({
      latentShape,
      feeds: { c: prompt as never },
      guidance: guidance('two-calls', negative),
    });
    expectClose(found.latent, expected);
  });

  test('for every image, where it is given once; and a row of numbers for the other half', async () => {
    const one = floats(wave(10), 1, 5, 2);
    const twice = floats([...wave(10), ...wave(10)], 2, 5, 2);
    const zeros = floats(Array(20).fill(0), 2, 5, 2);
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, 2, 18),
      predict: async (x, t) => guided(await half(x, t, twice), await half(x, t, zeros), SCALE),
    });
    for (const images of [{ images: 2, latentShape }, { latentShape }]) {
      const found = await run({
        ...images,
        feeds: { c: one as never },
        guidance: guidance('batch', [0]),
      });
      expectClose(found.latent, expected);
    }
  });
});

describe('guidance in a part of the loop', () => {
  const empty = floats(wave(2 * 5 * 2, 9), 2, 5, 2);

  test.each([
    ['batch', [0.2, 0.7]],
    ['two-calls', [0.2, 0.7]],
    ['batch', [0, 0.6]],
    ['two-calls', [0.6, 1]],
  ] as const)('%s, %j', async (mode, interval) => {
    // of five steps
    const [first, end] = [Math.floor(interval[0] * 5), Math.floor(interval[1] * 5)];
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, 2, 18),
      predict: async (x, t, step) => {
        const conditional = await half(x, t, prompt);
        if (step < first || step >= end) return conditional;
        return guided(conditional, await half(x, t, empty), SCALE);
      },
    });
    const denoiser = await openLoopModel(model.file);
    const rows: number[] = [];
    const counted: typeof denoiser = {
      ...denoiser,
      call: (feeds, context) => {
        rows.push((feeds.x as ort.Tensor).dims[0]!);
        return denoiser.call(feeds, context);
      },
    };
    const found = await generate(counted, {
      ...{ sampler, seed: SEED, latentShape, feeds: { c: prompt as never } },
      guidance: { ...guidance(mode, empty), interval },
    });
    await denoiser.release();
    expectClose(found.latent, expected);
    // what is outside takes half of the work
    expect(rows.reduce((sum, count) => sum + count)).toBe(2 * (STEPS + end - first));
  });

  test('an input that holds both halves gives its rows of the conditional one', async () => {
    const both = floats([...empty.data, ...prompt.data] as number[], 4, 5, 2);
    const interval = [0, 0.4] as const;
    const apart = await run({
      ...{ latentShape, feeds: { c: prompt as never } },
      guidance: { ...guidance('batch', empty), interval },
    });
    const together = await run({
      ...{ latentShape, feeds: { c: both as never } },
      guidance: { scale: SCALE, order: 'uncond-first', mode: 'batch', unconditional: {}, interval },
    });
    expect(together.latent).toEqual(apart.latent);
  });

  test.each([
    [0.5, 0.5],
    [0.8, 0.1],
    [-0.1, 0.5],
    [0, 1.5],
    [Number.NaN, 1],
  ])('no part: %d to %d', async (from, to) => {
    await expect(
      run({
        ...{ latentShape, feeds: { c: prompt as never } },
        guidance: { ...guidance('batch', empty), interval: [from, to] },
      }),
    ).rejects.toMatchObject({ code: 'GUIDANCE_INTERVAL' });
  });

  test('a model of fixed batch is given both halves all the same', async () => {
    const fixed = await fileOf(folder, 'fixed', textModel(2));
    const one = floats(wave(10), 1, 5, 2);
    const other = floats(wave(10, 9), 1, 5, 2);
    const interval = [0, 0.4] as const;
    const options = (mode: 'batch') => ({
      ...{ latentShape: [1, 2, 3, 3], feeds: { c: one as never } },
      guidance: { ...guidance(mode, other), interval },
    });
    const expected = await run(options('batch'));
    expect((await run(options('batch'), fixed.file)).latent).toEqual(expected.latent);
  });
});

test('guidance rescaled: each image between its own deviation and the conditional one', async () => {
  const empty = floats(wave(2 * 5 * 2, 9), 2, 5, 2);
  const deviation = (values: readonly number[]) => {
    const mean = values.reduce((a, b) => a + b) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt(squares / (values.length - 1));
  };
  const expected = await plainDdim({
    steps: STEPS,
    from: noiseOf(SEED, 2, 18),
    predict: async (x, t) => {
      const conditional = [...(await half(x, t, prompt))];
      const cfg = guided(conditional, await half(x, t, empty), SCALE);
      return [0, 18].flatMap((at) => {
        const own = cfg.slice(at, at + 18);
        const factor = deviation(conditional.slice(at, at + 18)) / deviation(own);
        return own.map((value) => 0.7 * value * factor + 0.3 * value);
      });
    },
  });
  const found = await run({
    ...{ latentShape, feeds: { c: prompt as never } },
    guidance: { ...guidance('batch', empty), rescale: 0.7 },
  });
  expectClose(found.latent, expected);
});

describe('a fixed batch of two', () => {
  test.each([1, 2, 3, 5])('makes %d images one batch after another', async (images) => {
    const fixed = await fileOf(folder, 'two', textModel(2));
    const c = floats(wave(images * 10), images, 5, 2);
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, images, 18),
      predict: (x, t) => half(x, t, c),
    });
    const found = await run(
      { latentShape: [images, 2, 3, 3], feeds: { c: c as never } },
      fixed.file,
    );
    expect(found.dims).toEqual([images, 2, 3, 3]);
    expectClose(found.latent, expected);
  });

  test('as a guidance pair makes three, and as many conditions are made up', async () => {
    const fixed = await fileOf(folder, 'pair', textModel(2));
    const options = {
      images: 3,
      latentShape: [3, 2, 3, 3],
      guidance: { scale: SCALE, order: 'cond-first', mode: 'batch', unconditional: {} },
    } as const;
    const found = await run({ ...options, feeds: {} }, fixed.file);
    // as a model of any batch makes them at once
    expect(found.latent).toEqual((await run({ ...options, feeds: {} })).latent);
    expect(found.madeUp).toEqual(['c']);
  });
});
