/** Loops that start in their middle, from a clean latent that noise covers in part. */
import { describe, expect, it } from 'vitest';
import {
  createRandom,
  createSampler,
  noiseSchedule,
  SAMPLER_NAMES,
  solverOf,
  startOfStrength,
} from '../../../src/runtime/samplers/index.js';
import { type Denoiser, runSampler } from './run-sampler.js';

const noise = createRandom(4).normals(12);
const clean = createRandom(5).normals(12);
const curve: Denoiser = (latent, timestep) => latent.map((x) => Math.sin(x + timestep / 100));
const refused = (code: string) => expect.objectContaining({ code });

const near = (found: Float32Array, wanted: (i: number) => number) =>
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted(i))).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted(i))));
  });

/** Timesteps of steps, where some of them make two calls. */
const stepsOf = (timesteps: readonly number[]) =>
  timesteps.filter((t, i) => t !== timesteps[i - 1]);

describe.each(SAMPLER_NAMES)('%s', (name) => {
  const fresh = () => noise;
  const { options: known } = solverOf(name);

  it('goes on where the whole loop is, and remembers nothing of the steps before', () => {
    const whole = createSampler(name, { steps: 12 });
    const late = createSampler(name, { steps: 12, start: 5 });
    expect(late.firstCall + late.timesteps.length).toBe(whole.timesteps.length);
    expect(stepsOf(late.timesteps)).toEqual(stepsOf(whole.timesteps).slice(5));
    const [timestep] = late.timesteps;
    const there = whole.timesteps.lastIndexOf(timestep!);
    const trajectory = late.start(noise, clean);
    expect(trajectory.latent).toEqual(whole.noised(clean, noise, there));
    const output = curve(late.scaleInput(trajectory.latent, 0), timestep!);
    const { latent } = late.step(output, 0, trajectory, fresh);
    const alone = whole.step(output, there, { latent: trajectory.latent }, fresh);
    expect(latent).toEqual(alone.latent);
  });

  it('ends as a loop over the timesteps that are left', () => {
    const given = {
      prediction: 'v',
      ...(Object.hasOwn(known, 'lowerOrderFinal') && { lowerOrderFinal: false }),
    } as const;
    const late = createSampler(name, { ...given, steps: 20, spacing: 'trailing', start: 8 });
    const list = createSampler(name, { ...given, timesteps: stepsOf(late.timesteps) });
    expect(list.timesteps).toEqual(late.timesteps);
    const run = (sampler: typeof late) => runSampler(sampler, curve, noise, fresh, clean);
    expect(run(late)).toEqual(run(list));
  });

  it('covers a picture less and less, and in the end not at all', () => {
    const sampler = createSampler(name, { steps: 9 });
    const calls = sampler.timesteps.length;
    const shares = Array.from({ length: calls + 1 }, (_, step) => {
      const level = step < calls ? step : calls;
      const [signal] = sampler.scaleInput(
        sampler.noised(one, zero, level),
        Math.min(step, calls - 1),
      );
      const [spread] = sampler.scaleInput(
        sampler.noised(zero, one, level),
        Math.min(step, calls - 1),
      );
      return spread! / signal!;
    });
    shares.slice(0, calls).forEach((share, step) => {
      expect(-2 * Math.log(share)).toBeCloseTo(sampler.logSnr[step]!, 5);
      expect(share).toBeLessThanOrEqual(shares[step - 1] ?? Number.POSITIVE_INFINITY);
    });
    expect(sampler.noised(clean, noise, calls)).toEqual(clean);
  });

  it('finds the picture again where the denoiser knows it', () => {
    const sampler = createSampler(name, { steps: 20, start: 13, prediction: 'sample' });
    near(
      runSampler(sampler, () => clean, noise, fresh, clean),
      (i) => clean[i]!,
    );
  });

  it.each([
    { steps: 5, start: 5 },
    { steps: 5, start: -1 },
    { start: 2.5 },
    { timesteps: [500, 400], start: 2 },
  ])('refuses %o', (options) => {
    expect(() => createSampler(name, options)).toThrow(refused('SAMPLER_OPTION_RANGE'));
  });

  it('refuses a start without a picture, levels that it has not, and noise of another size', () => {
    const sampler = createSampler(name, { steps: 6, start: 2 });
    expect(() => sampler.start(noise)).toThrow(refused('SAMPLER_CLEAN_MISSING'));
    for (const step of [-1, 0.5, sampler.timesteps.length + 1])
      expect(() => sampler.noised(clean, noise, step)).toThrow(refused('SAMPLER_STEP_RANGE'));
    expect(() => sampler.noised(clean, noise.slice(1), 0)).toThrow(
      refused('SAMPLER_LATENT_LENGTH'),
    );
  });
});

const one = Float32Array.of(1);
const zero = Float32Array.of(0);

describe('what a picture is covered with', () => {
  const { alphasCumprod } = noiseSchedule();

  it('is the share of the training', () => {
    const sampler = createSampler('ddim', { timesteps: [900, 500, 20] });
    [900, 500, 20].forEach((timestep, step) => {
      const signal = alphasCumprod[timestep]!;
      near(
        sampler.noised(clean, noise, step),
        (i) => Math.sqrt(signal) * clean[i]! + Math.sqrt(1 - signal) * noise[i]!,
      );
    });
  });

  it('has the scale of Euler, whose signal stays as it is', () => {
    const sampler = createSampler('euler', { timesteps: [900, 500, 20], start: 1 });
    const signal = alphasCumprod[500]!;
    near(
      sampler.start(noise, clean).latent,
      (i) => clean[i]! + Math.sqrt((1 - signal) / signal) * noise[i]!,
    );
  });

  it('is a share of the way along a straight path', () => {
    const sampler = createSampler('euler-flow', { steps: 4, start: 1 });
    near(sampler.start(noise, clean).latent, (i) => 0.25 * clean[i]! + 0.75 * noise[i]!);
  });

  it('is what the loop ends at where that is some noise', () => {
    const sampler = createSampler('ddim', { steps: 4, final: 'first' });
    const signal = alphasCumprod[0]!;
    near(
      sampler.noised(clean, noise, 4),
      (i) => Math.sqrt(signal) * clean[i]! + Math.sqrt(1 - signal) * noise[i]!,
    );
  });
});

describe('startOfStrength', () => {
  // as get_timesteps of diffusers' pipelines: of Stable Diffusion, and of SD 3 and FLUX
  it.each([
    [50, 0.8, 10, 10],
    [50, 1, 0, 0],
    [30, 0.75, 8, 7],
    [28, 0.3, 20, 19],
    [100, 0.29, 72, 71],
    [4, 0.5, 2, 2],
    [1, 1, 0, 0],
  ] as const)(
    '%i steps at %d start at %i, and at %i along the flow',
    (steps, strength, start, flow) => {
      expect(startOfStrength(steps, strength)).toBe(start);
      expect(startOfStrength(steps, strength, 'flow')).toBe(flow);
    },
  );

  it('refuses what leaves nothing', () => {
    expect(() => startOfStrength(50, 0.01)).toThrow(refused('SAMPLER_STRENGTH'));
    expect(() => startOfStrength(50, 0.01)).toThrow(/0.01 leaves none of 50 steps/);
    expect(startOfStrength(50, 0.02)).toBe(49);
    expect(startOfStrength(50, 0.01, 'flow')).toBe(49);
    for (const path of ['variance-preserving', 'flow'] as const)
      expect(() => startOfStrength(50, 0, path)).toThrow(refused('SAMPLER_STRENGTH'));
  });

  it.each([
    [50, 1.1],
    [50, -0.1],
    [50, Number.NaN],
    [0, 0.5],
    [2.5, 0.5],
  ])('refuses %d steps and a strength of %d', (steps, strength) => {
    expect(() => startOfStrength(steps, strength)).toThrow(refused('SAMPLER_OPTION_RANGE'));
  });
});
