import { describe, expect, it } from 'vitest';
import { batchNoise, createRandom, philox4x32 } from '../../../src/runtime/samplers/random.js';
import reference from './reference.json' with { type: 'json' };

describe('Philox4x32-10', () => {
  // The known answers that its authors publish with Random123 (kat_vectors).
  it.each([
    [
      '00000000 00000000 00000000 00000000',
      '00000000 00000000',
      '6627e8d5 e169c58d bc57ac4c 9b00dbd8',
    ],
    [
      'ffffffff ffffffff ffffffff ffffffff',
      'ffffffff ffffffff',
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      '243f6a88 85a308d3 13198a2e 03707344',
      'a4093822 299f31d0',
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ])('counter %s, key %s', (counter, key, expected) => {
    const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));
    const block = philox4x32(
      words(counter) as [number, number, number, number],
      words(key) as [number, number],
    );
    expect(block).toEqual(words(expected));
  });
});

describe('createRandom', () => {
  it('gives the recorded normal numbers', () => {
    for (const { seed, stream, values } of reference.normals) {
      const random = createRandom(seed, stream);
      for (const value of values) expect(random.normal()).toBeCloseTo(value, 12);
    }
  });

  it('draws from the standard normal distribution', () => {
    const values = createRandom(11).normals(100_000).sort();
    const moment = (power: number) =>
      values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    // Five standard errors of each moment.
    const error = (variance: number) => 5 * Math.sqrt(variance / values.length);
    expect(Math.abs(moment(1))).toBeLessThan(error(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(error(2));
    expect(Math.abs(moment(3))).toBeLessThan(error(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(error(96));
    // Quantiles from a table of the normal distribution; density 0.4 at most, so rank error is bounded.
    for (const [share, quantile] of [
      [0.5, 0],
      [0.841345, 1],
      [0.97725, 2],
      [0.99865, 3],
      [0.158655, -1],
    ] as const) {
      const below = values.findIndex((value) => value > quantile) / values.length;
      expect(Math.abs(below - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / 100_000));
    }
  });

  it('draws integers below a limit, each as often', () => {
    const random = createRandom(5);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[random.integer(6)]!++;
    for (const count of counts) {
      expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt((60_000 * 5) / 36));
    }
  });

  it('stays strictly between 0 and 1', () => {
    const random = createRandom(1);
    for (let i = 0; i < 1000; i++) {
      const value = random.uniform();
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
    }
  });

  it.each([-1, 1.5, 2 ** 53, Number.NaN])('refuses seed %s', (seed) => {
    expect(() => createRandom(seed)).toThrow(
      expect.objectContaining({ code: 'SAMPLER_OPTION_RANGE' }),
    );
  });
});

describe('batchNoise', () => {
  it('gives an image the same noise in a batch of any size, draw after draw', () => {
    const alone = batchNoise(3, [1, 2, 5]);
    const together = batchNoise(3, [3, 2, 5]);
    for (let draw = 0; draw < 3; draw++) {
      expect(together().subarray(0, 10)).toEqual(alone());
    }
  });

  it('repeats no image, neither in the batch nor under the next seed', () => {
    const noise = batchNoise(3, [2, 4])();
    expect(noise.subarray(0, 4)).not.toEqual(noise.subarray(4));
    expect(noise.subarray(4)).not.toEqual(batchNoise(4, [1, 4])());
  });
});
