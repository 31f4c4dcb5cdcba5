/**
 * FNV-1a of 64 bits (RFC 9923), of plain values: tells by accident different things apart, which is all that
 * is needed where nobody gains by a forgery, and needs no package.
 */

/** In 16 hexadecimal digits. */
export function fnv1a(bytes: Uint8Array): string {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    // times 2^40 + 0x1b3, modulo 2^64
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}

/** The same for values that are equal as JSON, in whatever order their keys stand. */
export const fingerprint = (value: unknown): string =>
  fnv1a(new TextEncoder().encode(JSON.stringify(value, sorted)));

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
