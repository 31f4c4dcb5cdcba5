import { describe, expect, it } from 'vitest';
import {
  decodeFloat16,
  encodeFloat16,
  fromFloat16Bits,
  toFloat16Bits,
} from '../../src/io/float16.js';
import reference from './npy-reference.json' with { type: 'json' };

const INFINITY_BITS = 0x7c00;

describe('float16', () => {
  it('keeps every number there is', () => {
    for (let pattern = 0; pattern < 0x10000; pattern++) {
      const value = fromFloat16Bits(pattern);
      if (!Number.isNaN(value)) expect(toFloat16Bits(value)).toBe(pattern);
      else expect(fromFloat16Bits(toFloat16Bits(value))).toBeNaN();
    }
  });

  it('knows the landmarks of IEEE 754', () => {
    expect(fromFloat16Bits(0x3c00)).toBe(1);
    expect(fromFloat16Bits(0xc000)).toBe(-2);
    expect(fromFloat16Bits(0x7bff)).toBe(65504);
    expect(fromFloat16Bits(0x0001)).toBe(2 ** -24);
    expect(fromFloat16Bits(0x0400)).toBe(2 ** -14);
    expect(fromFloat16Bits(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
    expect(Object.is(fromFloat16Bits(0x8000), -0)).toBe(true);
  });

  it('rounds as NumPy does', () => {
    const { values, bits } = reference.float16;
    expect([...encodeFloat16(Float32Array.from(values))]).toEqual(bits);
  });

  it('rounds every tie, and the float32 just below and above it, as NumPy does', () => {
    const halves = Float64Array.from({ length: INFINITY_BITS }, (_, bits) => fromFloat16Bits(bits));
    const ties = Float32Array.from(halves, (half, i) => (half + (halves[i + 1] ?? 65536)) / 2);
    const neighbours = (direction: number) => {
      const bits = new Uint32Array(ties.slice().buffer);
      return new Float32Array(bits.map((pattern) => pattern + direction).buffer);
    };
    const sums = [ties, neighbours(-1), neighbours(1)].map((values) =>
      encodeFloat16(values).reduce((sum, bits, i) => sum + bits * ((i + 1) % 1009), 0),
    );
    expect(sums).toEqual(reference.float16.tieSums);
  });

  it('is within half a unit in the last place', () => {
    const values = Float32Array.of(0.1, 1 / 3, 1234.5, -7e-5);
    decodeFloat16(encodeFloat16(values)).forEach((value, i) => {
      expect(Math.abs(value / values[i]! - 1)).toBeLessThanOrEqual(2 ** -11);
    });
  });
});
