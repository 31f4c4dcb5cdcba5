/**
 * A reference for programs that replace a value: the source model itself, decoded and edited by
 * onnx-proto, so that one of its inner values can be read and another run can be given it. Shares no
 * code with the compiler.
 */
import onnxProto from 'onnx-proto';
import * as ort from 'onnxruntime-node';

const { onnx } = onnxProto;

export type Tensors = Record<string, ort.Tensor>;

/** The source with an inner value as one more output. */
export function observing(bytes: Uint8Array, name: string): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  model.graph!.output!.push(
    onnx.ValueInfoProto.create({
      name,
      type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } },
    }),
  );
  return onnx.ModelProto.encode(model).finish();
}

/** The source with an inner value as an input; whoever made it makes another name. */
function injecting(bytes: Uint8Array, name: string): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  for (const node of model.graph!.node!)
    node.output = node.output!.map((output) => (output === name ? `${name}.unused` : output));
  model.graph!.input!.push(
    onnx.ValueInfoProto.create({
      name,
      type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } },
    }),
  );
  return onnx.ModelProto.encode(model).finish();
}

export class Reference {
  private constructor(
    private readonly name: string,
    private readonly observe: ort.InferenceSession,
    private readonly inject: ort.InferenceSession,
    private readonly outputs: readonly string[],
  ) {}

  static async create(
    bytes: Uint8Array,
    name: string,
    outputs: readonly string[],
    /** Turns bytes into what the engine opens; a path where weights lie beside the model. */
    place: (bytes: Uint8Array, role: string) => string | Uint8Array = (b) => b,
    options: ort.InferenceSession.SessionOptions = {
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
    },
  ): Promise<Reference> {
    const open = (b: Uint8Array, role: string) =>
      ort.InferenceSession.create(place(b, role) as string, options);
    return new Reference(
      name,
      await open(observing(bytes, name), 'observe'),
      await open(injecting(bytes, name), 'inject'),
      outputs,
    );
  }

  /** The source's outputs, and the inner value. */
  async full(feeds: Tensors): Promise<{ outputs: Tensors; inner: ort.Tensor }> {
    const results = (await this.observe.run(feeds)) as Tensors;
    return { outputs: this.pick(results), inner: results[this.name]! };
  }

  /** The source's outputs when its inner value is what is given. */
  async shallow(feeds: Tensors, inner: ort.Tensor): Promise<Tensors> {
    return this.pick((await this.inject.run({ ...feeds, [this.name]: inner })) as Tensors);
  }

  async release(): Promise<void> {
    await this.observe.release();
    await this.inject.release();
  }

  private pick(results: Tensors): Tensors {
    return Object.fromEntries(this.outputs.map((name) => [name, results[name]!]));
  }
}

export function zerosLike(tensor: ort.Tensor): ort.Tensor {
  return new ort.Tensor('float32', new Float32Array(tensor.data.length), tensor.dims);
}

/** Every bit equal, which a difference of -0 and 0 or of two NaN would hide from `toEqual`. */
export function sameBits(a: ort.Tensor, b: ort.Tensor): boolean {
  const bytes = ({ data }: ort.Tensor) => {
    const { buffer, byteOffset, byteLength } = data as Float32Array;
    return Buffer.from(buffer, byteOffset, byteLength);
  };
  return a.dims.join() === b.dims.join() && bytes(a).equals(bytes(b));
}

/** Largest difference of two elements, over the largest magnitude of the second tensor. */
export function relativeDifference(a: ort.Tensor, b: ort.Tensor): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  if (a.dims.join() !== b.dims.join()) return Number.POSITIVE_INFINITY;
  let worst = 0;
  let magnitude = 0;
  for (let i = 0; i < y.length; i++) {
    worst = Math.max(worst, Math.abs(x[i]! - y[i]!));
    magnitude = Math.max(magnitude, Math.abs(y[i]!));
  }
  return worst / magnitude;
}
