/** What a zip holds, read from the format's description alone. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';

export const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Digests of the entries of a zip that stores: by the central directory (APPNOTE.TXT, 4.3.12). */
export function unzip(zip: Buffer): Map<string, string> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const found = new Map<string, string>();
  for (let i = 0, entry = zip.readUInt32LE(end + 16); i < zip.readUInt16LE(end + 10); i++) {
    expect(zip.readUInt16LE(entry + 10), 'stored').toBe(0);
    const [size, name, extra, comment] = [
      zip.readUInt32LE(entry + 24),
      zip.readUInt16LE(entry + 28),
      zip.readUInt16LE(entry + 30),
      zip.readUInt16LE(entry + 32),
    ];
    const local = zip.readUInt32LE(entry + 42);
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    found.set(
      zip.toString('utf8', entry + 46, entry + 46 + name),
      digest(zip.subarray(data, data + size)),
    );
    entry += 46 + name + extra + comment;
  }
  return found;
}
