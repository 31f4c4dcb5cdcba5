/** Hashes of files on a disk (Node only): of all bytes, and of the stretches that stand for them. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { openRegular } from '../../io/regular-file.js';
import { sampledStretches } from './samples.js';

/** SHA-256 of a whole file, read in pieces. */
export function sha256(file: string): string {
  const hash = createHash('sha256');
  const fd = openRegular(file);
  const buffer = new Uint8Array(4 * 1024 * 1024);
  try {
    for (let got = fs.readSync(fd, buffer); got > 0; got = fs.readSync(fd, buffer))
      hash.update(buffer.subarray(0, got));
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest('hex');
}

/** SHA-256 of a file's sampled stretches, one after the other. */
export function sha256OfSamples(file: string): string {
  const hash = createHash('sha256');
  const fd = openRegular(file);
  try {
    for (const { offset, length } of sampledStretches(fs.fstatSync(fd).size)) {
      const buffer = new Uint8Array(length);
      const got = fs.readSync(fd, buffer, 0, length, offset);
      hash.update(buffer.subarray(0, got));
    }
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest('hex');
}
