import { describe, expect, it } from 'vitest';
import {
  type BetaSchedule,
  LEAST_SIGNAL,
  type NoiseScheduleOptions,
  noiseSchedule,
} from '../../../src/runtime/samplers/noise-schedule.js';
import reference from './reference.json' with { type: 'json' };

describe('noiseSchedule', () => {
  it.each(
    reference.schedules.map(
      ({ options, alphasCumprod }) => [JSON.stringify(options), options, alphasCumprod] as const,
    ),
  )('has the recorded signal shares: %s', (_, options, recorded) => {
    const { alphasCumprod } = noiseSchedule(options as NoiseScheduleOptions);
    for (const [timestep, signal] of recorded) {
      if (signal === 0) expect(alphasCumprod[timestep!]).toBe(0);
      else expect(alphasCumprod[timestep!]! / signal!).toBeCloseTo(1, 9);
    }
  });

  it('leaves no signal at the last timestep, or the least that is asked for', () => {
    const { sigmas, alphasCumprod } = noiseSchedule({ zeroSnr: true });
    expect([alphasCumprod.at(-1), sigmas.at(-1)]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect(alphasCumprod[0]).toBeCloseTo(1 - 1e-4, 15);
    const some = noiseSchedule({ zeroSnr: true }, LEAST_SIGNAL);
    expect(some.sigmas.at(-1)).toBeCloseTo(4096, 3);
    expect(some.sigmas.slice(0, -1)).toEqual(sigmas.slice(0, -1));
    // only where there is none: other schedules are not touched
    expect(noiseSchedule({}, 0.5).alphasCumprod).toEqual(noiseSchedule().alphasCumprod);
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
    [{ snrShift: 0 }, 'SAMPLER_OPTION_RANGE'],
    [{ snrShift: Number.POSITIVE_INFINITY }, 'SAMPLER_OPTION_RANGE'],
    [{ zeroSnr: true, trainTimesteps: 1 }, 'SAMPLER_OPTION_RANGE'],
  ])('refuses %o', (options, code) => {
    expect(() => noiseSchedule(options)).toThrow(expect.objectContaining({ code }));
  });
});
