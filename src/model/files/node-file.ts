/** Files on a disk, read by promise (Node only). */
import path from 'node:path';
import { isAFolder, truncatedOnnx } from '../../errors/index.js';
import { isFolder } from '../../io/is-folder.js';
import { openRegularLater } from '../../io/regular-file.js';
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
  if (isFolder(absolute)) throw isAFolder(file);
  const looked = await openRegularLater(file);
  const { size } = await looked.stat().finally(() => looked.close());
  return {
    name: path.basename(absolute),
    size,
    async read(offset, length) {
      const handle = await openRegularLater(absolute);
      try {
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; ) {
          const part = Math.min(CHUNK, length - at);
          const { bytesRead } = await handle.read(bytes, at, part, offset + at);
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
