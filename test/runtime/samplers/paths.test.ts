/** Noise paths, and what denoisers predict along them; solvers along other paths than the one of DDPM. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  convert,
  createSampler,
  logSnr,
  type NoisePathOptions,
  noisePath,
  noiseSchedule,
  PREDICTIONS,
  type Prediction,
} from '../../../src/runtime/samplers/index.js';
import { type Denoiser, runSampler } from './run-sampler.js';

const PATHS: NoisePathOptions[] = [
  {},
  { betas: 'cosine', trainTimesteps: 400 },
  { path: 'variance-exploding' },
  { path: 'variance-exploding', sigmaMin: 0.01, sigmaMax: 50, rho: 3, trainTimesteps: 100 },
  { path: 'flow' },
  { path: 'flow', shift: 3, trainTimesteps: 500 },
];

describe.each(PATHS)('path %o', (options) => {
  const path = noisePath(options);

  it('has ever more noise for its signal', () => {
    const { firstTimestep: first, lastTimestep: last } = path;
    const levels = Array.from({ length: 200 }, (_, i) =>
      path.levelAt(first + (i * (last - first)) / 199),
    );
    for (const [i, level] of levels.entries()) {
      if (level.alpha > 0) expect(level.ratio / (level.sigma / level.alpha)).toBeCloseTo(1, 12);
      expect(level.variance).toBeCloseTo(level.alpha ** 2 + level.sigma ** 2, 6);
      if (i > 0) expect(logSnr(level)).toBeLessThan(logSnr(levels[i - 1]!));
    }
  });

  it('finds levels by timestep and by noise over signal', () => {
    for (const share of [0.1, 0.37, 0.9]) {
      const timestep = Math.round(share * path.lastTimestep);
      const level = path.levelAt(timestep);
      expect(path.timestepAt(level.ratio)).toBeCloseTo(timestep, 6);
      const same = path.levelOf(level.ratio);
      expect(same.alpha).toBeCloseTo(level.alpha, 12);
      expect(same.sigma).toBeCloseTo(level.sigma, 10);
    }
    expect(path.levelOf(0)).toMatchObject({ alpha: 1, sigma: 0, ratio: 0 });
  });

  it('tells one prediction from another', () => {
    const signals = fc.double({ min: -3, max: 3, noNaN: true });
    const share = fc.double({ min: 0.02, max: 0.95, noNaN: true });
    fc.assert(
      fc.property(signals, signals, share, (clean, noise, at) => {
        const level = path.levelAt(at * path.lastTimestep);
        const x = level.alpha * clean + level.sigma * noise;
        // each from its definition
        const says: Record<Prediction, number> = {
          epsilon: noise,
          v: level.alpha * noise - level.sigma * clean,
          sample: clean,
          flow: noise - clean,
          'reverse-flow': clean - noise,
        };
        for (const from of PREDICTIONS)
          for (const to of PREDICTIONS) {
            const { ofLatent, ofOutput } = convert(from, to, level);
            expect(ofLatent * x + ofOutput * says[from]).toBeCloseTo(says[to], 6);
          }
      }),
    );
  });
});

describe('the variance-preserving path', () => {
  it('is the noise schedule', () => {
    const path = noisePath({ zeroSnr: true });
    const { sigmas, alphasCumprod } = noiseSchedule({ zeroSnr: true });
    for (const t of [0, 1, 500, 999]) {
      expect(path.levelAt(t).ratio).toBe(sigmas[t]);
      expect(path.levelAt(t).alpha ** 2).toBeCloseTo(alphasCumprod[t]!, 12);
    }
  });
});

describe('the path of flow matching', () => {
  it('is a straight line', () => {
    const { levelAt } = noisePath({ path: 'flow' });
    expect(levelAt(1000)).toEqual({
      alpha: 0,
      sigma: 1,
      ratio: Number.POSITIVE_INFINITY,
      variance: 1,
    });
    expect(levelAt(250)).toMatchObject({ alpha: 0.75, sigma: 0.25 });
  });

  it('is shifted as in equation 23 of Esser et al.', () => {
    const { timesteps } = createSampler('euler-flow', { steps: 4, schedule: { shift: 3 } });
    // 3 s / (1 + 2 s) of 1, 3/4, 1/2, 1/4
    [1000, 900, 750, 500].forEach((t, i) => {
      expect(timesteps[i]).toBeCloseTo(t, 9);
    });
  });
});

describe('the variance-exploding path', () => {
  it('has the levels of Karras et al., and starts from the largest', () => {
    const path = noisePath({ path: 'variance-exploding', trainTimesteps: 18 });
    // the 18 steps of EDM, as k-diffusion lists them
    expect(path.levelAt(17).sigma).toBeCloseTo(80, 10);
    expect(path.levelAt(16).sigma).toBeCloseTo(57.586, 3);
    expect(path.levelAt(0).sigma).toBeCloseTo(0.002, 12);
    const schedule = { path: 'variance-exploding' } as const;
    const sampler = createSampler('ddim', { schedule, spacing: 'linear', steps: 5 });
    expect(sampler.initialScale).toBeCloseTo(80, 10);
  });
});

const noise = Float32Array.from({ length: 8 }, (_, i) => 1.4 * Math.sin(3 * i + 1));
const SHIFTED = { path: 'flow', shift: 2 } as const;

describe('solvers along other paths', () => {
  const curve: Denoiser = (latent, timestep) =>
    latent.map((x) => Math.sin(x + timestep / 300) + 0.2 * x);

  it('DDIM along the straight path is Euler’s method there', () => {
    const common = { steps: 12, spacing: 'trailing', prediction: 'flow' } as const;
    const byDdim = runSampler(
      createSampler('ddim', { ...common, schedule: SHIFTED }),
      curve,
      noise,
    );
    const flow = createSampler('euler-flow', { steps: 12, schedule: { shift: 2 } });
    runSampler(flow, curve, noise).forEach((x, i) => {
      expect(x).toBeCloseTo(byDdim[i]!, 5);
    });
  });

  // data N(mean, spread^2): the best denoiser is known, and so is where the flow ends
  const [mean, spread] = [0.4, 0.5];
  it.each([
    ['euler-flow', {}, 1],
    ['ddim', {}, 1],
    ['dpm++2m', { lowerOrderFinal: false }, 2],
    ['unipc', { order: 2, lowerOrderFinal: false }, 3],
    ['deis', { order: 3, lowerOrderFinal: false }, 3],
  ] as const)('%s %o comes to the end of the flow by the power %i', (name, options, order) => {
    const path = noisePath({ path: 'flow' });
    const deviation = ({ alpha, sigma }: { alpha: number; sigma: number }) =>
      Math.hypot(alpha * spread, sigma);
    const best: Denoiser = (latent, t) => {
      const level = path.levelAt(t);
      const { alpha, sigma } = level;
      return latent.map((x) => {
        const e = (sigma * (x - alpha * mean)) / deviation(level) ** 2;
        const clean = mean + ((alpha * spread ** 2) / deviation(level) ** 2) * (x - alpha * mean);
        return e - clean;
      });
    };
    const errorOf = (steps: number) => {
      const ratios = Array.from({ length: steps + 1 }, (_, i) => 20 * (0.02 / 20) ** (i / steps));
      const timesteps = ratios.map(path.timestepAt).slice(0, steps);
      // the end of the steps as one more, so that all ends where the exact solution is known
      const sampler = createSampler(name, {
        ...options,
        timesteps: [...timesteps, path.timestepAt(0.02)],
        prediction: 'flow',
        schedule: { path: 'flow' },
      } as object);
      const start = path.levelAt(timesteps[0]!);
      let trajectory = sampler.start(noise.map((z) => start.alpha * mean + deviation(start) * z));
      for (let step = 0; step < steps; step++) {
        const output = best(trajectory.latent, sampler.timesteps[step]!);
        trajectory = sampler.step(output, step, trajectory);
      }
      const end = path.levelOf(0.02);
      return Math.max(
        ...noise.map((z, i) =>
          Math.abs(trajectory.latent[i]! - end.alpha * mean - deviation(end) * z),
        ),
      );
    };
    const found = Math.log2(errorOf(20) / errorOf(40));
    expect(found).toBeGreaterThan(order - 0.25);
    expect(found).toBeLessThan(order + 1.1);
  });
});

it.each([
  [{ path: 'straight' as 'flow' }, 'SAMPLER_UNKNOWN_CHOICE'],
  [{ path: 'flow', shift: 0 }, 'SAMPLER_OPTION_RANGE'],
  [{ path: 'flow', betas: 'linear' }, 'SAMPLER_OPTION_UNKNOWN'],
  [{ shift: 3 }, 'SAMPLER_OPTION_UNKNOWN'],
  [{ path: 'variance-exploding', sigmaMin: 3, sigmaMax: 2 }, 'SAMPLER_OPTION_RANGE'],
] as const)('refuses %o', (options, code) => {
  expect(() => noisePath(options as NoisePathOptions)).toThrow(expect.objectContaining({ code }));
});

it('DDIM draws no noise where the path does not preserve the variance', () => {
  expect(() => createSampler('ddim', { eta: 0.5, prediction: 'v', schedule: SHIFTED })).toThrow(
    expect.objectContaining({ code: 'SAMPLER_OPTION_RANGE' }),
  );
});
