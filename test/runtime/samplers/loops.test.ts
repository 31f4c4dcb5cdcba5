/** Whole loops of every sampler against the papers' equations (scripts/loops-reference.py). */
import { describe, expect, it } from 'vitest';
import { betaQuantile, betaShare } from '../../../src/runtime/samplers/beta-quantile.js';
import {
  createSampler,
  SAMPLER_NAMES,
  type SamplerName,
  stepsFor,
} from '../../../src/runtime/samplers/index.js';
import reference from './loops.json' with { type: 'json' };
import { runSampler } from './run-sampler.js';

const noise = Float32Array.from(reference.noise);
const clean = Float32Array.from(reference.clean);

// as in the script
const denoiser = (latent: Float32Array, timestep: number) =>
  latent.map((x) => 0.6 * Math.sin(x) + 0.3 * Math.cos(timestep / 200) * x);
const fresh = (draw: number) => noise.map((_, i) => Math.sin(i * 1.3 + draw));

/** Of the largest number, which float32 rounds everything to that is added to it. */
const CLOSE = 1e-6;

describe.each(SAMPLER_NAMES)('%s', (name) => {
  const runs = reference.runs.filter((run) => run.name === name);

  it.each(runs.map((run) => [JSON.stringify(run.options), run] as const))(
    '%s',
    (_, { options, timesteps, latent }) => {
      const sampler = createSampler(name as SamplerName, options as object);
      expect(sampler.timesteps).toHaveLength(timesteps.length);
      sampler.timesteps.forEach((t, i) => {
        expect(Math.abs(t - timesteps[i]!)).toBeLessThan(1e-6);
      });
      const { start } = options as { start?: number };
      const found = runSampler(sampler, denoiser, noise, fresh, start ? clean : undefined);
      const most = CLOSE * Math.max(...latent.map(Math.abs));
      latent.forEach((expected, i) => {
        expect(Math.abs(found[i]! - expected)).toBeLessThan(most);
      });
      const whole = sampler.firstCall + sampler.timesteps.length;
      expect(stepsFor(name, whole)).toBe(options.steps);
    },
  );

  it('is among them, over all numbers of steps and from a middle', () => {
    expect(new Set(runs.map(({ options }) => options.steps)).size).toBe(5);
    expect(runs.some(({ options }) => 'start' in options)).toBe(true);
  });
});

describe('quantiles of the beta distribution', () => {
  it.each(reference.quantiles)('$share lies below $at', ({ share, at }) => {
    expect(Math.abs(betaQuantile(share, 0.6, 0.6) / at - 1)).toBeLessThan(1e-9);
  });

  it('are what has so much below', () => {
    for (const [a, b] of [
      [0.6, 0.6],
      [2, 5],
      [1, 1],
    ] as const)
      for (const share of [0, 0.001, 0.3, 0.7, 0.99, 1])
        expect(betaShare(betaQuantile(share, a, b), a, b)).toBeCloseTo(share, 10);
    // Beta(2, 1) has the square of x below x
    expect(betaQuantile(0.49, 2, 1)).toBeCloseTo(0.7, 12);
  });
});
