/** What a denoising loop feeds: sizes agree, guidance pairs are joined, conditions are made up. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  type GenerateOptions,
  generate,
  type LoopDenoiser,
} from '../../../src/evidence/measure/index.js';
import { createSampler } from '../../../src/runtime/samplers/index.js';
import type { Port } from '../../../src/runtime/schedule/index.js';

const port = (name: string, type: Port['type'], shape: Port['shape']): Port => ({
  name,
  type,
  shape,
});

/** Records what it is fed and predicts the latent itself. */
function denoiser(shapes: Record<'latent' | 't' | 'context' | 'pooled', Port['shape']>) {
  const fed: Record<string, readonly number[]>[] = [];
  const loop: LoopDenoiser = {
    ports: {
      inputs: [
        port('latent', 'float32', shapes.latent),
        port('t', 'int64', shapes.t),
        port('context', 'float32', shapes.context),
        port('pooled', 'float32', shapes.pooled),
      ],
      outputs: [port('out', 'float32', shapes.latent)],
      roles: { latent: 'latent', timestep: 't', prediction: 'out' },
      bindings: new Map([
        ['batch', 1],
        ['height', 4],
        ['tokens', 7],
      ]),
    },
    calls: undefined,
    counts: new Map(),
    reset() {},
    async call(feeds) {
      const tensors = feeds as Record<string, ort.Tensor>;
      fed.push(Object.fromEntries(Object.entries(tensors).map(([name, { dims }]) => [name, dims])));
      return { out: tensors.latent } as never;
    },
    async release() {},
  };
  return { loop, fed };
}

const SYMBOLIC = {
  latent: ['batch', 1, 'height', 'height'],
  t: ['batch'],
  context: ['batch', 'tokens', 2],
  pooled: ['batch', 3],
};
const FIXED = { latent: [4, 1, 4, 4], t: [4], context: [4, 7, 2], pooled: [4, 3] };

const floats = (...dims: number[]) =>
  new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b)), dims) as never;
const sampler = createSampler('ddim', { steps: 1 });
const run = (loop: LoopDenoiser, options: Partial<GenerateOptions> = {}) =>
  generate(loop, { sampler, seed: 0, feeds: {}, ...options });
const guidance = (mode: 'batch' | 'two-calls', unconditional: GenerateOptions['feeds']) =>
  ({ scale: 2, order: 'cond-first', mode, unconditional }) as const;

describe('sizes', () => {
  test('come from the figures where nothing is given', async () => {
    const { loop, fed } = denoiser(SYMBOLIC);
    const { dims, madeUp } = await run(loop);
    expect({ dims, madeUp }).toEqual({ dims: [1, 1, 4, 4], madeUp: ['context', 'pooled'] });
    expect(fed).toEqual([{ latent: [1, 1, 4, 4], t: [1], context: [1, 7, 2], pooled: [1, 3] }]);
  });

  test('come from what is given, for the latent and for what is made up', async () => {
    const { loop, fed } = denoiser(SYMBOLIC);
    await run(loop, { feeds: { context: floats(3, 9, 2) } });
    await run(loop, { latentShape: [2, 1, 8, 8] });
    expect(fed).toEqual([
      { latent: [3, 1, 4, 4], t: [3], context: [3, 9, 2], pooled: [3, 3] },
      { latent: [2, 1, 8, 8], t: [2], context: [2, 7, 2], pooled: [2, 3] },
    ]);
  });

  test.each<[string, Partial<GenerateOptions>]>([
    ['of two inputs', { feeds: { context: floats(3, 9, 2), pooled: floats(2, 3) } }],
    ['of an input and the latent', { feeds: { pooled: floats(2, 3) }, latentShape: [3, 1, 4, 4] }],
    ['of an input and the model', { feeds: { pooled: floats(2, 4) } }],
  ])('must agree: %s', async (_, options) => {
    const { loop, fed } = denoiser(SYMBOLIC);
    await expect(run(loop, options)).rejects.toMatchObject({ code: 'FEED_SHAPE' });
    expect(fed).toEqual([]);
  });
});

describe('guidance', () => {
  test('in one batch joins what both halves have; the rest is for both', async () => {
    const { loop, fed } = denoiser(SYMBOLIC);
    const { dims } = await run(loop, {
      feeds: { context: floats(2, 9, 2) },
      guidance: guidance('batch', { context: floats(2, 9, 2) }),
    });
    expect(dims).toEqual([2, 1, 4, 4]);
    expect(fed).toEqual([{ latent: [4, 1, 4, 4], t: [4], context: [4, 9, 2], pooled: [4, 3] }]);
  });

  test('in two calls leaves the batch alone', async () => {
    const { loop, fed } = denoiser(SYMBOLIC);
    await run(loop, {
      feeds: { context: floats(2, 9, 2) },
      guidance: guidance('two-calls', { context: floats(2, 9, 2) }),
    });
    expect(fed).toEqual(
      Array(2).fill({ latent: [2, 1, 4, 4], t: [2], context: [2, 9, 2], pooled: [2, 3] }),
    );
  });

  test('in two calls lets each half have sizes of its own, but one latent', async () => {
    const { loop, fed } = denoiser({ ...SYMBOLIC, pooled: ['batch', 'tokens'] });
    const feeds = { context: floats(2, 5, 2) };
    await run(loop, { feeds, guidance: guidance('two-calls', { context: floats(2, 9, 2) }) });
    const latent = { latent: [2, 1, 4, 4], t: [2] };
    expect(fed).toEqual([
      { ...latent, context: [2, 5, 2], pooled: [2, 5] },
      { ...latent, context: [2, 9, 2], pooled: [2, 9] },
    ]);
    for (const unconditional of [{ context: floats(3, 9, 2) }, { context: floats(2, 9, 3) }])
      await expect(
        run(loop, { feeds, guidance: guidance('two-calls', unconditional) }),
      ).rejects.toMatchObject({ code: 'FEED_SHAPE' });
    // what both halves read has one size
    await expect(
      run(loop, {
        feeds: { ...feeds, pooled: floats(2, 5) },
        guidance: guidance('two-calls', { context: floats(2, 9, 2) }),
      }),
    ).rejects.toMatchObject({ code: 'FEED_SHAPE' });
    expect(fed).toHaveLength(2);
  });

  test('in one batch needs equal sizes in both halves', async () => {
    const { loop } = denoiser(SYMBOLIC);
    await expect(
      run(loop, {
        feeds: { context: floats(2, 5, 2) },
        guidance: guidance('batch', { context: floats(2, 9, 2) }),
      }),
    ).rejects.toMatchObject({ code: 'FEED_SHAPE' });
  });

  test('in one batch of a fixed size makes half as many images', async () => {
    const { loop, fed } = denoiser(FIXED);
    const { dims } = await run(loop, {
      feeds: { context: floats(2, 7, 2) },
      guidance: guidance('batch', { context: floats(2, 7, 2) }),
    });
    expect(dims).toEqual([2, 1, 4, 4]);
    expect(fed).toEqual([{ latent: [4, 1, 4, 4], t: [4], context: [4, 7, 2], pooled: [4, 3] }]);
  });

  test('needs a batch that can be halved', async () => {
    const { loop } = denoiser({ ...FIXED, latent: [1, 1, 4, 4] });
    const options = { guidance: guidance('batch', {}) };
    await expect(run(loop, options)).rejects.toMatchObject({ code: 'GUIDANCE_BATCH' });
  });
});

test('onStart comes after every check and before the first call', async () => {
  const order: string[] = [];
  const { loop } = denoiser(SYMBOLIC);
  const call: LoopDenoiser['call'] = (feeds, context) => {
    order.push('call');
    return loop.call(feeds, context);
  };
  await run(
    { ...loop, call },
    { onStart: () => order.push('start'), onStep: () => order.push('step') },
  );
  expect(order).toEqual(['start', 'call', 'step']);
  await expect(run({ ...loop, calls: 2 }, { onStart: () => order.push('no') })).rejects.toThrow();
  expect(order).not.toContain('no');
});
