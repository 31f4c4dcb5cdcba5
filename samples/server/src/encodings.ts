/** Latents as files: NumPy's .npy, and PNG where a latent is itself a picture. */
import { encode } from 'fast-png';
import type { Made } from './image.js';

/** Version 1 of the format, little-endian float32 in C order: numpy.lib.format in NumPy's documentation. */
export function npyOf({ latent, dims }: Made): Uint8Array {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims.join(', ')},), }`;
  // the data begins at a multiple of 64, behind 10 bytes, the fields and a line's end
  const header = `${fields.padEnd(Math.ceil((fields.length + 11) / 64) * 64 - 11)}\n`;
  const file = Buffer.alloc(10 + header.length + latent.byteLength);
  file.write('\x93NUMPY\x01\x00', 'latin1');
  file.writeUInt16LE(header.length, 8);
  file.write(header, 10, 'latin1');
  for (const [i, value] of latent.entries()) file.writeFloatLE(value, 10 + header.length + 4 * i);
  return file;
}

/** Grey or in colours: one image of that many channels. */
export const isPicture = (dims: readonly number[]): boolean =>
  dims.length === 4 && (dims[1] === 1 || dims[1] === 3);

/** From -1, which is black, to 1. */
export function pngOf({ latent, dims }: Made): Uint8Array {
  const [, channels = 1, height = 0, width = 0] = dims;
  const plane = height * width;
  const data = Uint8Array.from({ length: channels * plane }, (_, i) => {
    const value = latent[(i % channels) * plane + Math.floor(i / channels)]!;
    return Math.round(255 * Math.min(Math.max((value + 1) / 2, 0), 1));
  });
  return encode({ width, height, channels, depth: 8, data });
}
