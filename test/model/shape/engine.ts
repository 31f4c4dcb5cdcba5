/** onnxruntime as an oracle: what a model's intermediate values really are. */
import * as ort from 'onnxruntime-node';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { elementCount, type Tensor } from '../../../src/model/ir/tensor.js';
import { type DataType, dataTypeFromCode } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import { encodeModel } from '../../../src/model/onnx/index.js';

/** Small deterministic random numbers (mulberry32), enough for tests. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Gives every float tensor without data normal numbers of variance 1/fan-in. They are drawn
 * from a table of 65,521 normals at random places, which fills 36 M weights in a moment.
 */
export function fillWeights(model: Model, seed = 1): void {
  const random = randomNumbers(seed);
  const table = Float32Array.from(
    { length: 65521 },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
  const filled = (tensor: Tensor): Tensor => {
    if (tensor.data.kind !== 'external' && tensor.data.kind !== 'none') return tensor;
    if (tensor.dtype !== 'float32') throw new Error(`cannot fill ${tensor.dtype}`);
    const count = elementCount(tensor.dims);
    const scale = 1 / Math.sqrt(Math.max(count / (tensor.dims[0] ?? 1), 1));
    const numbers = new Float32Array(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (i % 1024 === 0) at = Math.floor(random() * table.length);
      numbers[i] = (table[(at + i) % table.length] as number) * scale;
    }
    const data = { kind: 'bytes', bytes: new Uint8Array(numbers.buffer) } as const;
    return { dtype: 'float32', dims: tensor.dims, data };
  };
  for (const value of model.graph.initializers)
    if (value.initializer) value.initializer = filled(value.initializer);
  // Larger Constant nodes are stripped too.
  for (const node of model.graph.nodes)
    for (const [name, attribute] of node.attributes)
      if (attribute.type === 'tensor')
        node.attributes.set(name, { type: 'tensor', value: filled(attribute.value) });
}

export type Feeds = Record<string, ort.Tensor>;

/** Random feeds of the given shapes; integer inputs get a number below 10. */
export function randomFeeds(
  model: Model,
  shapes: Readonly<Record<string, readonly number[]>>,
  seed = 7,
): Feeds {
  const random = randomNumbers(seed);
  const feeds: Feeds = {};
  for (const input of model.graph.inputs) {
    const dims = shapes[input.name];
    if (!dims || input.type?.kind !== 'tensor') throw new Error(`no shape for ${input.name}`);
    const count = elementCount(dims);
    const { elem } = input.type;
    if (elem === 'int64') {
      const data = BigInt64Array.from({ length: count }, () => BigInt(Math.floor(random() * 10)));
      feeds[input.name] = new ort.Tensor('int64', data, dims);
    } else if (elem === 'float32') {
      const data = Float32Array.from({ length: count }, () => random() * 2 - 1);
      feeds[input.name] = new ort.Tensor('float32', data, dims);
    } else if (elem === 'bool') {
      const data = Uint8Array.from({ length: count }, () => Number(random() < 0.5));
      feeds[input.name] = new ort.Tensor('bool', data, dims);
    } else throw new Error(`no feed for ${elem}`);
  }
  return feeds;
}

/** Runs a model without graph optimization, so that every node is computed as it is written. */
export async function runModel(model: Model, feeds: Feeds): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** What the engine made of one value. */
export interface Observed {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  /** Only of integer and boolean tensors of at most 256 elements. */
  readonly elements: readonly bigint[] | undefined;
}

/** Runs the model with every node output of the main graph as a graph output. */
export async function observe(model: Model, feeds: Feeds): Promise<Map<Value, Observed>> {
  const { model: copy, map } = cloneModel(model);
  const observed = [...model.graph.nodes].flatMap((n) => n.outputs.filter((o) => o !== null));
  for (const value of observed) {
    const twin = map.values.get(value) as Value;
    twin.type = undefined;
    if (!twin.isGraphOutput) copy.graph.addOutput(twin);
  }
  const results = await runModel(copy, feeds);
  return new Map(
    observed.map((value) => {
      const tensor = results[value.name] as ort.Tensor;
      const dtype = dataTypeFromCode(ORT_TYPES.indexOf(tensor.type));
      const small = /int|bool/.test(dtype) && tensor.size <= 256;
      const elements = small
        ? Array.from(tensor.data as Iterable<number | bigint>, BigInt)
        : undefined;
      return [value, { dtype, dims: tensor.dims, elements }];
    }),
  );
}

/** onnxruntime's names of element types, by ONNX code. */
const ORT_TYPES = [
  '',
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
];
