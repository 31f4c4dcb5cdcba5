/** What two tensors hold, compared with as little reading as will do. */
import { StepfoldError } from '../../errors/index.js';
import { type ByteSource, readBytes, type Tensor, tensorBytes } from '../ir/tensor.js';

/** Are two files one and the same, so that equal places in them need no reading? */
export type SameFile = (a: ByteSource, b: ByteSource) => boolean;

export const samePath: SameFile = (a, b) =>
  a === b || (a.path !== undefined && a.path === b.path) || (!!a.file && a.file === b.file);

interface Stored {
  readonly length: number;
  readonly place?: { readonly source: ByteSource; readonly offset: number };
  read(offset: number, length: number): Uint8Array;
}

/** Undefined where the data are not there. */
function stored(tensor: Tensor): Stored | undefined {
  const { data } = tensor;
  try {
    if (data.kind === 'range' || data.kind === 'external') {
      const source =
        data.kind === 'range'
          ? data.source
          : data.files?.open(data.location, tensor.name ?? data.location);
      if (!source) return undefined;
      const { offset } = data;
      const length = data.length ?? tensorBytes(tensor);
      if (offset + length > source.size) return undefined;
      return { length, place: { source, offset }, read: (at, n) => source.read(offset + at, n) };
    }
    if (data.kind === 'strings') {
      const text = new TextEncoder().encode(data.values.map((v) => v.join()).join(';'));
      return { length: text.length, read: (at, n) => text.subarray(at, at + n) };
    }
    const bytes = readBytes(tensor);
    return { length: bytes.length, read: (at, n) => bytes.subarray(at, at + n) };
  } catch (error) {
    if (error instanceof StepfoldError) return undefined;
    throw error;
  }
}

/** Bytes at each of five places. Weights that differ at all differ nearly everywhere. */
const SAMPLE = 64;

/** Text that tells tensors apart by type, sizes and some of their bytes; undefined without data. */
export function tensorKey(tensor: Tensor): string | undefined {
  const data = stored(tensor);
  if (!data) return undefined;
  const { length } = data;
  if (length <= 5 * SAMPLE) return typeText(tensor) + latin1(data.read(0, length));
  const starts = [0, 0.25, 0.5, 0.75, 1].map((part) => Math.floor(part * (length - SAMPLE)));
  return typeText(tensor) + starts.map((at) => latin1(data.read(at, SAMPLE))).join('');
}

/** `float32[2, 64]`. */
export const typeText = ({ dtype, dims }: Tensor): string => `${dtype}[${dims.join(', ')}]`;

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const CHUNK = 4 * 1024 * 1024;

/** False too where one of them cannot be read. */
export function sameContents(a: Tensor, b: Tensor, sameFile: SameFile): boolean {
  if (typeText(a) !== typeText(b)) return false;
  const [left, right] = [stored(a), stored(b)];
  if (!left || !right || left.length !== right.length) return false;
  if (left.place && right.place && left.place.offset === right.place.offset)
    if (sameFile(left.place.source, right.place.source)) return true;
  for (let at = 0; at < left.length; at += CHUNK) {
    const n = Math.min(CHUNK, left.length - at);
    if (!sameBytes(left.read(at, n), right.read(at, n))) return false;
  }
  return true;
}

/** Of one length. */
function sameBytes(x: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}
