import { describe, expect, it } from 'vitest';
import { roundHalfToEven } from '../../../src/runtime/samplers/numbers.js';
import { spacedTimesteps, type TimestepSpacing } from '../../../src/runtime/samplers/spacings.js';
import reference from './reference.json' with { type: 'json' };

const train = { trainTimesteps: 1000, offset: 0, arrivalPoint: false };

describe('spacedTimesteps', () => {
  it.each(reference.spacings)('is NumPy’s: $spacing, $steps of $trainTimesteps', (recorded) => {
    const timesteps = spacedTimesteps({
      ...recorded,
      spacing: recorded.spacing as TimestepSpacing,
      arrivalPoint: false,
    });
    expect(timesteps.map(roundHalfToEven)).toEqual(recorded.timesteps);
  });

  it('follows table 2 of Lin et al. for 10 steps of 1000', () => {
    const tens = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((ten) => ten * 100);
    expect(spacedTimesteps({ ...train, spacing: 'leading', steps: 10 })).toEqual(tens);
    expect(spacedTimesteps({ ...train, spacing: 'linear', steps: 10 })).toEqual([
      999, 888, 777, 666, 555, 444, 333, 222, 111, 0,
    ]);
    expect(spacedTimesteps({ ...train, spacing: 'trailing', steps: 10 })).toEqual(
      tens.map((ten) => ten + 99),
    );
  });

  it('adds the offset', () => {
    expect(spacedTimesteps({ ...train, spacing: 'leading', steps: 5, offset: 1 })).toEqual([
      801, 601, 401, 201, 1,
    ]);
  });

  it('keeps a point to arrive at', () => {
    const arriving = { ...train, arrivalPoint: true };
    expect(spacedTimesteps({ ...arriving, spacing: 'linear', steps: 9 })).toEqual([
      999, 888, 777, 666, 555, 444, 333, 222, 111,
    ]);
    expect(spacedTimesteps({ ...arriving, spacing: 'trailing', steps: 4 })).toEqual([
      999, 749, 499, 249,
    ]);
  });

  it('starts a single step from the noisiest point', () => {
    expect(spacedTimesteps({ ...train, spacing: 'linear', steps: 1 })).toEqual([999]);
    expect(spacedTimesteps({ ...train, spacing: 'trailing', steps: 1 })).toEqual([999]);
    expect(spacedTimesteps({ ...train, spacing: 'quad', steps: 1 })).toEqual([800]);
  });

  it.each([
    { steps: 0 },
    { steps: 1001 },
    { steps: 2.5 },
    { steps: 1000, arrivalPoint: true },
    { steps: 10, offset: 100 },
    { steps: 10, offset: -1 },
  ])('refuses %o', (options) => {
    expect(() => spacedTimesteps({ ...train, spacing: 'leading', ...options })).toThrow(
      expect.objectContaining({ code: 'SAMPLER_OPTION_RANGE' }),
    );
  });
});
