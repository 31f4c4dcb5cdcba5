/**
 * A tensor is a reference to its bytes: in memory, in the model file, or in an external file.
 * Weights are never read unless somebody asks for their bytes.
 */
import { tensorDataMissing, tensorDataSize } from '../../errors/index.js';
import { bitsPerElement, byteLength, type DataType } from './types.js';

/** Random access to a file or buffer. Reads are synchronous; only the ranges asked for are read. */
export interface ByteSource {
  /** Shown in errors: a path, or a word such as `"memory"`. */
  readonly label: string;
  /** Absolute path when the source is a file on disk. */
  readonly path?: string;
  /** The file that the bytes come from, where only some of them can be read at once. */
  readonly file?: FileAccess;
  readonly size: number;
  /** Exactly `length` bytes from `offset`; throws when the source is shorter. */
  read(offset: number, length: number): Uint8Array;
}

/** A file that is read in ranges, wherever it lies: on a disk, in a browser's tab, at a web address. */
export interface FileAccess {
  /** Shown in errors and written into schedules: the last part of a path or address. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; rejects when the file is shorter. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Opens a model's external data files by the location written in the model. */
export interface ExternalFiles {
  open(location: string, tensor: string): ByteSource;
}

export type TypedField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data';

export type TensorData =
  /** `raw_data` held in memory, little endian. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `raw_data` left where it lies in the model file. */
  | {
      readonly kind: 'range';
      readonly source: ByteSource;
      readonly offset: number;
      readonly length: number;
    }
  /** Data in an external file; `length` is undefined when the model leaves it out. */
  | {
      readonly kind: 'external';
      readonly location: string;
      readonly offset: number;
      readonly length: number | undefined;
      readonly files: ExternalFiles | undefined;
    }
  /** One of the typed repeated fields, as the file had it. */
  | {
      readonly kind: 'typed';
      readonly field: TypedField;
      readonly values: readonly (number | bigint)[];
    }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] }
  /** Neither data nor a place to find it. */
  | { readonly kind: 'none' };

export interface Tensor {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly data: TensorData;
  /** The tensor's own name; for an initializer the value's name wins. */
  readonly name?: string;
  /** Fields of the file that the graph does not model, written back as they were. */
  readonly extra?: unknown;
}

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Bytes of the tensor's elements as `raw_data` would hold them; 0 for strings. */
export function tensorBytes(tensor: Tensor): number {
  return byteLength(tensor.dtype, elementCount(tensor.dims)) ?? 0;
}

/**
 * Reads the elements as `raw_data` bytes (little endian), wherever they are kept.
 * @throws TENSOR_DATA_MISSING, TENSOR_DATA_SIZE, and what opening external data throws
 */
export function readBytes(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  // a wrong size is found before anything is read, since it may be a large one
  if (data.kind === 'range' || data.kind === 'external') checkSize(tensor, data.length);
  const bytes = storedBytes(tensor);
  checkSize(tensor, bytes.length);
  return bytes;
}

function checkSize(tensor: Tensor, found: number | undefined): void {
  const needs = byteLength(tensor.dtype, elementCount(tensor.dims));
  if (found !== undefined && needs !== undefined && found !== needs)
    throw tensorDataSize(tensor.name ?? '', needs, found);
}

function storedBytes(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  switch (data.kind) {
    case 'bytes':
      return data.bytes;
    case 'range':
      return data.source.read(data.offset, data.length);
    case 'external': {
      if (!data.files) throw tensorDataMissing(tensor.name ?? '', data.location);
      const source = data.files.open(data.location, tensor.name ?? '');
      return source.read(data.offset, data.length ?? tensorBytes(tensor));
    }
    case 'typed':
      if (data.field !== typedField(tensor.dtype)) throw tensorDataMissing(tensor.name ?? '');
      return packTyped(tensor.dtype, data.values);
    case 'strings':
    case 'none':
      if (elementCount(tensor.dims) === 0) return new Uint8Array(0);
      throw tensorDataMissing(tensor.name ?? '');
  }
}

/** Reads the elements as numbers. 64-bit integers must be asked for with `readBigInts`. */
export function readNumbers(tensor: Tensor): number[] {
  if (tensor.dtype === 'int64' || tensor.dtype === 'uint64') return readBigInts(tensor).map(Number);
  const bytes = readBytes(tensor);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const get = GETTERS[tensor.dtype];
  if (!get) throw new TypeError(`cannot read elements of type ${tensor.dtype} as numbers`);
  const count = elementCount(tensor.dims);
  const width = (byteLength(tensor.dtype, 1) as number) | 0;
  return Array.from({ length: count }, (_, i) => get(view, i * width));
}

/** Can elements of the type be read with `readNumbers`? Those of less than a byte, 8-bit floats and complex ones cannot. */
export function areNumbers(dtype: DataType): boolean {
  return dtype === 'int64' || dtype === 'uint64' || dtype in GETTERS;
}

export function readBigInts(tensor: Tensor): bigint[] {
  if (tensor.dtype !== 'int64' && tensor.dtype !== 'uint64')
    return readNumbers(tensor).map((x) => BigInt(x));
  const bytes = readBytes(tensor);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: elementCount(tensor.dims) }, (_, i) =>
    tensor.dtype === 'int64' ? view.getBigInt64(i * 8, true) : view.getBigUint64(i * 8, true),
  );
}

type Getter = (view: DataView, at: number) => number;
const GETTERS: Partial<Record<DataType, Getter>> = {
  float32: (v, at) => v.getFloat32(at, true),
  float64: (v, at) => v.getFloat64(at, true),
  float16: (v, at) => halfToNumber(v.getUint16(at, true)),
  bfloat16: (v, at) => bfloat16ToNumber(v.getUint16(at, true)),
  int32: (v, at) => v.getInt32(at, true),
  uint32: (v, at) => v.getUint32(at, true),
  int16: (v, at) => v.getInt16(at, true),
  uint16: (v, at) => v.getUint16(at, true),
  int8: (v, at) => v.getInt8(at),
  uint8: (v, at) => v.getUint8(at),
  bool: (v, at) => v.getUint8(at),
};

export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloat16ToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(2, bits, true);
  return view.getFloat32(0, true);
}

/** The field in which the format keeps an element type when it is not in `raw_data`. */
function typedField(dtype: DataType): TypedField | undefined {
  if (dtype === 'float32' || dtype === 'complex64') return 'floatData';
  if (dtype === 'float64' || dtype === 'complex128') return 'doubleData';
  if (dtype === 'int64') return 'int64Data';
  if (dtype === 'uint32' || dtype === 'uint64') return 'uint64Data';
  return bitsPerElement(dtype) === undefined ? undefined : 'int32Data';
}

/** Typed fields to `raw_data`; small types travel in `int32_data`, one element per entry. */
function packTyped(dtype: DataType, values: readonly (number | bigint)[]): Uint8Array {
  const width = byteLength(dtype, 1) ?? 0;
  // complex types hold two entries an element
  const entry = dtype.startsWith('complex') ? width / 2 : width;
  const bytes = new Uint8Array(values.length * entry);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    const at = i * entry;
    if (dtype === 'float32' || dtype === 'complex64') view.setFloat32(at, Number(value), true);
    else if (dtype === 'float64' || dtype === 'complex128')
      view.setFloat64(at, Number(value), true);
    else if (entry === 8) view.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), true);
    else if (entry === 4) view.setUint32(at, Number(value) >>> 0, true);
    else if (entry === 2) view.setUint16(at, Number(value) & 0xffff, true);
    else view.setUint8(at, Number(value) & 0xff);
  });
  return bytes;
}

/** A tensor of 64-bit integers held in memory. */
export function int64Tensor(values: readonly (number | bigint)[], dims = [values.length]): Tensor {
  return { dtype: 'int64', dims, data: { kind: 'bytes', bytes: packTyped('int64', values) } };
}

/** A tensor of 64-bit floats held in memory. */
export function float64Tensor(values: readonly number[], dims = [values.length]): Tensor {
  return { dtype: 'float64', dims, data: { kind: 'bytes', bytes: packTyped('float64', values) } };
}

/** A tensor of 32-bit floats held in memory. */
export function float32Tensor(values: readonly number[], dims = [values.length]): Tensor {
  return { dtype: 'float32', dims, data: { kind: 'bytes', bytes: packTyped('float32', values) } };
}
