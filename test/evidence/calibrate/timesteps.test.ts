/**
 * Optimized timesteps: on a denoiser whose loop can be written out as products of numbers, against
 * every gamma of a fine grid; on the trained digits U-Net, against loops that are run here.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/index.js';
import {
  type OptimizeTimestepsOptions,
  optimizeTimesteps,
} from '../../../src/evidence/calibrate/index.js';
import {
  best,
  EVALUATIONS,
  searchGamma,
} from '../../../src/evidence/calibrate/timesteps/minimum.js';
import { Pipeline } from '../../../src/index.js';
import {
  generate,
  type LoopDenoiser,
  loadModel,
  openLoopBundle,
  openLoopModel,
  writeBundle,
} from '../../../src/node.js';
import { batchNoise, createSampler, gammaTimesteps } from '../../../src/runtime/samplers/index.js';

/** Standard deviations of the toy's clean latents, by element: images of 4. */
const SPREADS = [0.1, 0.4, 1, 2];
const IMAGES = 3;
const TRAIN = 1000;

/** Signal and noise of each timestep under linear betas from 1e-4 to 0.02, and of no noise last. */
function levels(timesteps: readonly number[]): { alpha: number; sigma: number }[] {
  const at = (timestep: number) => {
    let product = 1;
    for (let t = 0; t <= timestep; t++) product *= 1 - (1e-4 + ((0.02 - 1e-4) * t) / (TRAIN - 1));
    return { alpha: Math.sqrt(product), sigma: Math.sqrt(1 - product) };
  };
  return [...timesteps.map(at), { alpha: 1, sigma: 0 }];
}

/** The noise in x where clean latents are normal with a standard deviation: what a perfect model says. */
const noiseIn = (x: number, spread: number, { alpha, sigma }: { alpha: number; sigma: number }) =>
  (sigma * x) / (alpha ** 2 * spread ** 2 + sigma ** 2);

function toy(batch: string | number = 'batch'): { denoiser: LoopDenoiser; calls: number[] } {
  const calls: number[] = [];
  const denoiser: LoopDenoiser = {
    ports: {
      inputs: [
        { name: 'x', type: 'float32', shape: [batch, SPREADS.length] },
        { name: 't', type: 'float32', shape: [batch] },
      ],
      outputs: [{ name: 'eps', type: 'float32', shape: [batch, SPREADS.length] }],
      roles: { latent: 'x', timestep: 't', prediction: 'eps' },
      bindings: new Map(),
    },
    calls: undefined,
    counts: new Map(),
    reset() {},
    async call(feeds) {
      const { x, t } = feeds as unknown as Record<'x' | 't', ort.Tensor>;
      const timestep = (t.data as Float32Array)[0]!;
      calls.push(timestep);
      const [level] = levels([timestep]);
      const eps = (x.data as Float32Array).map((value, i) =>
        noiseIn(value, SPREADS[i % SPREADS.length]!, level!),
      );
      return { eps: new ort.Tensor('float32', eps, x.dims) } as never;
    },
    async release() {},
  };
  return { denoiser, calls };
}

/** By how much DDIM multiplies an element on its way from noise to a clean latent. */
function gain(timesteps: readonly number[], spread: number): number {
  const path = levels(timesteps);
  let x = 1;
  for (let i = 0; i < timesteps.length; i++) {
    const [now, next] = [path[i]!, path[i + 1]!];
    const eps = noiseIn(x, spread, now);
    x = next.alpha * ((x - now.sigma * eps) / now.alpha) + next.sigma * eps;
  }
  return x;
}

/** The curve and equal spacing, as the page on the method has them. */
const curve = (steps: number, gamma: number) => {
  const list = Array.from({ length: steps }, (_, i) =>
    Math.max(0, Math.round(TRAIN * (1 - i / steps) ** gamma) - 1),
  );
  for (let i = steps - 2; i >= 0; i--) list[i] = Math.max(list[i]!, list[i + 1]! + 1);
  return list;
};

function oracle(steps: number, referenceSteps: number, seed: number) {
  const noise = batchNoise(seed, [IMAGES, SPREADS.length])();
  const wanted = SPREADS.map((spread) => gain(curve(referenceSteps, 1), spread));
  return (timesteps: readonly number[]) => {
    expect(timesteps).toHaveLength(steps);
    const off = SPREADS.map((spread, i) => gain(timesteps, spread) - wanted[i]!);
    const squares = Array.from(noise, (x, i) => (x * off[i % SPREADS.length]!) ** 2);
    return squares.reduce((a, b) => a + b) / squares.length;
  };
}

describe('on a denoiser that is known', () => {
  test.each([
    { steps: 2, seed: 0 },
    { steps: 4, seed: 1 },
    { steps: 10, seed: 2 },
    { steps: 20, seed: 3 },
  ])('$steps steps: near to the best of a fine grid', async ({ steps, seed }) => {
    const errorOf = oracle(steps, 100, seed);
    const found = await optimizeTimesteps(toy().denoiser, { steps, seed, samples: IMAGES });
    expect(found.timesteps).toEqual(curve(steps, found.gamma));
    // the latents are float32
    expect(found.error / errorOf(found.timesteps)).toBeCloseTo(1, 3);
    expect(found.uniform.error / errorOf(curve(steps, 1))).toBeCloseTo(1, 3);
    const grid = Array.from({ length: 401 }, (_, i) => errorOf(curve(steps, 4 ** (i / 200 - 1))));
    expect(errorOf(found.timesteps)).toBeLessThanOrEqual(1.01 * Math.min(...grid));
    expect(found.error).toBeLessThanOrEqual(found.uniform.error);
    expect(found.error).toBe(Math.min(...found.tried.map(({ error }) => error)));
  });

  test('images go one after another through a model of fixed batch', async () => {
    const options = { steps: 4, seed: 1, samples: IMAGES };
    const [one, all] = [toy(1), toy()];
    const found = await optimizeTimesteps(one.denoiser, options);
    expect(found).toEqual(await optimizeTimesteps(all.denoiser, options));
    expect(one.calls).toEqual(all.calls.flatMap((timestep) => Array(IMAGES).fill(timestep)));
    // a bundle keeps states, those of one batch: whole loops run one after another
    const own = toy(1);
    const progress: number[] = [];
    const bundle = await optimizeTimesteps(
      { ...own.denoiser, calls: 4 },
      {
        ...{ ...options, reference: toy(1).denoiser },
        onProgress: (done, most) => progress.push(done / most),
      },
    );
    expect(bundle).toEqual(found);
    const [, ...rest] = curve(4, bundle.tried[0]!.gamma);
    expect(own.calls.slice(0, 4).slice(1)).toEqual(rest);
    expect(Math.max(...progress)).toBeLessThanOrEqual(1);
  });

  test('runs the reference once, and equal lists once', async () => {
    const { denoiser, calls } = toy();
    const progress: number[] = [];
    const { tried } = await optimizeTimesteps(denoiser, {
      steps: 2,
      referenceSteps: 20,
      sampler: { name: 'ddim', schedule: { trainTimesteps: 20 } },
      onProgress: (done, most) => progress.push(done / most),
    });
    const lists = new Set(
      tried.map(({ gamma }) => gammaTimesteps({ steps: 2, trainTimesteps: 20, gamma }).join()),
    );
    expect(tried).toHaveLength(EVALUATIONS);
    expect(lists.size).toBeLessThan(tried.length);
    expect(calls).toHaveLength(20 + 2 * lists.size);
    expect(progress).toHaveLength(calls.length);
    expect(progress.at(-1)).toBeLessThanOrEqual(1);
  });

  test('places them by the training that the sampler is told of', async () => {
    const sampler = { name: 'ddim', schedule: { trainTimesteps: 200 } } as const;
    const options = { steps: 5, referenceSteps: 20, sampler };
    const found = await optimizeTimesteps(toy().denoiser, options);
    expect([found.trainTimesteps, found.timesteps[0]]).toEqual([200, 199]);
  });

  test('the sampler’s own spacing and steps have no say', async () => {
    const odd = { steps: 3, spacing: 'quad', offset: 7, timesteps: [5] };
    const options = { steps: 5, referenceSteps: 20 };
    const plain = await optimizeTimesteps(toy().denoiser, options);
    const given = { ...options, sampler: { name: 'ddim', ...odd } as const };
    expect(await optimizeTimesteps(toy().denoiser, given)).toEqual(plain);
  });

  test.each<[string, Partial<OptimizeTimestepsOptions>, string]>([
    ['no steps', { steps: 0 }, 'SAMPLER_OPTION_RANGE'],
    ['more steps than timesteps', { steps: 1001, referenceSteps: 1001 }, 'SAMPLER_OPTION_RANGE'],
    ['a shorter reference', { steps: 10, referenceSteps: 9 }, 'TIMESTEPS_REFERENCE'],
    ['too long a reference', { referenceSteps: 1001 }, 'TIMESTEPS_REFERENCE'],
    ['half a step of reference', { referenceSteps: 50.5 }, 'TIMESTEPS_REFERENCE'],
    ['fresh noise', { sampler: { name: 'ddim', eta: 0.5 } }, 'TIMESTEPS_NOISE'],
    ['Karras levels', { sampler: { name: 'euler', levels: 'karras' } }, 'TIMESTEPS_LEVELS'],
    ['a flow', { sampler: { name: 'euler-flow' } }, 'TIMESTEPS_CONTINUOUS'],
    ['no samples', { samples: 0 }, 'CALIBRATE_SAMPLES'],
    ['no scale', { guidance: { order: 'cond-first', mode: 'batch' } }, 'CALIBRATE_GUIDANCE'],
    ['another batch', { samples: 4, freeze: { batch: 3 } }, 'CALIBRATE_BATCH'],
    ['a size that is none', { freeze: { height: 3 } }, 'SHAPE_UNKNOWN_SYMBOL'],
    ['a shape of no input', { shapes: { y: [3, 4] } }, 'SHAPE_UNKNOWN_INPUT'],
    ['a shape that does not fit', { shapes: { x: [8, 5] } }, 'SHAPE_MISFIT'],
  ])('refuses %s before anything runs', async (_, options, code) => {
    const { denoiser, calls } = toy();
    const act = optimizeTimesteps(denoiser, { steps: 5, referenceSteps: 20, ...options });
    await expect(act).rejects.toMatchObject({ code });
    expect(calls).toEqual([]);
  });

  test('refuses numbers that are not finite', async () => {
    const { denoiser } = toy();
    const nan = async () =>
      ({ eps: new ort.Tensor('float32', new Float32Array(32).fill(Number.NaN), [8, 4]) }) as never;
    const act = optimizeTimesteps({ ...denoiser, call: nan }, { steps: 2 });
    await expect(act).rejects.toMatchObject({
      code: 'TIMESTEPS_NOT_FINITE',
      message: expect.stringMatching(/reference loop\. Output "eps" .* step 0 of 100/),
    });
  });

  /** The toy, which gives NaN in loops whose second timestep is not as it should be. */
  const breaking = (passes: (second: number) => boolean) => {
    const { denoiser } = toy();
    let before = 0;
    const call: LoopDenoiser['call'] = async (feeds, context) => {
      const t = (feeds.t as ort.Tensor).data as Float32Array;
      const isSecond = before === TRAIN - 1;
      before = t[0]!;
      // the reference has 20 steps, so its second is 949
      if (!isSecond || t[0] === 949 || passes(t[0]!)) return denoiser.call(feeds, context);
      const x = feeds.x as ort.Tensor;
      return {
        eps: new ort.Tensor('float32', new Float32Array(x.size).fill(Number.NaN), x.dims),
      } as never;
    };
    return { ...denoiser, call };
  };
  const LOOP = { steps: 2, referenceSteps: 20 };

  test('goes past gammas whose loop is not finite', async () => {
    const { tried, error, timesteps } = await optimizeTimesteps(
      breaking((second) => second < 400),
      LOOP,
    );
    const broken = tried.filter(({ error: e }) => e === Number.POSITIVE_INFINITY);
    expect(broken.length).toBeGreaterThan(2);
    expect(broken.length).toBeLessThan(tried.length - 2);
    expect([Number.isFinite(error), timesteps[1]! < 400]).toEqual([true, true]);
  });

  test('says where the first loop broke, where all did', async () => {
    await expect(
      optimizeTimesteps(
        breaking(() => false),
        LOOP,
      ),
    ).rejects.toMatchObject({
      code: 'TIMESTEPS_NOT_FINITE',
      message: expect.stringMatching(/every gamma .* Output "eps" .* step 1 of 2, which is call 1/),
    });
  });
});

describe('the search', () => {
  const errors = (of: (octaves: number) => number) =>
    searchGamma(async (gamma) => of(Math.log2(gamma)));

  test.each([-1.93, -0.7, 0, 0.31, 1.62])(
    'finds the bottom of a valley at %d octaves',
    async (at) => {
      const tried = await errors((octaves) => (octaves - at) ** 2);
      expect(tried).toHaveLength(EVALUATIONS);
      expect(Math.abs(Math.log2(best(tried).gamma) - at)).toBeLessThan(0.025);
    },
  );

  test('ends at the edge where the error falls towards it', async () => {
    expect(best(await errors((octaves) => octaves)).gamma).toBe(1 / 4);
    expect(best(await errors((octaves) => -octaves)).gamma).toBe(4);
  });

  test('prefers equal spacing where nothing is better', async () => {
    expect(best(await errors(() => 1)).gamma).toBe(1);
  });

  test('goes around what is not finite', async () => {
    const tried = await errors((octaves) => (octaves < 0.2 ? Number.POSITIVE_INFINITY : octaves));
    expect(Math.log2(best(tried).gamma)).toBeGreaterThanOrEqual(0.2);
    expect(Math.log2(best(tried).gamma)).toBeLessThan(0.25);
  });
});

describe('on the digits U-Net', () => {
  const file = 'samples/digits/digits-unet.onnx';
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-timesteps-'));
  const [steps, referenceSteps, samples, seed] = [4, 20, 2, 5];
  const int64 = (...values: bigint[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values), [values.length]) as never;
  const feeds = { class_labels: int64(3n, 7n) };
  const unconditional = { class_labels: int64(10n, 10n) };
  const guidance = { order: 'uncond-first', mode: 'batch', scale: 2, unconditional } as const;
  const sampler = { name: 'ddim', clip: 1 } as const;
  const options = { steps, referenceSteps, samples, seed, feeds, sampler };
  let plain: LoopDenoiser;

  beforeAll(async () => {
    plain = await openLoopModel(file);
  });
  afterAll(async () => {
    await plain.release();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** Mean squared difference, from loops that are told all there is to tell. */
  async function errorOf(loop: LoopDenoiser, timesteps: readonly number[], guided: boolean) {
    const run = async (on: LoopDenoiser, where: object) =>
      (
        await generate(on, {
          sampler: createSampler('ddim', { clip: 1, ...where }),
          seed,
          feeds,
          ...(guided && { guidance }),
        })
      ).latent;
    const wanted = await run(plain, { steps: referenceSteps, spacing: 'trailing' });
    const found = await run(loop, { timesteps });
    return found.reduce((sum, x, i) => sum + (x - wanted[i]!) ** 2, 0) / found.length;
  }

  test.each([true, false])('is no worse than gamma 1; guidance %s', async (guided) => {
    const found = await optimizeTimesteps(plain, { ...options, ...(guided && { guidance }) });
    const trailing = createSampler('ddim', { steps, spacing: 'trailing' }).timesteps;
    expect(found.madeUp).toEqual([]);
    expect(found.error).toBeLessThanOrEqual(found.uniform.error);
    expect(found.error).toBeCloseTo(await errorOf(plain, found.timesteps, guided), 7);
    expect(found.uniform.error).toBeCloseTo(await errorOf(plain, trailing, guided), 7);
  });

  async function bundle(name: string, interval: number, twoCalls = false): Promise<LoopDenoiser> {
    const made = await Pipeline.create({
      calls: twoCalls ? 2 * steps : steps,
      ...(twoCalls && { guidance: { order: 'uncond-first', mode: 'two-calls' } as const }),
    })
      .use(deepcache, { branch: 3, interval })
      .compile(loadModel(file));
    const at = path.join(folder, name);
    writeBundle(made, at, { sourceFile: file });
    return openLoopBundle(at);
  }

  test('of a bundle, compared with its source', async () => {
    const [exact, cached] = [await bundle('exact', 1), await bundle('cached', 2)];
    const alone = await optimizeTimesteps(plain, { ...options, guidance });
    const same = await optimizeTimesteps(exact, { ...options, guidance, reference: plain });
    expect(same.timesteps).toEqual(alone.timesteps);
    expect(same.error).toBeCloseTo(alone.error, 6);
    const found = await optimizeTimesteps(cached, { ...options, guidance, reference: plain });
    expect(found.error).toBeGreaterThan(alone.error);
    expect(found.error).toBeCloseTo(await errorOf(cached, found.timesteps, true), 7);
    const other = { ...options, steps: 5, reference: plain };
    expect((await optimizeTimesteps(cached, other)).timesteps).toHaveLength(5);
    await expect(optimizeTimesteps(cached, options)).rejects.toMatchObject({
      code: 'TIMESTEPS_REFERENCE',
    });
    await exact.release();
    await cached.release();
  });

  test('of a bundle with guidance in two calls a step', async () => {
    const turns = await bundle('turns', 1, true);
    const inTurns = { ...guidance, mode: 'two-calls' } as const;
    const found = await optimizeTimesteps(turns, {
      ...options,
      guidance: inTurns,
      reference: plain,
    });
    const alone = await optimizeTimesteps(plain, { ...options, guidance });
    expect(found.error).toBeCloseTo(alone.error, 6);
    await turns.release();
  });

  test('makes up labels of all classes, the same for both denoisers', async () => {
    const { feeds: _, ...rest } = options;
    const exact = await openLoopBundle(path.join(folder, 'exact'));
    const alone = await optimizeTimesteps(plain, rest);
    const same = await optimizeTimesteps(exact, { ...rest, reference: plain });
    expect(alone.madeUp).toEqual(['class_labels']);
    expect(same.error).toBeCloseTo(alone.error, 6);
    expect(plain.classes).toEqual(new Map([['class_labels', 11]]));
    await exact.release();
  });
});
