// Mutations of a model as messages, before it is encoded: every field of every message can take a nasty
// value, and the graph's structure is damaged in the ways that exporters, editors and enemies do it.
import {
  decodeMessage,
  encodeMessage,
  fieldsOf,
  MESSAGES,
} from '../../dist/src/model/onnx/descriptor.js';
import { bytes, integer, number, PATHS, smallInteger, word } from './nasty.mjs';

const SCALARS = {
  int64: integer,
  uint64: integer,
  int32: smallInteger,
  uint32: (c) => smallInteger(c) >>> 0,
  float: number,
  double: number,
  string: word,
  bytes,
};

/** Every message inside one, by type. */
function collect(message, type, found = new Map()) {
  if (!found.has(type)) found.set(type, []);
  found.get(type).push(message);
  for (const field of fieldsOf(type)) {
    if (!MESSAGES[field.type]) continue;
    const value = message[field.name];
    for (const inner of field.repeated ? (value ?? []) : value ? [value] : [])
      collect(inner, field.type, found);
  }
  return found;
}

const copyOf = (value) => structuredCloneKeepingLongs(value);

/** Longs have methods, which structuredClone does not copy. */
function structuredCloneKeepingLongs(value) {
  if (Array.isArray(value)) return value.map(structuredCloneKeepingLongs);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return value.slice();
  if ('unsigned' in value) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, structuredCloneKeepingLongs(inner)]),
  );
}

/** A repeated field, made where it is not there. */
function listOf(message, field) {
  message[field] ??= [];
  return message[field];
}

const insert = (list, item, c) => list.splice(c.below(list.length + 1), 0, item);
const names = (graph) => [
  ...(graph.input ?? []).map((v) => v.name),
  ...(graph.initializer ?? []).map((t) => t.name),
  ...(graph.node ?? []).flatMap((n) => n.output ?? []),
];
const node = (all, c) => all.get('Node') && c.pick(all.get('Node'));
const graphOf = (all, c) => all.get('Graph') && c.pick(all.get('Graph'));
const anyOp = (all, c) => node(all, c)?.opType ?? word(c);

/** An `If` within an `If` and so on; reading stops at a hundred messages. */
function nested(depth, name) {
  const output = [{ name: `${name}.${depth}` }];
  const identity = { opType: 'Identity', input: [name], output: [`${name}.${depth}`] };
  if (depth === 0) return { name: 'inner', node: [identity], output };
  const graph = (which) => ({
    name: which,
    attribute: undefined,
    type: 5,
    g: nested(depth - 1, name),
  });
  const then = { ...graph('then_branch') };
  const otherwise = {
    name: 'else_branch',
    type: 5,
    g: {
      name: 'e',
      node: [{ opType: 'Identity', input: [name], output: ['e'] }],
      output: [{ name: 'e' }],
    },
  };
  return {
    name: 'inner',
    node: [
      { opType: 'If', input: [name], output: [`${name}.${depth}`], attribute: [then, otherwise] },
    ],
    output,
  };
}

/** Each takes all messages by type; where there is nothing to damage, nothing happens. */
const STRUCTURAL = [
  // nodes
  (all, c) => {
    const graph = graphOf(all, c);
    if (graph?.node?.length) graph.node.splice(c.below(graph.node.length), 1);
  },
  (all, c) => {
    const graph = graphOf(all, c);
    if (graph?.node?.length) insert(graph.node, copyOf(c.pick(graph.node)), c);
  },
  (all, c) => {
    const graph = graphOf(all, c);
    if (!graph?.node?.length) return;
    const [taken] = graph.node.splice(c.below(graph.node.length), 1);
    insert(graph.node, taken, c);
  },
  (all, c) => {
    const n = node(all, c);
    if (n) n.opType = c.chance(1, 2) ? anyOp(all, c) : word(c);
  },
  (all, c) => {
    const n = node(all, c);
    if (n) n.domain = c.pick(['', 'ai.onnx', 'com.microsoft', 'local', word(c)]);
  },
  // edges
  (all, c) => {
    const graph = graphOf(all, c);
    const n = graph?.node?.length && c.pick(graph.node);
    if (n?.input?.length) n.input[c.below(n.input.length)] = c.pick([...names(graph), '', word(c)]);
  },
  (all, c) => {
    const n = node(all, c);
    if (n?.input?.length && n.output?.length) n.input[c.below(n.input.length)] = c.pick(n.output);
  },
  (all, c) => {
    const n = node(all, c);
    if (n?.input?.length) n.input.splice(c.below(n.input.length), c.few(3));
  },
  (all, c) => {
    const graph = graphOf(all, c);
    const n = node(all, c);
    if (n && graph) insert(listOf(n, 'input'), c.pick([...names(graph), '']), c);
  },
  (all, c) => {
    const graph = graphOf(all, c);
    const n = node(all, c);
    if (n?.output?.length && graph)
      n.output[c.below(n.output.length)] = c.pick([...names(graph), '', word(c)]);
  },
  (all, c) => {
    const n = node(all, c);
    if (n) insert(listOf(n, 'output'), c.pick(['', 'more', word(c)]), c);
  },
  (all, c) => {
    const n = node(all, c);
    if (n?.output?.length) n.output.pop();
  },
  // inputs, outputs and declared types
  (all, c) => {
    const graph = graphOf(all, c);
    const list =
      graph?.[c.pick(['input', 'output', 'valueInfo', 'initializer', 'sparseInitializer'])];
    if (list?.length) list.splice(c.below(list.length), 1);
  },
  (all, c) => {
    const graph = graphOf(all, c);
    const list = graph?.[c.pick(['input', 'output', 'valueInfo', 'initializer'])];
    if (list?.length) insert(list, copyOf(c.pick(list)), c);
  },
  (all, c) => {
    const graph = graphOf(all, c);
    if (graph?.output?.length && names(graph).length)
      c.pick(graph.output).name = c.pick(names(graph));
  },
  (all, c) => {
    const shapes = all.get('TensorShape');
    if (!shapes) return;
    const shape = c.pick(shapes);
    const dim = () =>
      c.pick([{ dimValue: integer(c) }, { dimParam: word(c) }, {}, { dimParam: 'batch' }]);
    if (c.chance(1, 3)) insert(listOf(shape, 'dim'), dim(), c);
    else if (shape.dim?.length) shape.dim[c.below(shape.dim.length)] = dim();
  },
  (all, c) => {
    const type = all.get('TensorType') && c.pick(all.get('TensorType'));
    if (type) type.elemType = c.pick([0, 1, 3, 6, 7, 8, 9, 10, 11, 16, 23, 26, 27, 99, -1]);
  },
  (all, c) => {
    const type = all.get('Type') && c.pick(all.get('Type'));
    if (!type) return;
    const inner = copyOf(type);
    delete type.tensorType;
    Object.assign(
      type,
      c.pick([
        { sequenceType: { elemType: inner } },
        { optionalType: { elemType: inner } },
        { mapType: { keyType: 7, valueType: inner } },
        {},
      ]),
    );
  },
  // tensors
  (all, c) => {
    const tensor = all.get('Tensor') && c.pick(all.get('Tensor'));
    if (tensor?.dims?.length) tensor.dims[c.below(tensor.dims.length)] = integer(c);
  },
  (all, c) => {
    const tensor = all.get('Tensor') && c.pick(all.get('Tensor'));
    if (tensor) tensor.dims = Array.from({ length: c.below(6) }, () => integer(c));
  },
  (all, c) => {
    const tensor = all.get('Tensor') && c.pick(all.get('Tensor'));
    if (tensor) tensor.dataType = c.pick([0, 1, 3, 6, 7, 8, 9, 10, 11, 14, 16, 21, 23, 25, 99, -1]);
  },
  (all, c) => {
    const tensor = all.get('Tensor') && c.pick(all.get('Tensor'));
    if (!tensor) return;
    const { rawData = new Uint8Array(0) } = tensor;
    tensor.rawData = c.pick([
      rawData.slice(0, c.below(rawData.length + 1)),
      new Uint8Array(rawData.length + c.below(9000)),
      undefined,
      rawData.map((byte) => byte ^ 255),
    ]);
  },
  (all, c) => {
    const tensor = all.get('Tensor') && c.pick(all.get('Tensor'));
    if (!tensor) return;
    const field = c.pick(['floatData', 'int32Data', 'int64Data', 'doubleData', 'uint64Data']);
    const kind = field.slice(0, -4);
    tensor.rawData = c.chance(1, 2) ? undefined : tensor.rawData;
    tensor[field] = Array.from({ length: c.below(20) }, () => SCALARS[kind](c));
  },
  (all, c) => {
    const tensor = all.get('Tensor') && c.pick(all.get('Tensor'));
    if (!tensor) return;
    const entries = {
      location: c.chance(2, 3) ? 'weights.bin' : c.pick(PATHS),
      offset: c.pick(['0', '64', '-1', '1e3', '', '9223372036854775807', '0x10', ' 8', word(c)]),
      length: c.pick(['4', '256', '-4', '0', '9223372036854775807', '9007199254740991', word(c)]),
    };
    for (const key of Object.keys(entries)) if (c.chance(1, 4)) delete entries[key];
    if (c.chance(1, 2)) tensor.rawData = undefined;
    tensor.dataLocation = c.pick([1, 1, 1, 0, 2]);
    tensor.externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  },
  // attributes
  (all, c) => {
    const a = all.get('Attribute') && c.pick(all.get('Attribute'));
    if (a) a.type = c.below(16);
  },
  (all, c) => {
    const a = all.get('Attribute') && c.pick(all.get('Attribute'));
    if (!a) return;
    if (a.i !== undefined) a.i = integer(c);
    if (a.f !== undefined) a.f = number(c);
    if (a.s !== undefined) a.s = bytes(c);
    if (a.ints?.length) {
      if (c.chance(1, 3)) a.ints.pop();
      else if (c.chance(1, 2)) a.ints.push(integer(c));
      else a.ints[c.below(a.ints.length)] = integer(c);
    }
  },
  (all, c) => {
    const n = node(all, c);
    if (n?.attribute?.length) n.attribute.splice(c.below(n.attribute.length), 1);
  },
  (all, c) => {
    const n = node(all, c);
    const given = all.get('Attribute');
    if (n && given) insert(listOf(n, 'attribute'), copyOf(c.pick(given)), c);
  },
  (all, c) => {
    const a = all.get('Attribute') && c.pick(all.get('Attribute'));
    if (a) a.name = c.pick([...(all.get('Attribute') ?? []).map((o) => o.name), word(c)]);
  },
  // graphs in graphs
  (all, c) => {
    const graph = graphOf(all, c);
    const [name = ''] = graph ? names(graph) : [];
    if (graph) insert(listOf(graph, 'node'), nested(c.pick([1, 2, 10, 28]), name).node[0], c);
  },
  (all, c) => {
    const n = node(all, c);
    const graph = graphOf(all, c);
    if (!n || !graph) return;
    n.opType = c.pick(['If', 'Loop', 'Scan', n.opType]);
    insert(
      listOf(n, 'attribute'),
      {
        name: c.pick(['then_branch', 'else_branch', 'body', word(c)]),
        type: 5,
        g: JSON.stringify(graph).length < 200_000 ? copyOf(graph) : {},
      },
      c,
    );
  },
  // the model
  (all, c) => {
    const [model] = all.get('Model');
    const version = {
      domain: c.pick(['', 'ai.onnx', 'com.microsoft', 'local']),
      version: integer(c),
    };
    if (c.chance(1, 2)) insert(listOf(model, 'opsetImport'), version, c);
    else model.opsetImport = c.pick([[], [version], undefined]);
  },
  (all, c) => {
    const [model] = all.get('Model');
    model.irVersion = integer(c);
  },
  (all, c) => {
    const [model] = all.get('Model');
    const call = { opType: 'f', domain: 'local', input: ['a'], output: ['b'] };
    const body = [call, ...(model.graph?.node ?? []).slice(0, c.below(4)).map(copyOf)];
    listOf(model, 'functions').push({
      name: c.pick(['f', 'Conv', '']),
      domain: c.pick(['local', '', 'ai.onnx']),
      input: ['a'],
      output: ['b'],
      node: body,
      opsetImport: [{ domain: '', version: 17 }],
    });
    const n = node(all, c);
    if (n) Object.assign(n, { opType: 'f', domain: 'local' });
  },
  (all, c) => {
    const [model] = all.get('Model');
    model.graph = c.pick([undefined, {}, { node: [] }, model.graph]);
  },
];

/** Any field of any message: a nasty value, none, one more, one less, or another's. */
function anyField(all, c) {
  const type = c.pick([...all.keys()]);
  const message = c.pick(all.get(type));
  const fields = fieldsOf(type).filter((f) => f.name !== 'rawRange');
  if (fields.length === 0) return;
  const field = c.pick(fields);
  const make = () =>
    MESSAGES[field.type]
      ? all.has(field.type)
        ? copyOf(c.pick(all.get(field.type)))
        : {}
      : SCALARS[field.type](c);
  if (!field.repeated) message[field.name] = c.chance(1, 4) ? undefined : make();
  else {
    const list = listOf(message, field.name);
    if (c.chance(1, 3) && list.length) list.splice(c.below(list.length), 1);
    else if (c.chance(1, 2) && list.length) list[c.below(list.length)] = make();
    else insert(list, make(), c);
  }
}

/**
 * A model's bytes with some of its messages changed.
 * @param seeds one for each mutation, so that a failing input can be tried with fewer
 */
export function mutateMessage(original, seeds, choicesOf) {
  const message = decodeMessage(original);
  for (const seed of seeds) {
    const c = choicesOf(seed);
    const all = collect(message, 'Model');
    if (c.chance(1, 4)) anyField(all, c);
    else c.pick(STRUCTURAL)(all, c);
  }
  return encodeMessage(message);
}
