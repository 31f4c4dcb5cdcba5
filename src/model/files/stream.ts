/** Bytes of files one stretch after another, so that gigabytes pass through a few megabytes of memory. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { FileAccess } from '../ir/tensor.js';
import type { Piece } from '../onnx/source.js';
import { type Stretch, sampledStretches } from './samples.js';

const CHUNK = 8 * 1024 * 1024;

/**
 * The bytes of pieces, those that are not in memory read as they come up. Every part is the taker's own,
 * who may hand it on to another thread.
 */
export async function* streamPieces(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      yield new Uint8Array(piece);
      continue;
    }
    const { source, offset, length } = piece;
    for (let at = 0; at < length; at += CHUNK) {
      const size = Math.min(CHUNK, length - at);
      yield source.file
        ? await source.file.read(offset + at, size)
        : new Uint8Array(source.read(offset + at, size));
    }
  }
}

/** The sampled stretches of what the pieces are together. */
export async function* streamSamples(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  for (const stretch of sampledStretches(size)) yield* streamPieces(cut(pieces, stretch));
}

/** The pieces of a stretch of what they are together. */
function cut(pieces: readonly Piece[], { offset, length }: Stretch): Piece[] {
  let start = 0;
  return pieces.flatMap((piece): Piece[] => {
    const from = Math.max(offset - start, 0);
    const to = Math.min(offset + length - start, piece.length);
    start += piece.length;
    if (from >= to) return [];
    return piece instanceof Uint8Array
      ? [piece.subarray(from, to)]
      : [{ ...piece, offset: piece.offset + from, length: to - from }];
  });
}

/** The bytes of a whole file. */
export async function* streamFile(file: FileAccess): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += CHUNK)
    yield await file.read(at, Math.min(CHUNK, file.size - at));
}

/** SHA-256 in hexadecimal digits. */
export async function hashOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = sha256.create();
  for await (const part of bytes) hash.update(part);
  return bytesToHex(hash.digest());
}

/** SHA-256 of what is in memory, in hexadecimal digits. */
export const hashOfBytes = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));
