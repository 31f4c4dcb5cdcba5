import { describe, expect, it } from 'vitest';
import { type BetaSchedule, noiseSchedule } from '../../src/samplers/noise-schedule.js';
import reference from './reference.json' with { type: 'json' };

describe('noiseSchedule', () => {
  it.each(reference.schedules)('has the recorded signal shares: $options.betas', (recorded) => {
    const { betas, ...range } = recorded.options;
    const { alphasCumprod } = noiseSchedule({ betas: betas as BetaSchedule, ...range });
    for (const [timestep, signal] of recorded.alphasCumprod) {
      expect(alphasCumprod[timestep!]! / signal!).toBeCloseTo(1, 9);
    }
  });

  it('is Stable Diffusion’s, whose largest noise level is known as 14.6146', () => {
    const { sigmas } = noiseSchedule({
      betas: 'scaled_linear',
      betaStart: 0.00085,
      betaEnd: 0.012,
    });
    expect(sigmas.at(-1)).toBeCloseTo(14.6146, 4);
    expect(sigmas[0]).toBeCloseTo(0.0292, 4);
  });

  it('finds the timestep of each of its noise levels', () => {
    const schedule = noiseSchedule();
    for (const timestep of [0, 1, 17, 500, 999]) {
      expect(schedule.timestepAt(schedule.sigmas[timestep]!)).toBeCloseTo(timestep, 9);
      expect(schedule.sigmaAt(timestep)).toBe(schedule.sigmas[timestep]);
    }
    const middle = schedule.sigmaAt(17.25);
    expect(middle).toBeCloseTo(0.75 * schedule.sigmas[17]! + 0.25 * schedule.sigmas[18]!, 12);
  });

  it.each([
    [{ betas: 'sigmoid' as BetaSchedule }, 'SAMPLER_UNKNOWN_CHOICE'],
    [{ trainTimesteps: 0 }, 'SAMPLER_OPTION_RANGE'],
    [{ betaStart: 0 }, 'SAMPLER_OPTION_RANGE'],
    [{ betaStart: 0.1, betaEnd: 0.05 }, 'SAMPLER_OPTION_RANGE'],
    [{ betaEnd: 1 }, 'SAMPLER_OPTION_RANGE'],
  ])('refuses %o', (options, code) => {
    expect(() => noiseSchedule(options)).toThrow(expect.objectContaining({ code }));
  });
});
