/** Element types, dimensions and value types of the graph: immutable, free of protobuf. */

/** ONNX element types by name, in the order of `TensorProto.DataType`. */
export const DATA_TYPES = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
] as const;

/** A type newer than this table is kept by its number, so that nothing in a file is lost. */
export type DataType = (typeof DATA_TYPES)[number] | `unknown:${number}`;

export function dataTypeFromCode(code: number): DataType {
  return DATA_TYPES[code] ?? `unknown:${code}`;
}

export function dataTypeCode(type: DataType): number {
  return type.startsWith('unknown:')
    ? Number(type.slice('unknown:'.length))
    : DATA_TYPES.indexOf(type as (typeof DATA_TYPES)[number]);
}

const BITS: Partial<Record<DataType, number>> = {
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float8e8m0: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  uint2: 2,
  int2: 2,
};

/** Bits per element, or undefined for strings and unknown types. */
export function bitsPerElement(type: DataType): number | undefined {
  return BITS[type];
}

/** Bytes that `count` elements take in `raw_data`, or undefined for strings and unknown types. */
export function byteLength(type: DataType, count: number): number | undefined {
  const bits = BITS[type];
  return bits === undefined ? undefined : Math.ceil((count * bits) / 8);
}

/** A declared dimension: a size, a symbol such as `"batch"`, or nothing known. */
export type Dim = number | string | null;

/**
 * A value's declared type. `shape` is undefined when even the rank is unknown. `source` is what the
 * file said, kept so that an unchanged type is written back with every field it came with; code
 * that changes a type makes a new object without it.
 */
export type ValueType =
  | {
      readonly kind: 'tensor';
      readonly elem: DataType;
      readonly shape?: readonly Dim[];
      readonly source?: unknown;
    }
  | { readonly kind: 'other'; readonly source: unknown };

export function tensorType(elem: DataType, shape?: readonly Dim[]): ValueType {
  return shape === undefined ? { kind: 'tensor', elem } : { kind: 'tensor', elem, shape };
}

/** Of 16 bits: sums of it are taken in float32. */
export const isHalfPrecision = (type: DataType | undefined): boolean =>
  type === 'float16' || type === 'bfloat16';
