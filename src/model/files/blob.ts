/** Files of a browser's tab: dropped, chosen, or made there. */
import { fileChanged, truncatedOnnx } from '../../errors/index.js';
import type { FileAccess } from '../ir/tensor.js';

/**
 * A Blob, of which only the ranges asked for are read into memory.
 * @param name for a Blob that is no File
 */
export function blobFile(blob: Blob, name = nameOf(blob)): FileAccess {
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      if (offset + length > blob.size) throw truncatedOnnx(name, offset);
      const part = blob.slice(offset, offset + length);
      // a browser lets go of a File whose file was written or removed since it was chosen
      const bytes = await part.arrayBuffer().catch((error: Error) => {
        throw fileChanged(name, error.message);
      });
      return new Uint8Array(bytes);
    },
  };
}

const nameOf = (blob: Blob): string => ('name' in blob ? String(blob.name) : 'blob');
