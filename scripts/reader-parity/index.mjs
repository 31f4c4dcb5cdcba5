// What Stepfold's own session gives, for readers in other languages to be held to, bit for bit: bundles in the layout of
// the conformance suite, with outputs of onnxruntime-node without optimizations and an image saved in the middle; where
// images begin, for calls in random orders; fingerprints of values. Uses what is built in dist.
//
//   npm run build && node scripts/reader-parity/index.mjs FOLDER [CASE…]
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fingerprint } from '../../dist/src/runtime/session/fingerprint.js';
import { makeCase, write } from './bundles.mjs';
import { CASES } from './cases.mjs';
import { watchedCalls } from './watched.mjs';

const samples = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../samples');
const [into, ...asked] = process.argv.slice(2);
if (into === undefined) throw new Error('give a folder to write into');
fs.mkdirSync(into, { recursive: true });
for (const [name, recipe] of Object.entries(CASES))
  if (asked.length === 0 || asked.includes(name)) await makeCase(samples, into, name, recipe);
write(path.join(into, 'watched.json'), watchedCalls());

/** Numbers, keys and letters that languages write in different ways. */
const VALUES = [
  [
    0,
    -0,
    1,
    -1,
    0.1,
    1 / 3,
    1e21,
    1e-7,
    123456789012345680000,
    1.5e300,
    5e-324,
    0.000001,
    100,
    -2.5e-9,
  ],
  { b: 1, a: 2, 10: 3, 9: 4, '01': 5, é: 6, '💡': 7, '\uffff': 8, '': 9 },
  ['"', '\\', '/', '\b\f\n\r\t', '\u0000\u001f\u007f\u2028', 'ü💡', null, true, false],
  { shape: ['batch', 4, null], nested: { z: [], a: {} } },
];
write(
  path.join(into, 'fingerprints.json'),
  VALUES.map((value) => ({ value, fingerprint: fingerprint(value) })),
);
