// Damage that knows nothing of the format, and some that knows protobuf's: flipped bits, cuts, splices,
// numbers of too many bytes, lengths that promise more than there is.

import { crc32 } from 'node:zlib';

const varint = (value) => {
  const out = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 128n) return [...out, Number(rest)];
    out.push(Number(rest & 127n) | 128);
  }
};

const LENGTHS = [
  0,
  1,
  127,
  128,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53 - 1,
  2n ** 63n,
  2n ** 64n - 1n,
];

const splice = (bytes, at, remove, insert) => {
  const out = new Uint8Array(bytes.length - remove + insert.length);
  out.set(bytes.subarray(0, at));
  out.set(insert, at);
  out.set(bytes.subarray(at + remove), at + insert.length);
  return out;
};

/** Most of a model is weights, which nobody looks into: the ends of the file hold more. */
const place = (bytes, { below, chance }) =>
  chance(1, 2)
    ? below(bytes.length)
    : chance(1, 2)
      ? below(Math.min(400, bytes.length))
      : bytes.length - 1 - below(Math.min(2000, bytes.length));

const MUTATIONS = [
  (bytes, c) => {
    const out = bytes.slice();
    for (let i = c.few(8); i > 0; i--) out[place(out, c)] ^= 1 << c.below(8);
    return out;
  },
  (bytes, c) => {
    const out = bytes.slice();
    for (let i = c.few(8); i > 0; i--)
      out[place(out, c)] = c.pick([0, 1, 127, 128, 255, c.below(256)]);
    return out;
  },
  (bytes, c) => bytes.slice(0, place(bytes, c)),
  (bytes, c) => bytes.slice(place(bytes, c)),
  (bytes, c) => {
    const from = place(bytes, c);
    return splice(bytes, from, Math.min(1 + c.below(64), bytes.length - from), []);
  },
  (bytes, c) => {
    const from = place(bytes, c);
    const part = bytes.slice(from, from + 1 + c.below(200));
    return splice(bytes, place(bytes, c), 0, part);
  },
  (bytes, c) => splice(bytes, place(bytes, c), 1, varint(c.pick(LENGTHS))),
  (bytes, c) => splice(bytes, place(bytes, c), 0, Array(c.pick([9, 10, 11, 40])).fill(255)),
  (bytes, c) =>
    splice(
      bytes,
      place(bytes, c),
      0,
      Uint8Array.from({ length: 1 + c.below(40) }, () => c.below(256)),
    ),
  // graph, node, attribute, graph, …: each level says that it holds the rest
  (bytes, c) => {
    const levels = c.pick([3, 30, 99, 101, 400, 20_000]);
    let inner = [];
    const tags = [0x3a, 0x0a, 0x2a, 0x32];
    if (levels <= 400) {
      for (let i = levels; i > 0; i--) {
        const tag = i === 1 ? 0x3a : tags[1 + (i % 3)];
        inner = [tag, ...varint(inner.length), ...inner];
      }
    } else inner = Array.from({ length: levels }, (_, i) => (i % 2 ? 0x7f : tags[1 + (i % 3)]));
    return splice(bytes, c.chance(1, 2) ? 0 : bytes.length, 0, inner);
  },
];

export function mutateBytes(bytes, choices) {
  let out = bytes;
  for (let i = choices.few(4); i > 0 && out.length > 0; i--)
    out = choices.pick(MUTATIONS)(out, choices);
  return out;
}

export const randomBytes = (choices) =>
  Uint8Array.from({ length: choices.below(choices.pick([4, 40, 400, 4000])) }, () =>
    choices.below(256),
  );

/** A PNG whose chunks have the checksums of what they hold, so that more than the checksum is looked at. */
export function withChecksums(png) {
  const out = png.slice();
  const view = new DataView(out.buffer);
  for (let at = 8; at + 12 <= out.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > out.length) break;
    view.setUint32(end, crc32(out.subarray(at + 4, end)));
    at = end + 4;
  }
  return out;
}
