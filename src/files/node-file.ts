/** Files on a disk, read by promise (Node only). */
import fs from 'node:fs/promises';
import path from 'node:path';
import { cannotRead, fileNotFound, isAFolder, truncatedOnnx } from '../errors/index.js';
import type { FileAccess } from '../ir/tensor.js';

/** Node reads less than 2^31 bytes at a time. */
const CHUNK = 2 ** 30;

/**
 * A file for `openModel` and `bundleFiles`; it is opened for each range that is read. `loadModel` does the
 * same at once, and lets bundles link to the file.
 * @throws FILE_NOT_FOUND, FILE_IS_A_FOLDER, FILE_UNREADABLE
 */
export async function nodeFile(file: string): Promise<FileAccess> {
  const absolute = path.resolve(file);
  const stat = await fs.stat(absolute).catch((error: NodeJS.ErrnoException) => {
    throw refusal(file, error);
  });
  if (stat.isDirectory()) throw isAFolder(file);
  return {
    name: path.basename(absolute),
    size: stat.size,
    async read(offset, length) {
      const handle = await fs.open(absolute).catch((error: NodeJS.ErrnoException) => {
        throw refusal(file, error);
      });
      try {
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; ) {
          const size = Math.min(CHUNK, length - at);
          const { bytesRead } = await handle.read(bytes, at, size, offset + at);
          if (bytesRead === 0) throw truncatedOnnx(file, offset + at);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}

const refusal = (file: string, { code, message }: NodeJS.ErrnoException) =>
  code === 'ENOENT' || code === 'ENOTDIR' ? fileNotFound(file) : cannotRead(file, message);
