/**
 * Decimal text of floats: the shortest that reads back as the same float32 or float64, and float32
 * read with one rounding. A NaN's sign and payload have no text.
 */

/** The shortest decimal that reads back as the same float32. */
export function printFloat32(number: number): string {
  const value = Math.fround(number);
  if (value === 0 || !Number.isFinite(value)) return printFloat64(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (parseFloat32(text) === value) return printFloat64(Number(text));
  }
  return printFloat64(Number(value.toPrecision(9)));
}

export function printFloat64(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** A float that no reader takes for an integer, as attributes without a declared type need it. */
export function withPoint(text: string): string {
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

export function parseFloat64(text: string): number {
  const word = /^(-?)(inf|infinity|nan)$/i.exec(text);
  if (!word) return Number(text);
  if (word[2]?.toLowerCase() === 'nan') return Number.NaN;
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * Reads a float32. Rounding first to float64 and then to float32 goes wrong when the float64 falls
 * on the middle between two float32, so there the decimal itself decides.
 */
export function parseFloat32(text: string): number {
  const wide = parseFloat64(text);
  const near = Math.fround(wide);
  if (near === wide || !Number.isFinite(near)) return near;
  const other = 2 * wide - near;
  if (Math.fround(other) !== other) return near;
  const side = compareDecimal(text, wide);
  if (side === 0) return near;
  return side > 0 ? Math.max(near, other) : Math.min(near, other);
}

/** Compares a decimal literal with a float64, exactly: negative, zero or positive. */
function compareDecimal(text: string, value: number): number {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const [integer, scale] = asFraction(value);
  const power = Number(exponent) - fraction.length;
  const left = BigInt(whole + fraction) * scale * 10n ** BigInt(Math.max(power, 0));
  const right = integer * 10n ** BigInt(Math.max(-power, 0));
  return left === right ? 0 : left > right ? 1 : -1;
}

/** A finite float64 as a fraction of integers, the denominator a power of two. */
function asFraction(value: number): [bigint, bigint] {
  let integer = value;
  let scale = 1n;
  for (; !Number.isInteger(integer); scale *= 2n) integer *= 2;
  return [BigInt(integer), scale];
}
