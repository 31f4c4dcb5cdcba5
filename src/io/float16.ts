/**
 * float16 as the bit patterns that files and onnxruntime use (IEEE 754 binary16 in a Uint16Array).
 * JavaScript engines before 2025 have no Float16Array; this gives the same values everywhere.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

const SMALLEST_NORMAL = 0x38800000; // 2^-14 as float32 bits
const BEYOND_RANGE = 0x47800000; // 2^16
const INFINITY = 0x7f800000;
const REBIAS = 0x38000000; // (127 - 15) << 23

/** Nearest binary16 of a float32 value, halves to even; too large becomes infinity. */
export function toFloat16Bits(value: number): number {
  float[0] = value;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = bits[0]! & 0x7fffffff;
  if (magnitude > INFINITY) return sign | 0x7e00;
  if (magnitude >= BEYOND_RANGE) return sign | 0x7c00;
  if (magnitude < SMALLEST_NORMAL) {
    // float32 numbers from 0.5 to 1 lie 2^-24 apart, as binary16 subnormals do: the sum rounds.
    float[0] = Math.abs(float[0]!) + 0.5;
    return sign | (bits[0]! - 0x3f000000);
  }
  const rounding = 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((magnitude - REBIAS + rounding) >>> 13);
}

/** The value of a binary16 bit pattern; exact. */
export function fromFloat16Bits(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >>> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

export function encodeFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, toFloat16Bits);
}

export function decodeFloat16(patterns: Uint16Array): Float32Array {
  return Float32Array.from(patterns, fromFloat16Bits);
}
