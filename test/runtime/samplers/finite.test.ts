/** A loop ends at the first number that is not finite, and says where. */
import * as ort from 'onnxruntime-common';
import { expect, test } from 'vitest';
import {
  createSampler,
  type DenoiseOptions,
  type DenoiserCall,
  denoise,
} from '../../../src/runtime/samplers/index.js';

const { Tensor } = ort;

/** Everything is zero but for one element of one call. */
function breaking(at: number, bad: number, heard: number[] = []): DenoiserCall {
  return async ({ x }, { call }) => {
    heard.push(call);
    const values = new Float32Array((x!.data as Float32Array).length);
    if (call === at) values[2] = bad;
    return { eps: new Tensor('float32', values, x!.dims) };
  };
}

const options = (more: Partial<DenoiseOptions> & Pick<DenoiseOptions, 'call'>): DenoiseOptions => ({
  ort,
  sampler: createSampler('ddim', { steps: 4 }),
  latentShape: [1, 1, 2, 2],
  seed: 1,
  roles: { latent: 'x', timestep: 't', output: 'eps' },
  timestep: { type: 'float32', shape: 'batch' },
  ...more,
});

const pair = (mode: 'batch' | 'two-calls', scale = 2) =>
  ({ guidance: { scale, order: 'cond-first', mode, unconditional: {} } }) as const;

const OUTPUT = 'Output "eps" of the denoiser';

test.each([
  ['NaN, no guidance', {}, Number.NaN, 2, [2, 2, 4]],
  ['infinity, no guidance', {}, Number.NEGATIVE_INFINITY, 3, [3, 3, 4]],
  ['both halves in one batch', pair('batch'), Number.NaN, 1, [1, 1, 8]],
  ['the first of two calls', pair('two-calls'), Number.NaN, 4, [2, 4, 4]],
  ['the second of two calls', pair('two-calls'), Number.POSITIVE_INFINITY, 3, [1, 3, 4]],
] as const)('the output: %s', async (_, more, bad, at, [step, call, of]) => {
  const heard: number[] = [];
  const steps: number[] = [];
  await expect(
    denoise(
      options({
        ...more,
        call: breaking(at, bad, heard),
        onStep: ({ step: done }) => void steps.push(done),
      }),
    ),
  ).rejects.toMatchObject({
    code: 'DENOISE_NOT_FINITE',
    message: expect.stringMatching(`^${OUTPUT} .* in 1 of ${of} values, first at step ${step} `),
    details: { data: { step, steps: 4, call, timestep: 750 - 250 * step, bad: 1, of } },
  });
  expect(heard).toEqual(Array.from({ length: call + 1 }, (_, i) => i));
  expect(steps).toEqual(Array.from({ length: step }, (_, i) => i));
});

test('an infinite output that clipping would hide', async () => {
  const sampler = createSampler('ddim', { steps: 4, clip: 1, prediction: 'sample' });
  const call = breaking(0, Number.POSITIVE_INFINITY);
  await expect(denoise(options({ call, sampler }))).rejects.toThrow(OUTPUT);
});

test('the latent, where the output is finite', async () => {
  // divided by an alpha of 1/12 at the noisiest step, it is more than float32 holds
  const call = breaking(0, 3e38);
  await expect(denoise(options({ call, label: 'the bundle "b"' }))).rejects.toMatchObject({
    message: expect.stringMatching(/^The latent of the bundle "b" .* step 0 of 4, which is call 0/),
  });
});

test.each([
  ['batch', 0],
  ['two-calls', 1],
] as const)('what guidance makes of finite halves: %s', async (mode, call) => {
  const halves: DenoiserCall = async ({ x }, context) => {
    const values = new Float32Array((x!.data as Float32Array).length);
    // the conditional half is the first
    if (context.half !== 'unconditional') values.fill(1, 0, 4);
    return { eps: new Tensor('float32', values, x!.dims) };
  };
  await expect(denoise(options({ ...pair(mode, 1e39), call: halves }))).rejects.toMatchObject({
    message: expect.stringMatching(/^The prediction of the denoiser after guidance/),
    details: { data: { step: 0, call, bad: 4, of: 4 } },
  });
});

test('noise that is given', async () => {
  const noise = Float32Array.of(0, Number.NaN, 0, 0);
  const call = breaking(-1, 0);
  await expect(denoise(options({ call, noise }))).rejects.toThrow(/^The initial noise holds NaN/);
});

test('what is finite passes, however large', async () => {
  const sampler = createSampler('ddim', { steps: 4, clip: 1 });
  const found = await denoise(options({ call: breaking(0, 3e38), sampler }));
  expect(found.every(Number.isFinite)).toBe(true);
});
