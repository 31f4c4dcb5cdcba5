/** A second model whose outputs are inputs of the denoiser, against loops that are written out. */
import type * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type GenerateOptions,
  generate,
  type LoopDenoiser,
  openLoopModel,
} from '../../../../src/evidence/measure/index.js';
import { createSampler } from '../../../../src/runtime/samplers/index.js';
import {
  controlledModel,
  controlModel,
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
const [STEPS, SEED, SCALE] = [6, 3, 2];
const noise = noiseOf(SEED, 2, 32);
const prompt = floats(wave(2 * 5 * 2), 2, 5, 2);
const negatives = { same: floats(wave(20, 50), 2, 5, 2), longer: floats(wave(36, 50), 2, 9, 2) };
const picture = floats(wave(2 * 2 * 8 * 8, 20), 2, 2, 8, 8);

type Open = Awaited<ReturnType<typeof fileOf>>;
const open: LoopDenoiser[] = [];
afterAll(() => Promise.all(open.map((one) => one.release())));
async function opened(file: string) {
  const denoiser = await openLoopModel(file);
  open.push(denoiser);
  return denoiser;
}

let model: Open;
let beside: Open;
let denoiser: LoopDenoiser;
let control: LoopDenoiser;
beforeAll(async () => {
  model = await fileOf(folder, 'controlled', controlledModel());
  beside = await fileOf(folder, 'control', controlModel(['first', 'second']));
  [denoiser, control] = [await opened(model.file), await opened(beside.file)];
});

type Residuals = { down: Float32Array; mid: Float32Array };

const half = async (x: Float32Array, t: number, c: ort.Tensor, { down, mid }: Residuals) =>
  outputOf(model.session, {
    ...{ x: floats(x, 2, 2, 4, 4), t: floats([t, t], 2), c },
    ...{ down: floats(down, 2, 2, 4, 4), mid: floats(mid, 2, 2, 4, 4) },
  });

async function residualsOf(x: Float32Array, t: number, c: ort.Tensor, scale: number) {
  const made = await beside.session.run({
    ...{ x: floats(x, 2, 2, 4, 4), t: floats([t, t], 2), c },
    ...{ picture, strength: floats([0.5]) },
  });
  const of = (name: string) => (made[name]!.data as Float32Array).map((value) => value * scale);
  return { down: of('first'), mid: of('second') };
}

/** @param every how many steps the residuals are made */
function byHand(negative: ort.Tensor, scale: number, every: number) {
  const kept = new Map<ort.Tensor, Residuals>();
  const one = async (x: Float32Array, t: number, step: number, c: ort.Tensor) => {
    if (step % every === 0) kept.set(c, await residualsOf(x, t, c, scale));
    return half(x, t, c, kept.get(c)!);
  };
  return plainDdim({
    steps: STEPS,
    from: noise,
    predict: async (x, t, step) =>
      guided(await one(x, t, step, prompt), await one(x, t, step, negative), SCALE),
  });
}

const options = (
  parts: NonNullable<GenerateOptions['parts']>['control'],
  mode: 'batch' | 'two-calls' = 'batch',
  negative = negatives.same,
): GenerateOptions => ({
  sampler: createSampler('ddim', { steps: STEPS }),
  seed: SEED,
  feeds: { c: prompt as never },
  latentShape: [2, 2, 4, 4],
  guidance: {
    ...{ scale: SCALE, order: 'uncond-first', mode },
    unconditional: { c: negative as never },
  },
  parts: { control: parts },
});

const given = (more: Partial<NonNullable<GenerateOptions['parts']>['control']> = {}) => ({
  model: control,
  feeds: { picture: picture as never, strength: [0.5] },
  ...more,
});

describe('residuals by order and shape', () => {
  test.each([
    ['batch', 'same', 1, 1],
    ['batch', 'same', 0.25, 1],
    ['batch', 'same', 1, 3],
    ['two-calls', 'longer', 1, 1],
    ['two-calls', 'longer', 0.25, 2],
  ] as const)(
    '%s, %s prompt, scale %d, every %d steps',
    async (mode, negative, scale, interval) => {
      let runs = 0;
      const counted = {
        ...control,
        call: (...args: Parameters<typeof control.call>) => {
          runs++;
          return control.call(...args);
        },
      };
      const found = await generate(
        denoiser,
        options(given({ model: counted, scale, interval }), mode, negatives[negative]),
      );
      expectClose(found.latent, await byHand(negatives[negative], scale, interval));
      expect(found.madeUp).toEqual([]);
      expect(runs).toBe((mode === 'batch' ? 1 : 2) * Math.ceil(STEPS / interval));
    },
  );

  test('outside of the interval of guidance are those of one half', async () => {
    const loop = options(given());
    const found = await generate(denoiser, {
      ...loop,
      guidance: { ...loop.guidance!, interval: [0, 0.5] },
    });
    const expected = await plainDdim({
      ...{ steps: STEPS, from: noise },
      predict: async (x, t, step) => {
        const one = async (c: ort.Tensor) => half(x, t, c, await residualsOf(x, t, c, 1));
        const conditional = await one(prompt);
        return step < 3 ? guided(conditional, await one(negatives.same), SCALE) : conditional;
      },
    });
    expectClose(found.latent, expected);
  });

  test('of one picture for all images, on a model of fixed batch', async () => {
    const fixed = await opened((await fileOf(folder, 'two', controlModel(['a', 'b'], 2))).file);
    const one = floats((picture.data as Float32Array).slice(0, 128), 1, 2, 8, 8);
    const twice = floats([...one.data, ...one.data] as number[], 2, 2, 8, 8);
    const run = async (model: LoopDenoiser, tensor: ort.Tensor) =>
      (
        await generate(
          denoiser,
          options(given({ model, feeds: { picture: tensor as never, strength: [0.5] } })),
        )
      ).latent;
    expect(await run(fixed, one)).toEqual(await run(control, twice));
  });
});

test('residuals by name go where they belong, in whatever order', async () => {
  const named = await opened((await fileOf(folder, 'named', controlModel(['mid', 'down']))).file);
  const found = await generate(denoiser, options(given({ model: named })));
  const expected = await plainDdim({
    ...{ steps: STEPS, from: noise },
    predict: async (x, t) => {
      const one = async (c: ort.Tensor) => {
        const { down, mid } = await residualsOf(x, t, c, 1);
        return half(x, t, c, { down: mid, mid: down });
      };
      return guided(await one(prompt), await one(negatives.same), SCALE);
    },
  });
  expectClose(found.latent, expected);
});

describe('is refused:', () => {
  test('what it takes and nobody gives, all at once, with an example', async () => {
    await expect(generate(denoiser, options(given({ feeds: {} })))).rejects.toMatchObject({
      code: 'CONTROL_INPUTS',
      details: {
        data: { missing: ['picture', 'strength'] },
        hint: expect.stringContaining(
          '--control-feed picture=picture.npy --control-feed strength=1',
        ),
      },
    });
  });

  test('outputs that nothing takes', async () => {
    const plain = await opened((await fileOf(folder, 'text', textModel())).file);
    await expect(generate(plain, options(given()))).rejects.toMatchObject({
      code: 'CONTROL_OUTPUTS',
    });
    const wide = controlModel(['a', 'b']).replaceAll('[batch,2,h_mid', '[batch,3,h_mid');
    const other = await opened(
      (
        await fileOf(
          folder,
          'wide',
          wide
            .replace('Tanh (small)', 'Concat <axis = 1> (small, ones)')
            .replace('{1}>', `{1}, float[2,1,4,4] ones = {${Array(32).fill('1').join(', ')}}>`),
        )
      ).file,
    );
    await expect(generate(denoiser, options(given({ model: other })))).rejects.toMatchObject({
      code: 'CONTROL_OUTPUTS',
    });
  });

  test('a model without a latent', async () => {
    const text = controlModel(['a', 'b']).replace(/\bx\b/g, 'latent').replace(/\bt\b/g, 'time');
    const other = await opened((await fileOf(folder, 'names', text)).file);
    const error = await generate(denoiser, options(given({ model: other }))).catch((e) => e);
    expect(error).toMatchObject({ code: 'CONTROL_ROLE' });
  });

  test.each([
    ['a picture of another size', floats(wave(2 * 2 * 4 * 6), 2, 2, 4, 6), 'ENGINE_FAILED'],
    ['pictures of another number', floats(wave(3 * 2 * 8 * 8), 3, 2, 8, 8), 'FEED_SHAPE'],
    ['a picture of another rank', floats(wave(2 * 8 * 8), 2, 8, 8), 'FEED_SHAPE'],
  ])('%s', async (_, tensor, code) => {
    const feeds = { picture: tensor as never, strength: [0.5] };
    await expect(generate(denoiser, options(given({ feeds })))).rejects.toMatchObject({ code });
  });
});
