import { externalDataShort } from '../../errors/index.js';
import type { ByteSource } from '../ir/tensor.js';

/**
 * A file of external data, as one tensor sees it.
 * @throws on reading: EXTERNAL_DATA_SHORT, which names the tensor that lies beyond the end
 */
export function boundedSource(source: ByteSource, location: string, tensor: string): ByteSource {
  const { label, path, file, size } = source;
  return {
    label,
    ...(path !== undefined && { path }),
    ...(file && { file }),
    size,
    read(offset, length) {
      if (offset + length > size) throw externalDataShort(tensor, location, offset + length, size);
      return source.read(offset, length);
    },
  };
}
