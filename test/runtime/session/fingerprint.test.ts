/** FNV-1a against the vectors that its authors publish, and what JSON does not tell apart. */
import { expect, test } from 'vitest';
import { fingerprint, fnv1a } from '../../../src/runtime/session/fingerprint.js';

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['b', 'af63df4c8601f1a5'],
  ['foobar', '85944171f73967e8'],
  ['chongo was here!\n', '46810940eff5f915'],
])('FNV-1a of %j', (text, hash) => {
  expect(fnv1a(bytes(text))).toBe(hash);
});

test('FNV-1a of many bytes is that of whole numbers', () => {
  const many = Uint8Array.from({ length: 5000 }, (_, i) => (i * i + 7 * i) % 256);
  let hash = 0xcbf29ce484222325n;
  for (const byte of many) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) % 2n ** 64n;
  expect(fnv1a(many)).toBe(hash.toString(16).padStart(16, '0'));
});

test('the order of keys makes no difference, that of lists does, and so does what is nested', () => {
  const value = { b: [1, { d: 2, c: 'é' }], a: null, left: undefined };
  expect(fingerprint(value)).toBe(fingerprint({ a: null, b: [1, { c: 'é', d: 2 }] }));
  expect(fingerprint(value)).not.toBe(fingerprint({ a: null, b: [{ c: 'é', d: 2 }, 1] }));
  expect(fingerprint(value)).not.toBe(fingerprint({ a: null, b: [1, { c: 'e', d: 2 }] }));
});
