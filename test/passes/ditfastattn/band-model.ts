/**
 * One attention as a model of its own, with whatever the test builds between its operands and its
 * output, and the definition of attention to a band in plain loops.
 */
import * as ort from 'onnxruntime-node';
import type { BandOperands } from '../../../passes/ditfastattn/band/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { decodeFloat16, encodeFloat16 } from '../../../src/io/float16.js';
import { int } from '../../../src/model/ir/attribute.js';
import type { Model } from '../../../src/model/ir/model.js';
import { isOp } from '../../../src/model/ir/node.js';
import { float32Tensor, int64Tensor } from '../../../src/model/ir/tensor.js';
import { type DataType, type Dim, dataTypeCode, tensorType } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import { constant, symbol } from '../../../src/model/shape/index.js';
import { EXACT, encodeSorted } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

export interface Attention {
  readonly lead: readonly number[];
  /** A name leaves the count to the run. */
  readonly tokens: number | string;
  readonly size: number;
  readonly scale: number;
  readonly type?: 'float32' | 'float16';
  /** Of the Softmax, where casts lie around it. */
  readonly softmaxType?: DataType;
  readonly opset?: number;
}

export type Build = (b: SiteBuilder, operands: BandOperands) => Value;

export function attentionModel(attention: Attention, build: Build): Model {
  const { lead, tokens, size, scale, type = 'float32', softmaxType = type, opset } = attention;
  const model = modelOf('attention (float[1] unused) => (unused) {}', opset);
  const { graph } = model;
  graph.filterOutputs(() => false);
  graph.removeInput(named(model, 'unused'));
  const input = (name: string, dims: readonly Dim[]) =>
    graph.addInput(name, tensorType(type, [...lead, ...dims]));
  const q = input('q', [tokens, size]);
  const k = input('k', [size, tokens]);
  const v = input('v', [tokens, size]);
  const b: SiteBuilder = {
    graph,
    value: (source) => source,
    state: () => {
      throw new Error('attention has no state here');
    },
    add: (spec) => graph.addNode(spec).output,
    constant: (name, values) => graph.addInitializer(name, int64Tensor(values)),
  };
  const cast = (value: Value, from: DataType, to: DataType) =>
    from === to
      ? value
      : b.add({ opType: 'Cast', inputs: [value], attributes: { to: int(dataTypeCode(to)) } });
  const factor = cast(graph.addInitializer('scale', float32Tensor([scale], [])), 'float32', type);
  const output = build(b, {
    q,
    k,
    v,
    rank: lead.length + 2,
    tokens: typeof tokens === 'number' ? constant(tokens) : symbol(tokens),
    dtype: softmaxType,
    scale: (_, scores) =>
      cast(b.add({ opType: 'Mul', inputs: [scores, factor] }), type, softmaxType),
    weights: (_, probabilities) => cast(probabilities, softmaxType, type),
  });
  output.type = tensorType(type, [...lead, tokens, size]);
  graph.addOutput(output);
  return model;
}

/** MACs of the products that onnxruntime runs, from the shapes of their operands. */
export async function macsRun(attention: Attention, build: Build, tokens: number): Promise<number> {
  const model = attentionModel(attention, build);
  const products = [...model.graph.nodes].filter((node) => isOp(node, 'MatMul'));
  const observed = new Set(products.flatMap((node) => [node.inputs[0] as Value, node.output]));
  for (const value of observed)
    if (!value.isGraphOutput && !value.isGraphInput) model.graph.addOutput(value);
  const session = await ort.InferenceSession.create(encodeSorted(model), EXACT);
  const { lead, size } = attention;
  const zeros = (...dims: number[]) => {
    const all = [...lead, ...dims];
    return new ort.Tensor('float32', new Float32Array(all.reduce((a, b) => a * b)), all);
  };
  const q = zeros(tokens, size);
  const results = { ...(await session.run({ q, k: zeros(size, tokens), v: q })), q };
  await session.release();
  const dims = (value: Value) => (results as Record<string, ort.Tensor>)[value.name]!.dims;
  return products
    .map(
      (node) => dims(node.inputs[0] as Value).at(-1)! * dims(node.output).reduce((a, b) => a * b),
    )
    .reduce((a, b) => a + b, 0);
}

/** softmax(scale(q k) + mask) v with the mask as one more input, float32 [tokens, tokens]. */
export const dense: Build = (b, { q, k, v, scale, weights, dtype }) => {
  const mask = b.graph.addInput('mask', tensorType(dtype, [null, null]));
  const scores = scale(b, b.add({ opType: 'MatMul', inputs: [q, k] }));
  const masked = b.add({ opType: 'Add', inputs: [scores, mask] });
  const seen = b.add({ opType: 'Softmax', inputs: [masked], attributes: { axis: int(-1) } });
  return b.add({ opType: 'MatMul', inputs: [weights(b, seen), v] });
};

export const maskOf = (tokens: number, sees: Sees): ort.Tensor =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: tokens * tokens }, (_, at) =>
      sees(Math.floor(at / tokens), at % tokens) ? 0 : -Infinity,
    ),
    [tokens, tokens],
  );

export const bandOf = (tokens: number, width: number): ort.Tensor =>
  maskOf(tokens, (i, j) => Math.abs(i - j) <= width);

export interface Operands {
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
}

/** Any numbers; in float16 they are rounded first, so that all see the same. */
export function operandsOf(
  { lead, size, type }: Attention,
  tokens: number,
  seed: number,
  largest = 2,
): Operands {
  let state = seed;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * largest;
  };
  const count = lead.reduce((a, b) => a * b, tokens * size);
  const some = () => {
    const values = Float32Array.from({ length: count }, draw);
    return type === 'float16' ? decodeFloat16(encodeFloat16(values)) : values;
  };
  return { q: some(), k: some(), v: some() };
}

/** Does query i see key j? */
export type Sees = (i: number, j: number) => boolean;

/**
 * The definition, in float64.
 * @param window keys on each side, or which keys each query sees
 */
export function definition(
  { lead, size, scale }: Attention,
  tokens: number,
  { q, k, v }: Operands,
  window: number | Sees,
): Float64Array {
  const sees: Sees = typeof window === 'number' ? (i, j) => Math.abs(i - j) <= window : window;
  const out = new Float64Array(q.length);
  const heads = lead.reduce((a, b) => a * b, 1);
  for (let h = 0; h < heads; h++) {
    const base = h * tokens * size;
    for (let i = 0; i < tokens; i++) {
      const scores = Array.from({ length: tokens }, (_, j) => {
        if (!sees(i, j)) return -Infinity;
        let sum = 0;
        for (let d = 0; d < size; d++)
          sum += q[base + i * size + d]! * k[base + d * tokens + j]! * scale;
        return sum;
      });
      const highest = Math.max(...scores);
      const powers = scores.map((s) => Math.exp(s - highest));
      const total = powers.reduce((a, b) => a + b, 0);
      for (let j = 0; j < tokens; j++)
        for (let d = 0; d < size; d++)
          out[base + i * size + d]! += (powers[j]! / total) * v[base + j * size + d]!;
    }
  }
  return out;
}

/** A model opened once and run at any token count. */
export class Runner {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly attention: Attention,
  ) {}

  static async open(
    attention: Attention,
    build: Build,
    options: ort.InferenceSession.SessionOptions = EXACT,
  ): Promise<Runner> {
    const bytes = encodeSorted(attentionModel(attention, build));
    return new Runner(await ort.InferenceSession.create(bytes, options), attention);
  }

  async run(tokens: number, { q, k, v }: Operands, mask?: ort.Tensor): Promise<Float32Array> {
    const { lead, size, type = 'float32' } = this.attention;
    const tensor = (data: Float32Array, dims: number[]) =>
      type === 'float16'
        ? new ort.Tensor('float16', encodeFloat16(data), [...lead, ...dims])
        : new ort.Tensor('float32', data, [...lead, ...dims]);
    const outputs = await this.session.run({
      q: tensor(q, [tokens, size]),
      k: tensor(k, [size, tokens]),
      v: tensor(v, [tokens, size]),
      ...(mask && { mask }),
    });
    const [output] = Object.values(outputs);
    if (output?.dims.join() !== [...lead, tokens, size].join())
      throw new Error(`the output is of shape ${output?.dims}`);
    return type === 'float16'
      ? decodeFloat16(output.data as unknown as Uint16Array)
      : (output.data as Float32Array);
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    // a NaN counts as unequal
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  return worst;
}
