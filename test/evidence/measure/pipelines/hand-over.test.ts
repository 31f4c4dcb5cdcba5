/** A second denoiser that takes over, against a loop that is written out: another model, other inputs, other guidance. */
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
const [STEPS, SEED] = [8, 5];
const noise = noiseOf(SEED, 2, 18);
const prompt = floats(wave(2 * 5 * 2), 2, 5, 2);
const negative = floats(wave(2 * 5 * 2, 50), 2, 5, 2);

/** A refiner: other weights, a text of another width, a number of its own, half precision outside. */
const REFINER = `
g (float16[batch,2,height,width] sample, int64 timestep, float[batch,tokens,1] c, float[batch,3] time_ids)
  => (float16[batch,2,height,width] eps)
<int64[2] sizes = {2, 3}, int64[1] one = {1}, float thousandth = {0.001}, int64[1] last = {1}> {
  x = Cast <to = 1> (sample)
  time = Cast <to = 1> (timestep)
  slow = Mul (time, thousandth)
  sine = Sin (slow)
  cosine = Cos (slow)
  wave = Sub (sine, cosine)
  mean = ReduceMean <axes = [1], keepdims = 0> (c)
  ids = ReduceMean <axes = [1], keepdims = 1> (time_ids)
  known = Add (mean, ids)
  shifted = Add (known, wave)
  wide = Unsqueeze (shifted, sizes)
  sum = Add (x, wide)
  eps32 = Sin (sum)
  eps = Cast <to = 10> (eps32)
}`;

type Open = Awaited<ReturnType<typeof fileOf>>;
const open: LoopDenoiser[] = [];
afterAll(() => Promise.all(open.map((one) => one.release())));
async function opened(file: string) {
  const denoiser = await openLoopModel(file);
  open.push(denoiser);
  return denoiser;
}

let models: Record<'base' | 'expert' | 'refiner', Open>;
let base: LoopDenoiser;
let expert: LoopDenoiser;
let refiner: LoopDenoiser;
beforeAll(async () => {
  models = {
    base: await fileOf(folder, 'base', textModel()),
    expert: await fileOf(folder, 'expert', textModel().replace('eps = Tanh', 'eps = Sin')),
    refiner: await fileOf(folder, 'refiner', REFINER),
  };
  base = await opened(models.base.file);
  expert = await opened(models.expert.file);
  refiner = await opened(models.refiner.file);
});

const half = (which: 'base' | 'expert', x: Float32Array, t: number, c: ort.Tensor) =>
  outputOf(models[which].session, { x: floats(x, 2, 2, 3, 3), t: floats([t, t], 2), c });

const options = (
  handOver: NonNullable<GenerateOptions['parts']>['handOver'],
  more: Partial<GenerateOptions> = {},
): GenerateOptions => ({
  sampler: createSampler('ddim', { steps: STEPS }),
  seed: SEED,
  feeds: { c: prompt as never },
  latentShape: [2, 2, 3, 3],
  guidance: {
    ...{ scale: 3, order: 'cond-first', mode: 'batch' },
    unconditional: { c: negative as never },
  },
  parts: { handOver },
  ...more,
});

describe('the expert of the last steps', () => {
  const expected = (from: number, scale = 3) =>
    plainDdim({
      ...{ steps: STEPS, from: noise },
      predict: async (x, t, step) => {
        const [which, own] = step < from ? (['base', 3] as const) : (['expert', scale] as const);
        return guided(await half(which, x, t, prompt), await half(which, x, t, negative), own);
      },
    });

  test.each<[string, NonNullable<GenerateOptions['parts']>['handOver'], number]>([
    ['a step', { denoiser: undefined as never, from: { step: 5 }, feeds: {} }, 5],
    // 875 750 625 500 …: those below 625 are the second's
    ['a timestep', { denoiser: undefined as never, from: { timestep: 625 }, feeds: {} }, 3],
  ])('takes over at %s, with the conditions of the first', async (_, handOver, from) => {
    const found = await generate(base, options({ ...handOver!, denoiser: expert }));
    expectClose(found.latent, await expected(from));
    expect(found.madeUp).toEqual([]);
  });

  test('has a guidance scale of its own, in two calls too', async () => {
    const given = options({ denoiser: expert, from: { step: 4 }, feeds: {}, guidanceScale: 1.5 });
    const two = { ...given, guidance: { ...given.guidance!, mode: 'two-calls' as const } };
    for (const loop of [given, two])
      expectClose((await generate(base, loop)).latent, await expected(4, 1.5));
  });

  test('takes over in a loop that starts from a picture, by the steps of the whole loop', async () => {
    const clean = wave(36, 7);
    const signal = signalAt(timestepsOf(STEPS)[2]!);
    const found = await generate(
      base,
      options(undefined, {
        sampler: createSampler('ddim', { steps: STEPS, start: 2 }),
        parts: {
          init: floats(clean, 2, 2, 3, 3) as never,
          handOver: { denoiser: expert, from: { step: 5 }, feeds: {} },
        },
      }),
    );
    const wanted = await plainDdim({
      ...{ steps: STEPS, start: 2 },
      from: clean.map((v, i) => Math.sqrt(signal) * v + Math.sqrt(1 - signal) * noise[i]!),
      predict: async (x, t, step) => {
        const which = step < 5 ? 'base' : 'expert';
        return guided(await half(which, x, t, prompt), await half(which, x, t, negative), 3);
      },
    });
    expectClose(found.latent, wanted);
  });

  test('runs batch by batch with a first of fixed batch, and a second of another', async () => {
    const one = await opened((await fileOf(folder, 'one', textModel(1))).file);
    const handOver = { denoiser: expert, from: { step: 5 }, feeds: {} };
    const loop = options(handOver, {
      guidance: undefined,
      feeds: { c: prompt as never },
    });
    const all = await generate(base, loop);
    expectClose((await generate(one, loop)).latent, [...all.latent]);
    const fixed = await opened(
      (await fileOf(folder, 'fixed', textModel(2).replace('eps = Tanh', 'eps = Sin'))).file,
    );
    const second = { ...loop, parts: { handOver: { ...handOver, denoiser: fixed } } };
    expectClose((await generate(base, second)).latent, [...all.latent]);
    expectClose((await generate(one, second)).latent, [...all.latent]);
  });
});

test('a refiner of other inputs and types', async () => {
  const text = floats(wave(6, 11), 2, 3, 1);
  const other = floats(wave(6, 21), 2, 3, 1);
  const found = await generate(
    base,
    options({
      denoiser: refiner,
      from: { step: 6 },
      feeds: { c: text as never, time_ids: [1, 0.5, 0.25] },
      unconditional: { c: other as never },
    }),
  );
  const ids = floats([1, 0.5, 0.25, 1, 0.5, 0.25], 2, 3);
  const refine = async (x: Float32Array, t: number, c: ort.Tensor) => {
    const shape = [2, 2, 3, 3];
    const sample = new ort.Tensor('float32', x, shape);
    const cast = await castTo16(sample);
    const timestep = new ort.Tensor('int64', BigInt64Array.of(BigInt(t)), []);
    const made = await models.refiner.session.run({ sample: cast, timestep, c, time_ids: ids });
    return Float32Array.from(made.eps!.data as unknown as ArrayLike<number>, asNumber(made.eps!));
  };
  const expected = await plainDdim({
    ...{ steps: STEPS, from: noise },
    predict: async (x, t, step) =>
      step < 6
        ? guided(await half('base', x, t, prompt), await half('base', x, t, negative), 3)
        : guided(await refine(x, t, text), await refine(x, t, other), 3),
  });
  for (const [i, value] of expected.entries()) expect(found.latent[i]).toBeCloseTo(value, 2);
});

/** By the engine itself. */
async function castTo16(tensor: ort.Tensor): Promise<ort.Tensor> {
  const { session } = await fileOf(
    folder,
    'cast',
    'g (float[a,b,c,d] x) => (float16[a,b,c,d] y) { y = Cast <to = 10> (x) }',
  );
  return (await session.run({ x: tensor })).y!;
}

/** Halves as numbers, or as bits where the platform has no array for them. */
const asNumber = ({ data }: ort.Tensor) => {
  if (!(data instanceof Uint16Array)) return (value: number) => value;
  return (bits: number) => {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    return exponent === 0
      ? sign * fraction * 2 ** -24
      : sign * (1024 + fraction) * 2 ** (exponent - 25);
  };
};

test.each([{ step: 0 }, { step: 8 }, { step: 2.5 }, { timestep: 0 }, { timestep: 900 }])(
  'is refused where one of both would make no step: %j',
  async (from) => {
    const loop = options({ denoiser: expert, from, feeds: {} });
    await expect(generate(base, loop)).rejects.toMatchObject({ code: 'HAND_OVER_NEVER' });
  },
);

test('bundles take part where they were made for those steps', async () => {
  const made = (denoiser: LoopDenoiser, calls: number) => ({ ...denoiser, calls });
  const run = (first: LoopDenoiser, second: LoopDenoiser) =>
    generate(first, options({ denoiser: second, from: { step: 5 }, feeds: {} }));
  const expected = (await run(base, expert)).latent;
  // of its own five, or of eight, of which it makes the first; the second's own loop has three
  for (const [calls, others] of [
    [5, 3],
    [8, 3],
  ] as const)
    expect((await run(made(base, calls), made(expert, others))).latent).toEqual(expected);
  for (const [calls, others] of [
    [6, 3],
    [5, 8],
  ] as const)
    await expect(run(made(base, calls), made(expert, others))).rejects.toMatchObject({
      code: 'RUN_STEPS',
    });
});
