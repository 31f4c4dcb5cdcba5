/** A model as Triton's onnxruntime backend runs it: batches of requests that came together, and their states. */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { type ModelConfig, parseConfig, type WarmUpConfig } from '../protoc.js';
import { checkModel, portsOf } from './load.js';
import { normalized, type Request } from './requests.js';
import type { SequenceStates } from './states.js';
import { forEngine, joined, ofEngine, rowsOf, type Tensor, zeros } from './tensors.js';

export type Response = Record<string, Tensor>;

export class Model {
  private constructor(
    readonly config: ModelConfig,
    private readonly session: ort.InferenceSession,
  ) {}

  /** @param folder of the model, in a repository */
  static async load(
    folder: string,
    options: ort.InferenceSession.SessionOptions = {},
  ): Promise<Model> {
    const config = parseConfig(fs.readFileSync(path.join(folder, 'config.pbtxt'), 'utf8'));
    const versions = fs.readdirSync(folder).filter((name) => /^[1-9]\d*$/.test(name));
    const [version] = versions.sort((a, b) => Number(b) - Number(a));
    if (version === undefined) throw new Error(`model '${config.name}' has no version`);
    const file = path.join(folder, version, 'model.onnx');
    const session = await ort.InferenceSession.create(file, options);
    const model = new Model(config, session);
    try {
      const { inputMetadata, outputMetadata } = session;
      checkModel(folder, config, portsOf(inputMetadata), portsOf(outputMetadata));
      for (const sample of config.model_warmup) await model.warmUp(sample);
    } catch (error) {
      await session.release();
      throw error;
    }
    return model;
  }

  release(): Promise<void> {
    return this.session.release();
  }

  /** The batch has a row for each of the rows of all requests. */
  async run(
    requests: readonly Map<string, Tensor>[],
    states?: SequenceStates,
  ): Promise<Response[]> {
    const { config, session } = this;
    const batched = config.max_batch_size > 0;
    const feeds: Record<string, ort.Tensor> = {};
    for (const { name, shape } of this.ports()) {
      const parts = requests.map((request) => states?.inputs.get(name) ?? request.get(name));
      if (parts.includes(undefined)) throw new Error(`input '${name}' is missing`);
      const whole = batched ? joined(parts as Tensor[]) : parts[0]!;
      feeds[name] = forEngine(whole, shape.length);
    }
    const found = (await session.run(feeds)) as Record<string, ort.Tensor>;
    for (const { output_name: name } of config.sequence_batching?.state ?? []) {
      if (!states) throw new Error(`unable to add state '${name}'. State configuration is missing`);
      states.update(name, this.shaped(name, ofEngine(found[name]!)));
    }
    let first = 0;
    return requests.map((request) => {
      const rows = batched ? [...request.values()][0]!.dims[0]! : 0;
      const outputs = config.output.map(({ name, reshape, dims }) => {
        const tensor = this.shaped(name, ofEngine(found[name]!));
        const own = batched ? rowsOf(tensor, first, rows) : tensor;
        return [name, reshape ? { ...own, dims: [rows, ...dims] } : own] as const;
      });
      first += rows;
      return Object.fromEntries(outputs);
    });
  }

  /** What a scalar is said to be among the outputs. */
  private shaped(name: string, tensor: Tensor): Tensor {
    if (tensor.dims.length > 0) return tensor;
    const port = this.config.output.find((output) => output.name === name);
    if (!port) throw new Error(`Failed to find the scalar output dimension for ${name}`);
    return { ...tensor, dims: port.dims };
  }

  private ports() {
    return this.session.inputMetadata.flatMap((port) => (port.isTensor ? [port] : []));
  }

  /** Neither in a sequence nor by way of the scheduler: what is no input of requests is fed as it is said here. */
  private async warmUp({ name, inputs, batch_size: count }: WarmUpConfig): Promise<void> {
    const { config } = this;
    const own = Object.entries(inputs).map(([input, { data_type, dims, zero_data }]) => {
      if (!zero_data) throw new Error(`warmup sample '${name}' has no data for '${input}'`);
      const isRequested = config.input.some((port) => port.name === input);
      const batch = config.max_batch_size > 0 && isRequested ? [1] : [];
      return [input, zeros(data_type, [...batch, ...dims])] as const;
    });
    const asked = own.filter(([input]) => config.input.some((port) => port.name === input));
    const request: Request = { inputs: Object.fromEntries(asked), sequence: { id: 1 } };
    const sent = new Map([...own, ...normalized(config, request)]);
    try {
      await this.run(Array(count).fill(sent));
    } catch (error) {
      throw new Error(`failed to run warmup sample '${name}': ${(error as Error).message}`);
    }
  }
}
