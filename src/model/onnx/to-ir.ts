/**
 * From messages to the graph. Each part of the graph keeps the message it came from in `extra`, so
 * that from-ir.ts can write back every field the graph does not model. Checks what every later step
 * relies on: unique names, every value made before it is read, no cycle.
 */
import type Long from 'long';
import {
  definedTwice,
  graphCycle,
  notOnnx,
  undefinedValue,
  usedBeforeMade,
} from '../../errors/index.js';
import type { Attribute, AttributeValue } from '../ir/attribute.js';
import { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { findCycle } from '../ir/order.js';
import type { ExternalFiles, Tensor, TensorData } from '../ir/tensor.js';
import { type DataType, type Dim, dataTypeFromCode, type ValueType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import {
  type AttributeMessage,
  AttributeType,
  EXTERNAL,
  type GraphMessage,
  type Int64,
  type ModelMessage,
  type NodeMessage,
  type SparseTensorMessage,
  type TensorMessage,
  type TensorShapeMessage,
  type TypeMessage,
  type ValueInfoMessage,
} from './messages.js';
import type { RawRange } from './skeleton.js';

/** What a value remembers of the file: its ValueInfo as an input, in `value_info`, and as an output. */
export interface ValueExtra {
  input?: ValueInfoMessage;
  info?: ValueInfoMessage;
  output?: ValueInfoMessage;
  /** The type as loaded; while it is unchanged the messages' own types are written back. */
  loadedType?: ValueType | undefined;
}

/** What a tensor remembers of the file: its message says the same as long as its data are these. */
export interface TensorExtra {
  message: TensorMessage;
  data: TensorData;
}

/** What a graph remembers of the file. */
export interface GraphExtra {
  message: GraphMessage;
  /** `value_info` of names that nothing in the graph makes or that come twice, by place in the list. */
  orphans: readonly { readonly at: number; readonly info: ValueInfoMessage }[];
}

/** What a model remembers of the file. */
export interface ModelExtra {
  message: ModelMessage;
  /** Ranges that `rawRange` fields anywhere in `message` refer to. */
  ranges: readonly RawRange[];
  /** Opens the external data of `message`, such as those of its functions. */
  files: ExternalFiles | undefined;
}

export interface LoadContext {
  readonly label: string;
  readonly ranges: readonly RawRange[];
  readonly files: ExternalFiles | undefined;
}

export const toNumber = (value: Int64 | undefined): number =>
  value === undefined ? 0 : typeof value === 'number' ? value : value.toNumber();

export const toBigInt = (value: Int64): bigint =>
  typeof value === 'number' ? BigInt(value) : (value as Long).toBigInt();

export function modelFromMessage(message: ModelMessage, context: LoadContext): Model {
  if (!message.graph) throw notOnnx(context.label, 'it holds no graph');
  const extra: ModelExtra = { message, ranges: context.ranges, files: context.files };
  return {
    graph: graphFromMessage(message.graph, context),
    irVersion: toNumber(message.irVersion),
    opsets: new Map(
      (message.opsetImport ?? []).map((entry) => [entry.domain ?? '', toNumber(entry.version)]),
    ),
    producerName: message.producerName,
    producerVersion: message.producerVersion,
    metadata: new Map((message.metadataProps ?? []).map((p) => [p.key ?? '', p.value ?? ''])),
    extra,
  };
}

/** What a sparse tensor is when it is unfolded, which engines do before they read it. */
function sparseType({ values, dims = [] }: SparseTensorMessage): ValueType {
  const elem = dataTypeFromCode(values?.dataType ?? 0);
  return { kind: 'tensor', elem, shape: dims.map(toNumber) };
}

type Names = ReadonlyMap<string, Value>;

export function graphFromMessage(
  message: GraphMessage,
  context: LoadContext,
  parent?: Graph,
  outer: Names = new Map(),
): Graph {
  const graph = new Graph(message.name ?? '', parent);
  graph.docString = message.docString;
  const own = new Map<string, Value>();
  const define = (name: string, value: Value) => {
    if (own.has(name)) throw definedTwice(name);
    own.set(name, value);
  };

  for (const info of message.input ?? []) {
    const name = info.name ?? '';
    if (own.has(name)) throw definedTwice(name);
    define(name, graph.addInput(name, typeFromMessage(info.type)));
    remember(own.get(name) as Value, { input: info });
  }
  for (const tensor of message.initializer ?? []) {
    const name = tensor.name ?? '';
    let value = own.get(name);
    if (value?.initializer) throw definedTwice(name);
    if (!value) {
      value = graph.newValue(name, undefined, 0);
      define(name, value);
    }
    graph.setInitializer(value, tensorFromMessage(tensor, context));
  }
  for (const sparse of message.sparseInitializer ?? []) {
    const name = sparse.values?.name ?? '';
    const value = own.get(name) ?? graph.newValue(name, undefined, 0);
    if (!own.has(name)) define(name, value);
    graph.sparseInitializers.set(value, sparse);
    value.type ??= sparseType(sparse);
  }

  // two rounds, so that a value read before it is made can be told from one that nobody makes
  const nodes = (message.node ?? []).map((nodeMessage) => {
    const node = graph.addNode({
      opType: nodeMessage.opType ?? '',
      domain: nodeMessage.domain ?? '',
      name: nodeMessage.name ?? '',
      inputs: [],
      outputs: [],
    });
    node.docString = nodeMessage.docString;
    node.extra = nodeMessage;
    for (const name of nodeMessage.output ?? []) {
      if (name === '') graph.addNodeOutput(node, null);
      else {
        if (own.has(name)) throw definedTwice(name);
        const value = graph.newValue(name, node, node.outputList.length);
        node.outputList.push(value);
        define(name, value);
      }
    }
    return [node, nodeMessage] as const;
  });
  wire(nodes, own, outer, context);

  for (const info of message.output ?? []) {
    const name = info.name ?? '';
    const value = own.get(name) ?? outer.get(name);
    if (!value) throw undefinedValue(name, `The graph's output list`);
    value.type ??= typeFromMessage(info.type);
    remember(value, { output: info });
    graph.addOutput(value);
  }
  const orphans: { at: number; info: ValueInfoMessage }[] = [];
  for (const [at, info] of (message.valueInfo ?? []).entries()) {
    const value = own.get(info.name ?? '');
    if (!value || graph.declared.has(value)) {
      orphans.push({ at, info });
      continue;
    }
    value.type ??= typeFromMessage(info.type);
    remember(value, { info });
    graph.declared.add(value);
  }
  graph.extra = { message, orphans } satisfies GraphExtra;
  return graph;
}

function wire(
  nodes: readonly (readonly [Node, NodeMessage])[],
  own: Names,
  outer: Names,
  context: LoadContext,
): void {
  const made = new Map<string, Value>(outer);
  for (const [name, value] of own) if (!value.producer) made.set(name, value);
  const late: (readonly [string, Node])[] = [];
  for (const [node, message] of nodes) {
    message.input?.forEach((name, index) => {
      if (name === '') {
        node.setInput(index, null);
        return;
      }
      const value = made.get(name) ?? own.get(name);
      if (!value) throw undefinedValue(name, `Node "${node.label}"`);
      if (!made.has(name)) late.push([name, node]);
      node.setInput(index, value);
    });
    for (const attribute of message.attribute ?? []) {
      const name = attribute.name ?? '';
      if (node.attributes.has(name))
        throw notOnnx(context.label, `node "${node.label}" has the attribute "${name}" twice`);
      node.attributes.set(name, attributeFromMessage(attribute, context, node.graph, made));
    }
    for (const output of node.outputs) if (output) made.set(output.name, output);
  }
  if (late.length > 0) {
    const [name, node] = late[0] as readonly [string, Node];
    const cycle = findCycle(node.graph);
    throw cycle ? graphCycle(cycle) : usedBeforeMade(name, `Node "${node.label}"`);
  }
}

function remember(value: Value, add: ValueExtra): void {
  const extra = (value.extra ?? {}) as ValueExtra;
  value.extra = { ...extra, ...add, loadedType: value.type } satisfies ValueExtra;
}

function typeFromMessage(message: TypeMessage | undefined): ValueType | undefined {
  if (!message) return undefined;
  const tensor = message.tensorType;
  if (!tensor) return { kind: 'other', source: message };
  const elem = dataTypeFromCode(tensor.elemType ?? 0);
  const shape = tensor.shape && dimsFromMessage(tensor.shape);
  return shape
    ? { kind: 'tensor', elem, shape, source: message }
    : { kind: 'tensor', elem, source: message };
}

function dimsFromMessage(shape: TensorShapeMessage): Dim[] {
  return (shape.dim ?? []).map((dim) =>
    dim.dimValue !== undefined && dim.dimValue !== null
      ? toNumber(dim.dimValue)
      : dim.dimParam
        ? dim.dimParam
        : null,
  );
}

export function tensorFromMessage(message: TensorMessage, context: LoadContext): Tensor {
  const dtype = dataTypeFromCode(message.dataType ?? 0);
  const data = tensorData(message, dtype, context);
  return {
    dtype,
    dims: (message.dims ?? []).map(toNumber),
    data,
    ...(message.name === undefined ? {} : { name: message.name }),
    extra: { message, data } satisfies TensorExtra,
  };
}

function tensorData(message: TensorMessage, dtype: DataType, context: LoadContext): TensorData {
  if (message.dataLocation === EXTERNAL) {
    const entries = new Map((message.externalData ?? []).map((e) => [e.key, e.value ?? '']));
    const bytes = (key: string): number | undefined => {
      const text = entries.get(key);
      if (text === undefined) return undefined;
      if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
      throw notOnnx(
        context.label,
        `tensor "${message.name ?? ''}" has the external ${key} "${text}"`,
      );
    };
    return {
      kind: 'external',
      location: entries.get('location') ?? '',
      offset: bytes('offset') ?? 0,
      // 0 says nothing of the length, as onnxruntime reads it and some exporters write it
      length: bytes('length') || undefined,
      files: context.files,
    };
  }
  if (message.rawRange !== undefined) {
    const range = context.ranges[message.rawRange];
    if (range) return { kind: 'range', ...range };
  }
  if (message.rawData !== undefined) return { kind: 'bytes', bytes: message.rawData };
  if (dtype === 'string') return { kind: 'strings', values: message.stringData ?? [] };
  if (message.floatData?.length)
    return { kind: 'typed', field: 'floatData', values: message.floatData };
  if (message.doubleData?.length)
    return { kind: 'typed', field: 'doubleData', values: message.doubleData };
  if (message.int32Data?.length)
    return { kind: 'typed', field: 'int32Data', values: message.int32Data };
  if (message.int64Data?.length)
    return { kind: 'typed', field: 'int64Data', values: message.int64Data.map(toBigInt) };
  if (message.uint64Data?.length)
    return { kind: 'typed', field: 'uint64Data', values: message.uint64Data.map(toBigInt) };
  return { kind: 'none' };
}

function attributeFromMessage(
  message: AttributeMessage,
  context: LoadContext,
  graph: Graph,
  names: Names,
): Attribute {
  const inner = (g: GraphMessage) => graphFromMessage(g, context, graph, names);
  return { ...attributeValue(message, context, inner), extra: message };
}

function attributeValue(
  m: AttributeMessage,
  context: LoadContext,
  inner: (g: GraphMessage) => Graph,
): AttributeValue {
  if (m.refAttrName) return { type: 'opaque', value: m };
  switch (m.type || impliedType(m)) {
    case AttributeType.FLOAT:
      return { type: 'float', value: m.f ?? 0 };
    case AttributeType.INT:
      return { type: 'int', value: toBigInt(m.i ?? 0) };
    case AttributeType.STRING:
      return { type: 'string', value: m.s ?? new Uint8Array(0) };
    case AttributeType.TENSOR:
      return { type: 'tensor', value: tensorFromMessage(m.t ?? {}, context) };
    case AttributeType.GRAPH:
      return { type: 'graph', value: inner(m.g ?? {}) };
    case AttributeType.FLOATS:
      return { type: 'floats', value: m.floats ?? [] };
    case AttributeType.INTS:
      return { type: 'ints', value: (m.ints ?? []).map(toBigInt) };
    case AttributeType.STRINGS:
      return { type: 'strings', value: m.strings ?? [] };
    case AttributeType.TENSORS:
      return {
        type: 'tensors',
        value: (m.tensors ?? []).map((t) => tensorFromMessage(t, context)),
      };
    case AttributeType.GRAPHS:
      return { type: 'graphs', value: (m.graphs ?? []).map(inner) };
    case AttributeType.SPARSE_TENSOR:
      return { type: 'opaque', value: m, tensor: sparseType(m.sparseTensor ?? {}) };
    default:
      return { type: 'opaque', value: m };
  }
}

/** Files from before IR version 2 leave the attribute's type out; the field that is set tells it. */
export function impliedType(m: AttributeMessage): number {
  if (m.f !== undefined) return AttributeType.FLOAT;
  if (m.i !== undefined) return AttributeType.INT;
  if (m.s !== undefined) return AttributeType.STRING;
  if (m.t !== undefined) return AttributeType.TENSOR;
  if (m.g !== undefined) return AttributeType.GRAPH;
  if (m.floats?.length) return AttributeType.FLOATS;
  if (m.ints?.length) return AttributeType.INTS;
  if (m.strings?.length) return AttributeType.STRINGS;
  if (m.tensors?.length) return AttributeType.TENSORS;
  if (m.graphs?.length) return AttributeType.GRAPHS;
  if (m.sparseTensor) return AttributeType.SPARSE_TENSOR;
  return AttributeType.UNDEFINED;
}
