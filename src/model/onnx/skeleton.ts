/**
 * Takes the large `raw_data` fields out of a model's bytes and puts them back. What remains, the
 * skeleton, is small enough to decode whole; each field taken out is replaced by `rawRange`, an
 * index into a table of byte ranges of the file. So a model with gigabytes of inline weights is
 * loaded by reading a few megabytes, and written by copying ranges.
 */

import { notOnnx } from '../../errors/index.js';
import { pushAll } from '../ir/push-all.js';
import type { ByteSource } from '../ir/tensor.js';
import { fieldsOf, MESSAGES, RAW_DATA_FIELD, RAW_RANGE_FIELD } from './descriptor.js';
import { type Piece, pieceLength } from './source.js';
import { decodeVarint, encodeVarint, fieldHeader, type Stretch, WireCursor } from './wire.js';

/** Work that asks for stretches of a source as it goes, whichever way they are read. */
export type Reading<T> = Generator<Stretch, T, Uint8Array>;

/** Drives such work over a source that is read at once. */
export function readThrough<T>(reading: Reading<T>, source: ByteSource): T {
  let step = reading.next();
  while (!step.done) step = reading.next(source.read(step.value.offset, step.value.length));
  return step.value;
}

export interface RawRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

/** `raw_data` shorter than this stays in the skeleton: reading it costs less than referring to it. */
const INLINE_LIMIT = 1024;

/** As deep as protobufjs lets messages nest. */
const NESTING_LIMIT = 100;

/**
 * For each message type, the fields through which a Tensor can be reached. Sparse tensors are left
 * whole: the graph carries them without looking into them, so a range in one could lose its table.
 */
const PATHS = tensorPaths();

function tensorPaths(): Map<string, Map<number, string>> {
  const reaching = new Set(['Tensor']);
  for (let size = 0; size !== reaching.size; ) {
    size = reaching.size;
    for (const name of Object.keys(MESSAGES))
      if (name !== 'SparseTensor' && fieldsOf(name).some((f) => reaching.has(f.type)))
        reaching.add(name);
  }
  return new Map(
    [...reaching].map((name) => [
      name,
      new Map(fieldsOf(name).flatMap((f) => (reaching.has(f.type) ? [[f.id, f.type]] : []))),
    ]),
  );
}

/**
 * Rewrites the fields of Tensor messages found anywhere in a message; everything else is passed
 * through in whole stretches. `rewrite` returns what replaces a tensor's field, or undefined.
 */
function* rewriteTensors(
  cursor: WireCursor,
  source: ByteSource,
  type: string,
  start: number,
  end: number,
  rewrite: (id: number, dataStart: number, dataEnd: number) => Piece[] | undefined,
  depth = 0,
): Reading<Piece[] | undefined> {
  if (depth > NESTING_LIMIT)
    throw notOnnx(source.label, `its messages are nested more than ${NESTING_LIMIT} deep`);
  const pieces: Piece[] = [];
  let copied = start;
  const replace = (from: number, to: number, by: readonly Piece[]) => {
    if (from > copied) pieces.push({ source, offset: copied, length: from - copied });
    pushAll(pieces, by);
    copied = to;
  };
  cursor.position = start;
  let afterRawData: number | undefined;
  while (cursor.position < end) {
    const needed = cursor.needs();
    if (needed) cursor.fill(yield needed);
    const field = cursor.field(end);
    const child = PATHS.get(type)?.get(field.id);
    if (type === 'Tensor') {
      const by = rewrite(field.id, field.dataStart, field.end);
      if (by) {
        // put where fields in the order of their numbers have raw_data, as every usual writer does
        const at = Math.max(copied, Math.min(afterRawData ?? field.start, field.start));
        replace(at, at, by);
        replace(field.start, field.end, []);
      } else if (field.id > RAW_DATA_FIELD) afterRawData ??= field.start;
    } else if (child && field.wireType === 2) {
      const inner = yield* rewriteTensors(
        cursor,
        source,
        child,
        field.dataStart,
        field.end,
        rewrite,
        depth + 1,
      );
      cursor.position = field.end;
      if (inner) {
        const length = inner.reduce((sum, p) => sum + pieceLength(p), 0);
        replace(field.start, field.end, [fieldHeader(field.id, length), ...inner]);
      }
    }
  }
  if (pieces.length === 0) return undefined;
  replace(end, end, []);
  return pieces;
}

/** Splits a model's bytes into its skeleton and the ranges that were taken out. */
export function* takeOut(source: ByteSource): Reading<{ skeleton: Piece[]; ranges: RawRange[] }> {
  const ranges: RawRange[] = [];
  const skeleton = yield* rewriteTensors(
    new WireCursor(source),
    source,
    'Model',
    0,
    source.size,
    (id, start, end) => {
      if (id === RAW_RANGE_FIELD)
        throw notOnnx(
          source.label,
          `it has a tensor with field ${id}, which no version of ONNX knows`,
        );
      if (id !== RAW_DATA_FIELD || end - start < INLINE_LIMIT) return undefined;
      ranges.push({ source, offset: start, length: end - start });
      return [
        Uint8Array.from([...encodeVarint(RAW_RANGE_FIELD * 8), ...encodeVarint(ranges.length - 1)]),
      ];
    },
  );
  return { skeleton: skeleton ?? [{ source, offset: 0, length: source.size }], ranges };
}

/** The bytes of a model: its skeleton with every range put back as `raw_data`. */
export function putBack(skeleton: ByteSource, ranges: readonly RawRange[]): Piece[] {
  const { size } = skeleton;
  const pieces = rewriteTensors(new WireCursor(skeleton), skeleton, 'Model', 0, size, (id, at) => {
    if (id !== RAW_RANGE_FIELD) return undefined;
    const range = ranges[decodeVarint(skeleton.read(at, Math.min(10, size - at)))] as RawRange;
    return [fieldHeader(RAW_DATA_FIELD, range.length), range];
  });
  return readThrough(pieces, skeleton) ?? [{ source: skeleton, offset: 0, length: size }];
}
