/** A `ByteSource` over bytes in memory. Files on disk are in files.ts, which needs Node. */
import { truncatedOnnx } from '../../errors/index.js';
import type { ByteSource } from '../ir/tensor.js';

export function memorySource(bytes: Uint8Array, label = 'memory'): ByteSource {
  return {
    label,
    size: bytes.length,
    read(offset, length) {
      if (offset + length > bytes.length) throw truncatedOnnx(label, offset);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A stretch of bytes: in memory, or `length` bytes of a source from `offset`. */
export type Piece =
  | Uint8Array
  | { readonly source: ByteSource; readonly offset: number; readonly length: number };

export const pieceLength = (piece: Piece): number => piece.length;

export function joinPieces(pieces: readonly Piece[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(
      piece instanceof Uint8Array ? piece : piece.source.read(piece.offset, piece.length),
      at,
    );
    at += piece.length;
  }
  return out;
}
