/**
 * Samplers against an exact solution. For data N(mean, spread^2) the best possible denoiser is known,
 * and the probability flow carries x to alpha mean + sqrt(alpha^2 spread^2 + sigma^2) z with constant z.
 */
import { describe, expect, it } from 'vitest';
import {
  createSampler,
  noiseSchedule,
  type SamplerName,
  type SamplerOptionsByName,
} from '../../../src/runtime/samplers/index.js';
import { type Denoiser, runSampler } from './run-sampler.js';

const MEAN = 0.4;
const SPREAD = 0.5;
const schedule = noiseSchedule();

const levelAt = (timestep: number) => {
  const ratio = schedule.sigmaAt(timestep);
  const alpha = 1 / Math.sqrt(1 + ratio ** 2);
  return { alpha, sigma: ratio * alpha };
};
const deviationAt = (timestep: number) => {
  const { alpha, sigma } = levelAt(timestep);
  return Math.sqrt((alpha * SPREAD) ** 2 + sigma ** 2);
};

const bestDenoiser: Denoiser = (latent, timestep) => {
  const { alpha, sigma } = levelAt(timestep);
  const variance = deviationAt(timestep) ** 2;
  return latent.map((x) => (sigma * (x - alpha * MEAN)) / variance);
};

/** Timesteps at equal distances in the logarithm of the noise level, where orders show soonest. */
function timesteps(steps: number): number[] {
  const first = Math.log(schedule.sigmas[0]!);
  const last = Math.log(schedule.sigmas.at(-1)!);
  return Array.from({ length: steps }, (_, i) =>
    schedule.timestepAt(Math.exp(last + (i / steps) * (first - last))),
  );
}

/** Largest distance from the exact solution at training timestep 0. */
function errorOf<Name extends SamplerName>(
  name: Name,
  steps: number,
  more: SamplerOptionsByName[Name] = {},
): number {
  const sampler = createSampler<SamplerName>(name, {
    timesteps: timesteps(steps),
    fractionalTimesteps: true,
    final: 'first',
    ...more,
  });
  const z = [-2, -0.7, 0.3, 1.5];
  const top = sampler.timesteps[0]!;
  const noisy = z.map((value) => levelAt(top).alpha * MEAN + deviationAt(top) * value);
  // Euler's own latent is sqrt(sigma^2 + 1) times this; `start` brings the rest.
  const toOwnScale = name === 'euler' ? 1 / levelAt(top).alpha / sampler.initialScale : 1;
  const latent = runSampler(
    sampler,
    bestDenoiser,
    Float32Array.from(noisy, (x) => x * toOwnScale),
  );
  const toUnit = name === 'euler' ? levelAt(0).alpha : 1;
  return Math.max(
    ...z.map((value, i) =>
      Math.abs(latent[i]! * toUnit - (levelAt(0).alpha * MEAN + deviationAt(0) * value)),
    ),
  );
}

describe('samplers converge to the exact probability flow', () => {
  it.each(['ddim', 'euler'] as const)('%s: half the step, half the error', (name) => {
    for (const steps of [40, 80]) {
      const order = Math.log2(errorOf(name, steps) / errorOf(name, 2 * steps));
      expect(order).toBeGreaterThan(0.9);
      expect(order).toBeLessThan(1.15);
    }
  });

  it('dpm++2m: half the step, a quarter of the error', () => {
    for (const steps of [20, 40]) {
      const whole = { lowerOrderFinal: false };
      const order = Math.log2(
        errorOf('dpm++2m', steps, whole) / errorOf('dpm++2m', 2 * steps, whole),
      );
      expect(order).toBeGreaterThan(1.75);
      expect(order).toBeLessThan(2.3);
    }
  });

  it.each([
    // the curvature counts half in the authors' program, so that its third order is a better second
    ['dpm++3m', {}, 2],
    // the corrector is worth one order more
    ['unipc', { order: 1 }, 2],
    ['unipc', { order: 2 }, 3],
    ['unipc', { order: 2, solverType: 'bh1' }, 3],
    ['unipc', { order: 2, predictX0: false }, 3],
    ['unipc', { order: 2, disableCorrector: Array.from({ length: 80 }, (_, i) => i) }, 2],
    ['unipc', { order: 3 }, 3],
    ['deis', { order: 1 }, 1],
    ['deis', { order: 2 }, 2],
    ['deis', { order: 3 }, 3],
  ] as const)('%s %o: the error falls by the power %f', (name, options, order) => {
    const whole = { ...options, lowerOrderFinal: false };
    const found = Math.log2(errorOf(name, 40, whole) / errorOf(name, 80, whole));
    expect(found).toBeGreaterThan(order - 0.1);
    expect(found).toBeLessThan(order + 1);
  });

  it('dpm++2m is nearer than ddim at equal steps', () => {
    for (const steps of [10, 20, 50]) {
      expect(errorOf('dpm++2m', steps, { lowerOrderFinal: false })).toBeLessThan(
        errorOf('ddim', steps) / 2,
      );
    }
  });
});
