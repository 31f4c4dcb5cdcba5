/** Every form in which a denoiser takes its timestep, and every scale in which it is told. */
import type { InferenceSession } from 'onnxruntime-common';
import * as ort from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { decodeFloat16 } from '../../../src/io/float16.js';
import {
  createSampler,
  denoise,
  type Sampler,
  type TimestepFeed,
} from '../../../src/runtime/samplers/index.js';

const { Tensor } = ort;
const SHAPE = [2, 3, 2, 2];

/** What a loop feeds as the timestep, call by call. */
async function fed(sampler: Sampler, timestep: TimestepFeed): Promise<ort.Tensor[]> {
  const seen: ort.Tensor[] = [];
  await denoise({
    call: async (feeds: InferenceSession.FeedsType) => {
      seen.push(feeds.t as ort.Tensor);
      const { data, dims } = feeds.x as ort.TypedTensor<'float32'>;
      return { eps: new Tensor('float32', data.slice(), dims) };
    },
    ort,
    sampler,
    latentShape: SHAPE,
    seed: 1,
    roles: { latent: 'x', timestep: 't', output: 'eps' },
    timestep,
  });
  return seen;
}

function numbers({ type, data }: ort.Tensor): number[] {
  const values = type === 'float16' && data instanceof Uint16Array ? decodeFloat16(data) : data;
  return Array.from(values as ArrayLike<number | bigint>, Number);
}

const FORMS = [
  [{ shape: 'scalar' }, [], 1],
  [{ shape: 'one' }, [1], 1],
  [{ shape: 'batch' }, [2], 2],
  [{ shape: 'batch', rest: [5] }, [2, 5], 10],
  [{ shape: 'one', rest: [4, 1] }, [1, 4, 1], 4],
] as const;

describe.each(['int64', 'int32', 'float16', 'float32', 'float64'] as const)('as %s', (type) => {
  it.each(FORMS)('as %o: one timestep for each', async (form, dims, count) => {
    const seen = await fed(createSampler('ddim', { steps: 4 }), { type, ...form });
    expect(seen.map((tensor) => tensor.dims)).toEqual(Array(4).fill(dims));
    expect(seen.map((tensor) => tensor.type)).toEqual(Array(4).fill(type));
    expect(seen.map(numbers)).toEqual([750, 500, 250, 0].map((t) => Array(count).fill(t)));
  });
});

/** Of float32. */
const CLOSE = 1e-6;

describe('told', () => {
  const flow = { steps: 4, spacing: 'trailing', schedule: { shift: 3 } } as const;
  // 3 s / (1 + 2 s) of 1, 3/4, 1/2, 1/4
  const sigmas = [1, 0.9, 0.75, 0.5];

  it.each([
    ['training', sigmas.map((s) => 1000 * s)],
    ['unit', sigmas],
    ['reverse', sigmas.map((s) => 1 - s)],
    ['whole', [1000, 900, 750, 500]],
    ['sigma', sigmas.map((s) => s / (1 - s)).slice(1)],
    ['log-sigma', sigmas.map((s) => Math.log(s / (1 - s)) / 4).slice(1)],
  ] as const)('in the scale %s', async (timestepScale, wanted) => {
    // pure noise has no signal to be measured by
    const start = timestepScale.endsWith('sigma') ? 1 : 0;
    const sampler = createSampler('euler-flow', { ...flow, timestepScale, start });
    sampler.told.forEach((value, i) => {
      expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-9);
    });
    if (start > 0) return;
    const seen = await fed(sampler, { type: 'float32', shape: 'batch' });
    seen.map(numbers).forEach((row, i) => {
      for (const value of row)
        expect(Math.abs(value - wanted[i]!)).toBeLessThan(CLOSE * Math.max(1, wanted[i]!));
    });
  });

  it('whole timesteps are rounded down, where those of training are to the nearest', async () => {
    const options = { steps: 3, spacing: 'linear', fractionalTimesteps: true } as const;
    const feed = { type: 'int64', shape: 'scalar' } as const;
    const rounded = await fed(createSampler('euler', options), feed);
    expect(rounded.flatMap(numbers)).toEqual([999, 500, 0]);
    const whole = createSampler('euler', { ...options, timestepScale: 'whole' });
    expect((await fed(whole, feed)).flatMap(numbers)).toEqual([999, 499, 0]);
  });

  it('as a quarter of the logarithm of the level that the sampler has', () => {
    const sampler = createSampler('euler', {
      steps: 3,
      ...{ levels: 'karras', levelMin: 0.002, levelMax: 700, timestepScale: 'log-sigma' },
    } as const);
    // the middle of three levels, by equation 5 of Karras et al.
    const middle = ((700 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7;
    [700, middle, 0.002].forEach((sigma, i) => {
      expect(sampler.told[i]).toBeCloseTo(Math.log(sigma) / 4, 9);
    });
    // timesteps end where the training ends
    expect(sampler.timesteps[0]).toBe(999);
    expect(sampler.timesteps[2]).toBe(0);
  });

  it('as the level itself: the loop of Karras et al. (algorithm 1, S_churn = 0, Euler alone), which is DDIM there', async () => {
    const sampler = createSampler('ddim', {
      ...{ steps: 6, prediction: 'sample', timestepScale: 'sigma', spacing: 'linear' },
      schedule: {
        path: 'variance-exploding',
        ...{ sigmaMin: 0.01, sigmaMax: 50, rho: 5, trainTimesteps: 6 },
      },
    } as const);
    /** D(x; sigma) of data that are 0.3 with a variance of 0.25, by which it is bent. */
    const denoised = (x: number, sigma: number) =>
      0.3 + (0.25 / (0.25 + sigma * sigma)) * Math.tanh(x - 0.3);
    const noise = [0.4, -1.3, 0.9];
    const made = await denoise({
      call: async (feeds: InferenceSession.FeedsType) => {
        const [sigma] = numbers(feeds.sigma as ort.Tensor);
        const { data, dims } = feeds.x as ort.TypedTensor<'float32'>;
        return {
          clean: new Tensor(
            'float32',
            data.map((x) => denoised(x, sigma!)),
            dims,
          ),
        };
      },
      ...{ ort, sampler, latentShape: [1, 3], seed: 1 },
      noise: Float32Array.from(noise),
      roles: { latent: 'x', timestep: 'sigma', output: 'clean' },
      timestep: { type: 'float32', shape: 'batch' },
    });
    const root = (of: number) => of ** (1 / 5);
    const levels = [0, 1, 2, 3, 4, 5].map(
      (i) => (root(50) + (i / 5) * (root(0.01) - root(50))) ** 5,
    );
    const wanted = noise.map((n) => {
      let x = 50 * n;
      levels.forEach((sigma, i) => {
        x += ((levels[i + 1] ?? 0) - sigma) * ((x - denoised(x, sigma)) / sigma);
      });
      return x;
    });
    wanted.forEach((x, i) => {
      expect(Math.abs(made[i]! - x)).toBeLessThan(1e-4);
    });
  });

  it.each(['unit', 'reverse', 'sigma', 'log-sigma'] as const)(
    'never as %s in whole numbers',
    async (timestepScale) => {
      for (const type of ['int64', 'int32'] as const)
        await expect(
          fed(createSampler('ddim', { steps: 4, timestepScale }), { type, shape: 'scalar' }),
        ).rejects.toThrow(expect.objectContaining({ code: 'DENOISE_TIMESTEP_TYPE' }));
    },
  );
});
