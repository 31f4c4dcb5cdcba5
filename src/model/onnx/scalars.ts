/** The scalars of protobuf that ONNX uses: how they are read and written by protobufjs. */
import type { Reader, Writer } from 'protobufjs/minimal.js';

export interface Scalar {
  readonly wireType: number;
  read(reader: Reader): unknown;
  write(writer: Writer, value: unknown): void;
  /** Of numbers: many in one field. */
  readonly packed?: {
    read(reader: Reader, into: unknown[]): void;
    write(writer: Writer, values: readonly unknown[]): void;
  };
}

/** Values stand in messages as the reader gives them and the writer takes them. */
function scalar<T>(
  wireType: number,
  read: (reader: Reader) => T,
  write: (writer: Writer, value: T) => void,
  packed?: {
    read: (reader: Reader, into: T[]) => void;
    write: (writer: Writer, values: T[]) => void;
  },
): Scalar {
  return {
    wireType,
    read,
    write: (writer, value) => write(writer, value as T),
    ...(packed && {
      packed: {
        read: (reader, into) => packed.read(reader, into as T[]),
        write: (writer, values) => packed.write(writer, values as T[]),
      },
    }),
  };
}

const VARINT = 0;
const FIXED64 = 1;
export const DELIMITED = 2;
const FIXED32 = 5;

export const SCALARS: Readonly<Record<string, Scalar>> = {
  int32: scalar(
    VARINT,
    (r) => r.int32(),
    (w, value) => w.int32(value),
    { read: (r, into) => r.int32s(into), write: (w, values) => w.int32s(values) },
  ),
  uint32: scalar(
    VARINT,
    (r) => r.uint32(),
    (w, value) => w.uint32(value),
  ),
  int64: scalar(
    VARINT,
    (r) => r.int64(),
    (w, value) => w.int64(value),
    { read: (r, into) => r.int64s(into), write: (w, values) => w.int64s(values) },
  ),
  uint64: scalar(
    VARINT,
    (r) => r.uint64(),
    (w, value) => w.uint64(value),
    { read: (r, into) => r.uint64s(into), write: (w, values) => w.uint64s(values) },
  ),
  float: scalar(
    FIXED32,
    (r) => r.float(),
    (w, value) => w.float(value),
    { read: (r, into) => r.floats(into), write: (w, values) => w.floats(values) },
  ),
  double: scalar(
    FIXED64,
    (r) => r.double(),
    (w, value) => w.double(value),
    { read: (r, into) => r.doubles(into), write: (w, values) => w.doubles(values) },
  ),
  // a string that is not UTF-8 could not be written back, so it is refused
  string: scalar(
    DELIMITED,
    (r) => r.stringVerify(),
    (w, value) => w.string(value),
  ),
  bytes: scalar(
    DELIMITED,
    (r) => r.bytes(),
    (w, value) => w.bytes(value),
  ),
};
