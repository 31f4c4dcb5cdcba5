/**
 * Messages to and from bytes by tables of their fields, over protobufjs's reader and writer. Its own reflection does the
 * same by making code of text, which a page's content security policy may forbid; a test holds the two to each other.
 */
import protobuf, { type Reader, type Writer } from 'protobufjs/minimal.js';
import { DELIMITED, SCALARS, type Scalar } from './scalars.js';

export interface FieldSpec {
  readonly name: string;
  readonly id: number;
  /** A scalar of protobuf, or another message. */
  readonly type: string;
  readonly repeated: boolean;
  readonly packed: boolean;
}

/** A message as a plain object: a field left out of the bytes is left out of it. */
type Fields = Record<string, unknown>;

interface Field extends FieldSpec {
  readonly of: Scalar | MessageType;
  readonly tag: number;
}

export interface MessageType {
  /** By their numbers, and in that order. */
  readonly fields: ReadonlyMap<number, Field>;
}

/** Types by name; messages may hold one another. */
export function messageTypes(
  tables: Readonly<Record<string, readonly FieldSpec[]>>,
): ReadonlyMap<string, MessageType> {
  const fields = new Map(Object.keys(tables).map((name) => [name, new Map<number, Field>()]));
  const types = new Map([...fields].map(([name, of]) => [name, { fields: of }]));
  for (const [name, specs] of Object.entries(tables))
    for (const spec of specs.toSorted((a, b) => a.id - b.id)) {
      const of = SCALARS[spec.type] ?? types.get(spec.type);
      if (!of) throw new Error(`no type "${spec.type}"`);
      const wireType = spec.packed || !isScalar(of) ? DELIMITED : of.wireType;
      fields.get(name)!.set(spec.id, { ...spec, of, tag: ((spec.id << 3) | wireType) >>> 0 });
    }
  return types;
}

const isScalar = (type: Scalar | MessageType): type is Scalar => 'wireType' in type;

// in the words of protobufjs, whose reader says it too
const TOO_DEEP = 'max depth exceeded';
export const isTooDeep = (error: unknown): boolean =>
  error instanceof Error && error.message === TOO_DEEP;

/** Throws protobufjs's errors on malformed input. */
export function readMessage(type: MessageType, bytes: Uint8Array): Fields {
  const reader = protobuf.Reader.create(bytes);
  return read(type, reader, reader.len, 0, {});
}

export function writeMessage(type: MessageType, message: object): Uint8Array {
  const writer = protobuf.Writer.create();
  write(type, writer, message as Fields, 0);
  return writer.finish();
}

function read(type: MessageType, reader: Reader, end: number, depth: number, into: Fields): Fields {
  if (depth > protobuf.Reader.recursionLimit) throw new Error(TOO_DEEP);
  const outer = reader.len;
  if (end > outer) throw new RangeError('index out of range');
  reader.len = end;
  while (reader.pos < end) {
    const start = reader.pos;
    const tag = reader.tag();
    const field = type.fields.get(tag >>> 3);
    if (field && readField(field, reader, tag & 7, depth, into)) continue;
    reader.skipType(tag & 7, depth, tag >>> 3);
    keepUnknown(into, reader.raw(start, reader.pos));
  }
  if (reader.pos !== end) throw new RangeError('index out of range');
  reader.len = outer;
  return into;
}

/** False where the bytes are of another kind than the field: they are kept as those of one that is not known. */
function readField(
  { name, of, repeated }: Field,
  reader: Reader,
  wireType: number,
  depth: number,
  into: Fields,
): boolean {
  if (repeated && isScalar(of) && of.packed && wireType === DELIMITED) {
    of.packed.read(reader, listIn(into, name));
    return true;
  }
  if (wireType !== (isScalar(of) ? of.wireType : DELIMITED)) return false;
  if (isScalar(of)) {
    if (repeated) listIn(into, name).push(of.read(reader));
    else into[name] = of.read(reader);
    return true;
  }
  // a message that comes in two parts is one
  const whole = repeated ? {} : ((into[name] ?? {}) as Fields);
  read(of, reader, reader.size() + reader.pos, depth + 1, whole);
  if (repeated) listIn(into, name).push(whole);
  else into[name] = whole;
  return true;
}

function listIn(message: Fields, name: string): unknown[] {
  const list = message[name];
  if (Array.isArray(list)) return list;
  const made: unknown[] = [];
  message[name] = made;
  return made;
}

/** They are no field by which one could go through the message. */
function keepUnknown(message: Fields, bytes: Uint8Array): void {
  const kept = unknownsOf(message);
  if (kept) kept.push(bytes);
  else Object.defineProperty(message, '$unknowns', { value: [bytes], writable: true });
}

const unknownsOf = ({ $unknowns }: { $unknowns?: Uint8Array[] }): Uint8Array[] | undefined =>
  $unknowns;

/** Fields are written in the order of their numbers, what is not known behind them. */
function write(type: MessageType, writer: Writer, message: Fields, depth: number): void {
  if (depth > protobuf.Reader.recursionLimit) throw new Error(TOO_DEEP);
  for (const field of type.fields.values()) {
    const value = message[field.name];
    if (value === undefined || value === null || !Object.hasOwn(message, field.name)) continue;
    if (!field.repeated) writeValue(field, writer, value, depth);
    else if (field.packed) {
      const values = value as readonly unknown[];
      if (values.length > 0 && isScalar(field.of))
        field.of.packed?.write(writer.uint32(field.tag), values);
    } else for (const item of value as readonly unknown[]) writeValue(field, writer, item, depth);
  }
  for (const bytes of unknownsOf(message) ?? []) writer.raw(bytes);
}

function writeValue({ of, tag }: Field, writer: Writer, value: unknown, depth: number): void {
  if (isScalar(of)) of.write(writer.uint32(tag), value);
  else {
    write(of, writer.uint32(tag).fork(), value as Fields, depth + 1);
    writer.ldelim();
  }
}
