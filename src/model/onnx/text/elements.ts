/**
 * Which typed field of a TensorProto carries an element type's literals, how many literals a tensor
 * has, and the literals of `raw_data`. Types of 16 bits and fewer are written as the integers of
 * their bit patterns; types below 8 bits as their packed bytes.
 */
import type { TensorMessage } from '../messages.js';
import { printFloat32, printFloat64 } from './numbers.js';
import { elementTypeName } from './syntax.js';

type LiteralField =
  | 'floatData'
  | 'doubleData'
  | 'int32Data'
  | 'int64Data'
  | 'uint64Data'
  | 'stringData';

export interface ElementKind {
  readonly field: LiteralField;
  /** Literals of an element: 2 for a complex number, 1/2 for four bits. */
  readonly literals: number;
  /** Bytes in `raw_data` of one literal. */
  readonly width: number;
  readonly read: (view: DataView, at: number) => string;
}

const kind = (
  field: LiteralField,
  width: number,
  read: (view: DataView, at: number) => number | bigint,
  literals = 1,
): ElementKind => ({ field, literals, width, read: (view, at) => String(read(view, at)) });

const int8 = kind('int32Data', 1, (v, at) => v.getInt8(at));
const uint8 = kind('int32Data', 1, (v, at) => v.getUint8(at));
const uint16 = kind('int32Data', 2, (v, at) => v.getUint16(at, true));
const packed = (perByte: number) => kind('int32Data', 1, (v, at) => v.getUint8(at), 1 / perByte);
const float = (literals: number): ElementKind => ({
  field: 'floatData',
  literals,
  width: 4,
  read: (v, at) => printFloat32(v.getFloat32(at, true)),
});
const double = (literals: number): ElementKind => ({
  field: 'doubleData',
  literals,
  width: 8,
  read: (v, at) => printFloat64(v.getFloat64(at, true)),
});

const KINDS: Readonly<Record<string, ElementKind>> = {
  float: float(1),
  double: double(1),
  complex64: float(2),
  complex128: double(2),
  int8,
  uint8,
  bool: uint8,
  float8e4m3fn: uint8,
  float8e4m3fnuz: uint8,
  float8e5m2: uint8,
  float8e5m2fnuz: uint8,
  float8e8m0: uint8,
  int16: kind('int32Data', 2, (v, at) => v.getInt16(at, true)),
  uint16,
  float16: uint16,
  bfloat16: uint16,
  int32: kind('int32Data', 4, (v, at) => v.getInt32(at, true)),
  int64: kind('int64Data', 8, (v, at) => v.getBigInt64(at, true)),
  uint32: kind('uint64Data', 4, (v, at) => v.getUint32(at, true)),
  uint64: kind('uint64Data', 8, (v, at) => v.getBigUint64(at, true)),
  int4: packed(2),
  uint4: packed(2),
  float4e2m1: packed(2),
  int2: packed(4),
  uint2: packed(4),
  string: { field: 'stringData', literals: 1, width: Number.NaN, read: () => '' },
};

/** Undefined for element types that have no literals. */
export function elementKind(dataType: number): ElementKind | undefined {
  return KINDS[elementTypeName(dataType)];
}

export function literalCount(kind: ElementKind, dims: readonly number[]): number {
  return Math.ceil(dims.reduce((product, dim) => product * dim, 1) * kind.literals);
}

/** The literals in `raw_data`, or undefined when it has not the length that the dimensions ask for. */
export function rawLiterals(
  kind: ElementKind,
  dims: readonly number[],
  bytes: Uint8Array,
): string[] | undefined {
  const count = literalCount(kind, dims);
  if (bytes.length !== count * kind.width) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) => kind.read(view, i * kind.width));
}

/** The literals of the typed field that belongs to the element type. */
export function typedLiterals(kind: ElementKind, tensor: TensorMessage): string[] {
  switch (kind.field) {
    case 'floatData':
      return (tensor.floatData ?? []).map(printFloat32);
    case 'doubleData':
      return (tensor.doubleData ?? []).map(printFloat64);
    default:
      return ((tensor[kind.field] ?? []) as readonly unknown[]).map(String);
  }
}
