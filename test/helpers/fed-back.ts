/**
 * Who runs a model that holds its own plan: feeds back whatever goes out as `….out.X` as `….in.X`, zeros of size 1 at
 * the first call, and knows nothing else. No code of the project's.
 */
import * as ort from 'onnxruntime-node';

type Tensors = Record<string, ort.Tensor>;

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

const STATE = /^(stepfold\w*)\.in\./;

export class FedBack {
  private states: Tensors;

  private constructor(private readonly session: ort.InferenceSession) {
    this.states = this.zeros();
  }

  static async open(
    model: string | Uint8Array,
    options: ort.InferenceSession.SessionOptions = {},
  ): Promise<FedBack> {
    return new FedBack(await ort.InferenceSession.create(model as string, options));
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const results = (await this.session.run({ ...feeds, ...this.states })) as Tensors;
    const outputs: Tensors = {};
    for (const [name, tensor] of Object.entries(results)) {
      const input = name.replace(/^(stepfold\w*)\.out\./, '$1.in.');
      if (input in this.states) this.states[input] = tensor;
      else outputs[name] = tensor;
    }
    return outputs;
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private zeros(): Tensors {
    return Object.fromEntries(
      this.session.inputMetadata.flatMap((port) => {
        if (!port.isTensor || !STATE.test(port.name)) return [];
        const dims = port.shape.map((size) => (typeof size === 'number' && size > 0 ? size : 1));
        const count = dims.reduce((product, size) => product * size, 1);
        const data = new ARRAYS[port.type as keyof typeof ARRAYS](count);
        return [[port.name, new ort.Tensor(port.type as 'float32', data as Float32Array, dims)]];
      }),
    );
  }
}
