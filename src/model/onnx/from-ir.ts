/**
 * From the graph back to messages. Starts from the message each part came from and sets only what
 * the graph models, so that an unchanged model is written back equal, field by field.
 */
import Long from 'long';
import type { Attribute } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import { dataTypeCode, type ValueType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import {
  type AttributeMessage,
  AttributeType,
  EXTERNAL,
  type GraphMessage,
  type Int64,
  type ModelMessage,
  type NodeMessage,
  type OperatorSetIdMessage,
  type SparseTensorMessage,
  type StringStringEntry,
  type TensorMessage,
  type TypeMessage,
  type ValueInfoMessage,
} from './messages.js';
import type { RawRange } from './skeleton.js';
import {
  type GraphExtra,
  type ModelExtra,
  type TensorExtra,
  toNumber,
  type ValueExtra,
} from './to-ir.js';

export interface WrittenModel {
  readonly message: ModelMessage;
  /** What the `rawRange` fields of the message refer to. */
  readonly ranges: readonly RawRange[];
}

export function modelToMessage(model: Model): WrittenModel {
  const extra = model.extra as ModelExtra | undefined;
  const ranges: RawRange[] = [...(extra?.ranges ?? [])];
  const message = copy<ModelMessage>(extra?.message);
  setInteger(message, 'irVersion', model.irVersion);
  message.opsetImport = opsetsToMessages(model.opsets, extra?.message.opsetImport ?? []);
  setOptional(message, 'producerName', model.producerName);
  setOptional(message, 'producerVersion', model.producerVersion);
  message.metadataProps = entriesToMessages(model.metadata, extra?.message.metadataProps ?? []);
  message.graph = graphToMessage(model.graph, ranges);
  return { message, ranges };
}

/** Entries of one key twice, which the graph does not tell apart, stay while nothing has changed. */
function opsetsToMessages(
  opsets: ReadonlyMap<string, number>,
  old: readonly OperatorSetIdMessage[],
): OperatorSetIdMessage[] {
  if (
    sameEntries(
      opsets,
      old.map((o) => [o.domain ?? '', toNumber(o.version)]),
    )
  )
    return [...old];
  return [...opsets].map(([domain, version]) => {
    const known = old.find((o) => (o.domain ?? '') === domain);
    const entry = copy(known);
    if (domain !== '' || !known) entry.domain = domain;
    setInteger(entry, 'version', version);
    return entry;
  });
}

function sameEntries<V>(
  now: ReadonlyMap<string, V>,
  old: readonly (readonly [string, V])[],
): boolean {
  const before = new Map(old);
  return before.size === now.size && [...before].every(([key, value]) => now.get(key) === value);
}

function entriesToMessages(
  entries: ReadonlyMap<string, string>,
  old: readonly StringStringEntry[],
): StringStringEntry[] {
  if (
    sameEntries(
      entries,
      old.map((e) => [e.key ?? '', e.value ?? '']),
    )
  )
    return [...old];
  return [...entries].map(([key, value]) => ({
    ...copy(old.find((e) => e.key === key)),
    key,
    value,
  }));
}

export function graphToMessage(graph: Graph, ranges: RawRange[]): GraphMessage {
  const extra = graph.extra as GraphExtra | undefined;
  const message = copy<GraphMessage>(extra?.message);
  setString(message, 'name', graph.name);
  setOptional(message, 'docString', graph.docString);
  message.input = graph.inputs.map((v) => infoToMessage(v, 'input'));
  message.output = graph.outputs.map((v) => infoToMessage(v, 'output'));
  message.valueInfo = [...graph.declared].map((v) => infoToMessage(v, 'info'));
  if (extra?.orphans.length) {
    const changed = changedSince(graph);
    for (const { at, info } of extra.orphans)
      if (!changed.has(info.name ?? '')) message.valueInfo.splice(at, 0, info);
  }
  message.initializer = [...graph.initializers].map((value) => {
    const tensor = tensorToMessage(value.initializer as Tensor, ranges);
    return keep(tensor, { ...tensor, name: value.name });
  });
  message.sparseInitializer = [...graph.sparseInitializers].map(([value, source]) => {
    const sparse = copy(source as SparseTensorMessage);
    sparse.values = copy(sparse.values);
    sparse.values.name = value.name;
    return sparse;
  });
  message.node = [...graph.nodes].map((node) => nodeToMessage(node, ranges));
  return message;
}

/**
 * Names of values that are declared no more, or otherwise than the file did. What it said of them a second
 * time would count all the same.
 */
function changedSince(graph: Graph): Set<string> {
  const changed = [...graph.values()].filter(
    (value) =>
      !graph.declared.has(value) ||
      (value.extra as ValueExtra | undefined)?.loadedType !== value.type,
  );
  return new Set(changed.map((value) => value.name));
}

function infoToMessage(value: Value, as: 'input' | 'info' | 'output'): ValueInfoMessage {
  const extra = value.extra as ValueExtra | undefined;
  // what the graph does not model about an intermediate value goes along when it becomes an input
  const message = copy<ValueInfoMessage>(extra?.[as] ?? (as === 'input' ? extra?.info : undefined));
  message.name = value.name;
  if (extra?.[as] && value.type === extra.loadedType) return message;
  if (value.type) message.type = typeToMessage(value.type);
  else delete message.type;
  return message;
}

export function typeToMessage(type: ValueType): TypeMessage {
  if (type.source) return type.source as TypeMessage;
  if (type.kind === 'other') return {};
  const elemType = dataTypeCode(type.elem);
  if (!type.shape) return { tensorType: { elemType } };
  const dim = type.shape.map((d) =>
    typeof d === 'number' ? { dimValue: Long.fromNumber(d) } : d === null ? {} : { dimParam: d },
  );
  return { tensorType: { elemType, shape: { dim } } };
}

function nodeToMessage(node: Node, ranges: RawRange[]): NodeMessage {
  const message = copy(node.extra as NodeMessage | undefined);
  message.input = node.inputs.map((v) => v?.name ?? '');
  message.output = node.outputs.map((v) => v?.name ?? '');
  setString(message, 'name', node.name);
  setString(message, 'domain', node.domain);
  message.opType = node.opType;
  setOptional(message, 'docString', node.docString);
  message.attribute = [...node.attributes].map(([name, a]) => attributeToMessage(name, a, ranges));
  return message;
}

export function attributeToMessage(
  name: string,
  a: Attribute,
  ranges: RawRange[],
): AttributeMessage {
  const old = a.extra as AttributeMessage | undefined;
  const message: AttributeMessage = old ? copy(old) : { name };
  const set = (type: number, fields: AttributeMessage) =>
    old ? { ...message, ...fields } : { ...message, type, ...fields };
  switch (a.type) {
    case 'tensor':
      return keep(message, set(AttributeType.TENSOR, { t: tensorToMessage(a.value, ranges) }));
    case 'tensors':
      return keep(
        message,
        set(AttributeType.TENSORS, { tensors: a.value.map((t) => tensorToMessage(t, ranges)) }),
      );
    case 'graph':
      return keep(message, set(AttributeType.GRAPH, { g: graphToMessage(a.value, ranges) }));
    case 'graphs':
      return keep(
        message,
        set(AttributeType.GRAPHS, { graphs: a.value.map((g) => graphToMessage(g, ranges)) }),
      );
  }
  // the other kinds are immutable: one that came from a file is still what the file said
  if (old) return old;
  switch (a.type) {
    case 'float':
      return set(AttributeType.FLOAT, { f: a.value });
    case 'int':
      return set(AttributeType.INT, { i: toLong(a.value) });
    case 'string':
      return set(AttributeType.STRING, { s: a.value });
    case 'floats':
      return set(AttributeType.FLOATS, { floats: [...a.value] });
    case 'ints':
      return set(AttributeType.INTS, { ints: a.value.map((v) => toLong(v)) });
    case 'strings':
      return set(AttributeType.STRINGS, { strings: [...a.value] });
    case 'opaque':
      return a.value as AttributeMessage;
  }
}

const DATA_FIELDS = [
  'rawData',
  'rawRange',
  'floatData',
  'int32Data',
  'int64Data',
  'doubleData',
  'uint64Data',
  'stringData',
  'externalData',
  'dataLocation',
] as const;

export function tensorToMessage(tensor: Tensor, ranges: RawRange[]): TensorMessage {
  const extra = tensor.extra as TensorExtra | undefined;
  const old = extra?.message;
  const message = copy<TensorMessage>(old);
  const dims = old?.dims ?? [];
  message.dims = tensor.dims.map(
    (d, i) => (toNumber(dims[i]) === d && dims[i]) || Long.fromNumber(d),
  );
  if (dataTypeCode(tensor.dtype) !== (old?.dataType ?? 0))
    message.dataType = dataTypeCode(tensor.dtype);
  setOptional(message, 'name', tensor.name);
  const { data } = tensor;
  if (data === extra?.data && data.kind !== 'range') return message;
  for (const field of DATA_FIELDS) delete message[field];
  switch (data.kind) {
    case 'bytes':
      message.rawData = data.bytes;
      break;
    case 'range':
      message.rawRange = ranges.length;
      ranges.push({ source: data.source, offset: data.offset, length: data.length });
      break;
    case 'external':
      message.dataLocation = EXTERNAL;
      message.externalData = externalEntries(data, old?.externalData ?? []);
      break;
    case 'typed':
      if (data.field === 'int64Data' || data.field === 'uint64Data')
        message[data.field] = data.values.map((v) =>
          toLong(BigInt(v), data.field === 'uint64Data'),
        );
      else message[data.field] = data.values as number[];
      break;
    case 'strings':
      message.stringData = [...data.values];
      break;
    case 'none':
      break;
  }
  if (data.kind !== 'external' && old?.dataLocation === 0) message.dataLocation = 0;
  return message;
}

/** Keeps the file's own entries (checksums, their order) as long as they still say the same. */
function externalEntries(
  data: { location: string; offset: number; length: number | undefined },
  old: readonly StringStringEntry[],
): StringStringEntry[] {
  const now = new Map([['location', data.location]]);
  if (data.offset !== 0) now.set('offset', String(data.offset));
  if (data.length !== undefined) now.set('length', String(data.length));
  const before = new Map(old.map((e) => [e.key ?? '', e.value ?? '']));
  const same =
    before.get('location') === data.location &&
    Number(before.get('offset') ?? 0) === data.offset &&
    (Number(before.get('length')) || undefined) === data.length;
  return same ? [...old] : [...now].map(([key, value]) => ({ key, value }));
}

const toLong = (value: bigint, unsigned = false): Long => Long.fromBigInt(value, unsigned);

/** A shallow copy that keeps the unknown fields, which protobufjs hides from enumeration. */
export function copy<T extends object>(message: T | undefined): T {
  const result = { ...message } as T;
  return message ? keep(message, result) : result;
}

function keep<T extends object>(from: object, to: T): T {
  const unknowns = (from as { $unknowns?: Uint8Array[] }).$unknowns;
  if (unknowns) Object.defineProperty(to, '$unknowns', { value: unknowns, enumerable: false });
  return to;
}

/** Writes a string whose default is `""`: left out unless the file had it or it now says something. */
function setString<T extends object, K extends keyof T & string>(
  message: T,
  key: K,
  value: string,
): void {
  if (value !== '' || Object.hasOwn(message, key))
    (message as Record<string, unknown>)[key] = value;
}

/** Writes an integer; one that the file had stays as it was, exact beyond 2^53. */
function setInteger<T extends object>(message: T, key: keyof T & string, value: number): void {
  const old = (message as Record<string, Int64 | undefined>)[key];
  if (toNumber(Object.hasOwn(message, key) ? old : undefined) !== value)
    (message as Record<string, unknown>)[key] = Long.fromNumber(value);
}

function setOptional<T extends object>(
  message: T,
  key: keyof T & string,
  value: string | undefined,
) {
  if (value === undefined) delete message[key];
  else (message as Record<string, unknown>)[key] = value;
}
