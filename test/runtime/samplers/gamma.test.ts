/** The gamma curve, against its formula worked out by hand, and what holds for any gamma. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gammaTimesteps } from '../../../src/runtime/samplers/index.js';
import { spacedTimesteps } from '../../../src/runtime/samplers/spacings.js';

const settings = fc.integer({ min: 1, max: 1500 }).chain((trainTimesteps) =>
  fc.record({
    trainTimesteps: fc.constant(trainTimesteps),
    steps: fc.integer({ min: 1, max: Math.min(trainTimesteps, 120) }),
  }),
);
const gammas = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

describe('gammaTimesteps', () => {
  it.each([
    // 10, 6.4, 3.6, 1.6, 0.4, rounded, less 1; the last, -1, is moved to 0
    { trainTimesteps: 10, steps: 5, gamma: 2, expected: [9, 5, 3, 1, 0] },
    // 100, 86.6, 70.7, 50
    { trainTimesteps: 100, steps: 4, gamma: 0.5, expected: [99, 86, 70, 49] },
    // halves go to the even number: 25 * 0.5 is 12.5
    { trainTimesteps: 25, steps: 2, gamma: 1, expected: [24, 11] },
    // 1000, 421.9, 125, 15.6
    { trainTimesteps: 1000, steps: 4, gamma: 3, expected: [999, 421, 124, 15] },
    // all at one end, moved apart
    { trainTimesteps: 1000, steps: 3, gamma: 1e-9, expected: [999, 998, 997] },
    { trainTimesteps: 1000, steps: 3, gamma: 1e9, expected: [999, 1, 0] },
    { trainTimesteps: 4, steps: 4, gamma: 7, expected: [3, 2, 1, 0] },
    { trainTimesteps: 1, steps: 1, gamma: 1, expected: [0] },
  ])('$steps of $trainTimesteps at gamma $gamma', ({ expected, ...options }) => {
    expect(gammaTimesteps(options)).toEqual(expected);
  });

  it('counts on 1000 timesteps of training where nothing is said', () => {
    expect(gammaTimesteps({ steps: 2, gamma: 1 })).toEqual([999, 499]);
  });

  it('at gamma 1 is trailing spacing', () => {
    fc.assert(
      fc.property(settings, (setting) => {
        expect(gammaTimesteps({ ...setting, gamma: 1 })).toEqual(
          spacedTimesteps({ ...setting, spacing: 'trailing', offset: 0, arrivalPoint: false }),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('goes down from the last timestep, each step by at least one, and ends at 0 or above', () => {
    fc.assert(
      fc.property(settings, gammas, (setting, gamma) => {
        const timesteps = gammaTimesteps({ ...setting, gamma });
        expect(timesteps).toHaveLength(setting.steps);
        expect(timesteps[0]).toBe(setting.trainTimesteps - 1);
        for (const [i, timestep] of timesteps.entries()) {
          expect(Number.isInteger(timestep)).toBe(true);
          expect(timestep - (timesteps[i + 1] ?? -1)).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never visits more noise with more gamma', () => {
    fc.assert(
      fc.property(settings, gammas, gammas, (setting, one, other) => {
        const low = gammaTimesteps({ ...setting, gamma: Math.min(one, other) });
        const high = gammaTimesteps({ ...setting, gamma: Math.max(one, other) });
        for (const [i, timestep] of high.entries()) expect(timestep).toBeLessThanOrEqual(low[i]!);
      }),
    );
  });

  it.each([
    { steps: 0 },
    { steps: -1 },
    { steps: 2.5 },
    { steps: 1001 },
    { steps: 11, trainTimesteps: 10 },
    { trainTimesteps: 0 },
    { trainTimesteps: 10.5 },
    { gamma: 0 },
    { gamma: -1 },
    { gamma: Number.NaN },
    { gamma: Number.POSITIVE_INFINITY },
  ])('refuses %o', (options) => {
    expect(() => gammaTimesteps({ steps: 5, gamma: 1, ...options })).toThrow(
      expect.objectContaining({ code: 'SAMPLER_OPTION_RANGE' }),
    );
  });
});
