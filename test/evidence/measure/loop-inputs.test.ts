/**
 * Inputs of a loop that are more than a latent and a number: further channels beside the latent, as models
 * for inpainting have them, and a timestep for every token. Against loops whose inputs are put together here.
 */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import { modelPorts } from '../../../src/evidence/measure/denoise-bundle.js';
import { generate } from '../../../src/evidence/measure/generate.js';
import type { LoopDenoiser } from '../../../src/evidence/measure/index.js';
import { createSampler, denoise, type Guidance } from '../../../src/runtime/samplers/index.js';
import { EXACT, encodeSorted } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

/** Of five channels two are the latent. */
const INPAINTING = `g (float[batch,5,height,width] x, float[batch] t, float[batch,1,1,1] c)
  => (float[batch,2,height,width] eps)
<float[2,5,1,1] w = {0.5, -0.25, 0.125, 0.75, 0.25, -0.5, 0.25, 0.375, -0.125, 0.5},
 int64[3] axes = {1, 2, 3}, float thousandth = {0.001}> {
  mixed = Conv (x, w)
  time = Mul (t, thousandth)
  wide = Unsqueeze (time, axes)
  timed = Add (mixed, wide)
  conditioned = Add (timed, c)
  eps = Tanh (conditioned)
}`;

async function open(
  text: string,
): Promise<LoopDenoiser & { seen: ort.InferenceSession.FeedsType[] }> {
  const model = modelOf(text);
  const session = await ort.InferenceSession.create(encodeSorted(model), EXACT);
  const ports = modelPorts(await prepare(model));
  const seen: ort.InferenceSession.FeedsType[] = [];
  return {
    ports: { ...ports, roles: { latent: 'x', timestep: 't', prediction: 'eps' } },
    calls: undefined,
    counts: new Map(),
    reset() {},
    call: async (feeds) => {
      seen.push(feeds as never);
      return session.run(feeds as never) as never;
    },
    release: () => session.release(),
    seen,
  };
}

const wave = (dims: number[]) =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * i + 1)),
    dims,
  );

const LATENT = [2, 2, 3, 3];
const beside = wave([2, 3, 3, 3]);
const condition = (value: number) =>
  new ort.Tensor('float32', new Float32Array(2).fill(value), [2, 1, 1, 1]);

/** The same loop on the two channels, the others put behind them image by image. */
async function byHand(denoiser: LoopDenoiser, guidance?: Guidance) {
  const further = beside.data as Float32Array;
  return denoise({
    call: (feeds, context) => {
      const x = feeds.x as ort.Tensor;
      const images = x.dims[0]!;
      const rows = Array.from({ length: images }, (_, i) => [
        ...(x.data as Float32Array).subarray(i * 18, (i + 1) * 18),
        ...further.subarray((i % 2) * 27, ((i % 2) + 1) * 27),
      ]);
      const whole = new ort.Tensor('float32', Float32Array.from(rows.flat()), [images, 5, 3, 3]);
      return denoiser.call({ ...feeds, x: whole } as never, context);
    },
    ort: ort as never,
    sampler: createSampler('ddim', { steps: 4 }),
    latentShape: LATENT,
    seed: 3,
    roles: { latent: 'x', timestep: 't', output: 'eps' },
    timestep: { type: 'float32', shape: 'batch' },
    feeds: { c: condition(0.5) } as never,
    ...(guidance && { guidance }),
  });
}

describe('channels beside the latent', () => {
  const feeds = () => ({ x: beside, c: condition(0.5) }) as never;
  const sampler = createSampler('ddim', { steps: 4 });

  test.each([undefined, 'batch', 'two-calls'] as const)('guidance: %s', async (mode) => {
    const denoiser = await open(INPAINTING);
    const guidance: Guidance | undefined = mode && {
      ...{ scale: 2, order: 'cond-first', mode },
      unconditional: { c: condition(-0.5) } as never,
    };
    const found = await generate(denoiser, {
      sampler,
      seed: 3,
      feeds: feeds(),
      ...(guidance && { guidance }),
    });
    expect(found.dims).toEqual(LATENT);
    expect(found.latent).toEqual(await byHand(denoiser, guidance));
    await denoiser.release();
  });

  test('the shape of the latent is that of its own channels', async () => {
    const denoiser = await open(INPAINTING);
    const loop = { sampler, seed: 3, feeds: feeds() };
    const { latent } = await generate(denoiser, { ...loop, latentShape: LATENT });
    expect(latent).toEqual(await byHand(denoiser));
    await expect(generate(denoiser, { ...loop, latentShape: [2, 5, 3, 3] })).rejects.toMatchObject({
      code: 'FEED_SHAPE',
    });
    await denoiser.release();
  });

  test.each([
    [{}, /3 of them are no latent.*not given/],
    [{ x: wave([2, 5, 3, 3]) }, /5 are given/],
  ])('are needed, and no others: %#', async (given, message) => {
    const denoiser = await open(INPAINTING);
    await expect(
      generate(denoiser, { sampler, seed: 3, feeds: given as never }),
    ).rejects.toMatchObject({
      code: 'RUN_LATENT_CHANNELS',
      message: expect.stringMatching(message),
      details: { hint: expect.stringContaining('[batch, 3, height, width]') },
    });
    expect(denoiser.seen).toEqual([]);
    await denoiser.release();
  });

  test('are refused where there are none', async () => {
    const image = 'float[batch,2,height,width]';
    const denoiser = await open(
      `g (${image} x, float[batch] t) => (${image} eps) { eps = Tanh(x) }`,
    );
    const fed = { x: wave(LATENT) } as never;
    await expect(generate(denoiser, { sampler, seed: 3, feeds: fed })).rejects.toMatchObject({
      code: 'DENOISE_ROLE_FED',
    });
    await denoiser.release();
  });
});

const TOKENS = `g (float[batch,tokens,4] x, TIMESTEP t) => (float[batch,tokens,4] eps)
<int64[1] last = {2}, float thousandth = {0.001}> {
  time = Mul (t, thousandth)
  wide = Unsqueeze (time, last)
  timed = Add (x, wide)
  eps = Tanh (timed)
}`;

describe('a timestep of more than one dimension', () => {
  const sampler = createSampler('ddim', { steps: 2 });
  test.each([
    ['float[batch,tokens]', [3, 5]],
    ['float[batch,1]', [3, 1]],
    ['float[1,tokens]', [1, 5]],
  ])('%s', async (type, dims) => {
    const denoiser = await open(TOKENS.replace('TIMESTEP', type));
    const latentShape = [3, 5, 4];
    const { latent } = await generate(denoiser, { sampler, seed: 1, feeds: {}, latentShape });
    expect(denoiser.seen.map(({ t }) => [...(t!.data as Float32Array)])).toEqual(
      [500, 0].map((value) => Array(dims[0]! * dims[1]!).fill(value)),
    );
    expect(denoiser.seen.map(({ t }) => t!.dims)).toEqual([dims, dims]);
    // as if each image had one
    const expected = await denoise({
      call: async ({ x, t }) => {
        const [values, step] = [x!.data as Float32Array, (t!.data as Float32Array)[0]!];
        const eps = values.map((value) => Math.tanh(value + Math.fround(step * 0.001)));
        return { eps: new ort.Tensor('float32', eps, x!.dims) } as never;
      },
      ort: ort as never,
      sampler,
      latentShape,
      seed: 1,
      roles: { latent: 'x', timestep: 't', output: 'eps' },
      timestep: { type: 'float32', shape: 'batch' },
    });
    for (const [i, value] of expected.entries()) expect(latent[i]).toBeCloseTo(value, 5);
    await denoiser.release();
  });
});
