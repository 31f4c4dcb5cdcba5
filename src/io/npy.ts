/**
 * NumPy's .npy files, versions 1 to 3, from and to bytes.
 *
 * Arrays come back in C order and in the machine's little-endian byte order, with the element type
 * and data array that onnxruntime's Tensor takes; Fortran order and big-endian files are converted
 * with a copy. The format: numpy.lib.format in NumPy's documentation.
 */
import { notNpy, npyLength, npyTruncated, npyType } from '../errors/index.js';

const ARRAYS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export type ArrayType = keyof typeof ARRAYS;
export type ArrayData<T extends ArrayType = ArrayType> = InstanceType<(typeof ARRAYS)[T]>;

/** An array in memory; the fields are the arguments of onnxruntime's `new Tensor(type, data, dims)`. */
export type NumericArray = {
  [T in ArrayType]: {
    readonly type: T;
    /** In C order; float16 as bit patterns, bool as 0 and 1. */
    readonly data: ArrayData<T>;
    readonly dims: readonly number[];
  };
}[ArrayType];

/** NumPy's type letter and size, after the byte order. */
const CODES: Record<ArrayType, string> = {
  bool: 'b1',
  uint8: 'u1',
  int8: 'i1',
  uint16: 'u2',
  int16: 'i2',
  uint32: 'u4',
  int32: 'i4',
  uint64: 'u8',
  int64: 'i8',
  float16: 'f2',
  float32: 'f4',
  float64: 'f8',
};

const MAGIC = '\x93NUMPY';
/** NumPy pads headers so that the data is aligned for memory mapping. */
const ALIGNMENT = 64;

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly dims: readonly number[];
  readonly dataOffset: number;
}

function readHeader(bytes: Uint8Array, file: string): Header {
  if (latin1(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw notNpy(file, 'it does not begin with the bytes that mark one');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12) throw npyTruncated(file, 12, bytes.length);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw notNpy(file, `version ${version} is not known`);
  const [start, length] =
    version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const dataOffset = start + length;
  if (dataOffset > bytes.length) throw npyTruncated(file, dataOffset, bytes.length);

  // A Python dictionary literal with exactly these three keys, in any order.
  const text = new TextDecoder().decode(bytes.subarray(start, dataOffset));
  const descr = /'descr':\s*('([^']*)'|\[)/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(text);
  if (!descr || !order || !shape) throw notNpy(file, 'its header cannot be read');
  if (descr[2] === undefined) throw npyType(file, 'a record');
  const dims = shape[1]!
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '')
    .map(Number);
  return { descr: descr[2], fortranOrder: order[1] === 'True', dims, dataOffset };
}

/**
 * Reads a .npy file.
 *
 * @param file named in errors
 * @throws NPY_INVALID, NPY_TRUNCATED, NPY_TYPE
 */
export function readNpy(bytes: Uint8Array, file: string): NumericArray {
  const { descr, fortranOrder, dims, dataOffset } = readHeader(bytes, file);
  const type = (Object.keys(CODES) as ArrayType[]).find((name) => CODES[name] === descr.slice(1));
  if (!type || !'<>|='.includes(descr[0]!)) throw npyType(file, descr);

  const Data = ARRAYS[type];
  const size = Data.BYTES_PER_ELEMENT;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const end = dataOffset + count * size;
  if (end > bytes.length) throw npyTruncated(file, end, bytes.length);

  // A copy, because typed arrays must start at a multiple of their element size. Not by `slice`, which
  // on Node's Buffers gives a view.
  const raw = new Uint8Array(bytes.subarray(dataOffset, end));
  if (descr[0] === '>') swapBytes(raw, size);
  const ordered = fortranOrder ? toRowMajor(raw, size, dims) : raw;
  return { type, data: new Data(ordered.buffer, 0, count), dims } as NumericArray;
}

function swapBytes(raw: Uint8Array, size: number): void {
  for (let at = 0; at < raw.length; at += size) raw.subarray(at, at + size).reverse();
}

/** Fortran order counts the first index fastest; C order, the last. */
function toRowMajor(
  raw: Uint8Array,
  size: number,
  dims: readonly number[],
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(raw.length);
  const index = dims.map(() => 0);
  const strides = dims.map((_, axis) => dims.slice(0, axis).reduce((a, b) => a * b, 1));
  for (let to = 0; to < raw.length; to += size) {
    const from = size * index.reduce((sum, value, axis) => sum + value * strides[axis]!, 0);
    result.set(raw.subarray(from, from + size), to);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < dims[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}

/**
 * Writes a .npy file of version 1, as numpy.save does.
 *
 * @throws NPY_LENGTH when the data does not fill the shape
 */
export function writeNpy({ type, data, dims }: NumericArray): Uint8Array {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== count) throw npyLength(data.length, dims);
  const order = data.BYTES_PER_ELEMENT === 1 ? '|' : '<';
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ');
  const header = `{'descr': '${order}${CODES[type]}', 'fortran_order': False, 'shape': (${shape}), }`;
  const start = 10;
  const dataOffset = Math.ceil((start + header.length + 1) / ALIGNMENT) * ALIGNMENT;

  const bytes = new Uint8Array(dataOffset + data.byteLength);
  bytes.set(Uint8Array.from(MAGIC, (letter) => letter.charCodeAt(0)));
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, dataOffset - start, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(dataOffset - start - 1)}\n`), start);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataOffset);
  return bytes;
}
