/**
 * What Triton checks of a model before it serves it, as its documentation of configurations and of the onnxruntime backend
 * says: the configuration by itself, and against what onnxruntime says of the model.
 */
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import type { ModelConfig, Port, StateConfig } from '../protoc.js';
import { countOf, engineType } from './tensors.js';

const OPEN = -1;

export interface ModelPort {
  readonly type: string;
  readonly dims: readonly number[];
}

export type ModelPorts = ReadonlyMap<string, ModelPort>;

export const portsOf = (metadata: readonly InferenceSession.ValueMetadata[]): ModelPorts =>
  new Map(
    metadata.flatMap((port) =>
      port.isTensor
        ? [[port.name, { type: port.type, dims: port.shape.map(numberOf) }] as const]
        : [],
    ),
  );

const numberOf = (dim: number | string) => (typeof dim === 'number' && dim >= 0 ? dim : OPEN);

class Loading {
  constructor(
    private readonly config: ModelConfig,
    private readonly inputs: ModelPorts,
    private readonly outputs: ModelPorts,
  ) {}

  check(folder: string): void {
    const { config } = this;
    const name = path.basename(folder);
    this.holds(config.name === name, `its name is "${config.name}" in the folder "${name}"`);
    this.holds(config.backend === 'onnxruntime', `its backend is "${config.backend}"`);
    const { input, output, sequence_batching: sequence } = config;
    for (const port of [...input, ...output]) this.checkPort(port);
    const states = sequence?.state ?? [];
    const wanted = input.length + states.length;
    this.holds(
      this.inputs.size === wanted,
      `it configures ${wanted} inputs, and the model has ${this.inputs.size}`,
    );
    for (const port of input) this.compare(port, this.inputs, false);
    for (const port of output) this.compare(port, this.outputs, true);
    const [ins, outs] = (['input_name', 'output_name'] as const).map((key) =>
      states.map((state) => state[key]),
    ) as [string[], string[]];
    const taken = [...input.map((port) => port.name), ...ins];
    this.holds(new Set(taken).size === taken.length, 'an input is configured twice');
    this.holds(new Set(outs).size === outs.length, 'an output of a state is configured twice');
    for (const state of states) this.checkState(state);
  }

  private holds(condition: boolean, why: string): void {
    if (!condition) throw new Error(`unable to load model '${this.config.name}': ${why}`);
  }

  private checkPort({ name, dims, data_type: type, reshape }: Port): void {
    this.holds(name !== '' && type !== undefined, 'a port has no name or type');
    this.holds(dims.length > 0, `"${name}" has no dims`);
    this.holds(
      dims.every((dim) => dim >= 1 || dim === OPEN),
      `"${name}" has dims [${dims}]`,
    );
    if (!reshape) return;
    const { shape } = reshape;
    this.holds(
      shape.length > 0 || this.config.max_batch_size > 0,
      `"${name}" is reshaped to a scalar, and nothing is batched`,
    );
    this.holds(Math.abs(countOf(dims)) === Math.abs(countOf(shape)), `"${name}" is reshaped`);
  }

  /** What is open in the model may be fixed in an input, and not in an output. */
  private compare(port: Port, found: ModelPorts, exact: boolean): void {
    const { name, data_type: type, dims, reshape } = port;
    const model = found.get(name);
    this.holds(model !== undefined, `the model has no "${name}"`);
    this.holds(model!.type === engineType(type), `"${name}" is ${model!.type}, not ${type}`);
    const batch = this.config.max_batch_size > 0;
    if (model!.dims.length === 0) {
      this.holds(!batch && dims.every((dim) => dim === 1), `the scalar "${name}" is [${dims}]`);
      return;
    }
    const own = reshape?.shape ?? dims;
    const whole = batch ? [OPEN, ...own] : own;
    if (batch) this.holds(model!.dims[0] === OPEN, `"${name}" has no open batch`);
    this.holds(
      whole.length === model!.dims.length &&
        whole.every((dim, i) => dim === model!.dims[i] || (!exact && model!.dims[i] === OPEN)),
      `"${name}" is [${model!.dims}], and [${whole}] is configured`,
    );
  }

  private checkState({
    input_name,
    output_name,
    data_type,
    dims,
    initial_state,
  }: StateConfig): void {
    for (const [name, found] of [
      [input_name, this.inputs],
      [output_name, this.outputs],
    ] as const) {
      const model = found.get(name);
      this.holds(model !== undefined, `the model has no "${name}"`);
      this.holds(model!.type === engineType(data_type), `the state "${name}" is ${model!.type}`);
      const fits = model!.dims.every((dim, i) => dim === dims[i] || dim === OPEN);
      const isScalar = model!.dims.length === 0 && dims.length === 1 && dims[0] === 1;
      this.holds(
        isScalar || (model!.dims.length === dims.length && fits),
        `the state "${name}" is [${model!.dims}], and [${dims}] is configured`,
      );
    }
    this.holds(initial_state.length <= 1, `"${input_name}" begins in several ways`);
    const [initial] = initial_state;
    if (!initial) return;
    this.holds(!!initial.name, `how "${input_name}" begins has no name`);
    this.holds(initial.data_type === data_type, `"${input_name}" begins as ${initial.data_type}`);
    this.holds(initial.zero_data === true, `"${input_name}" begins as nothing`);
    // an open size is 1 in the first request, whatever the initial state says
    this.holds(
      initial.dims.length === dims.length &&
        initial.dims.every((dim, i) => dim === (dims[i] === OPEN ? 1 : dims[i])),
      `"${input_name}" begins as [${initial.dims}]`,
    );
  }
}

/** @throws what does not fit */
export const checkModel = (
  folder: string,
  config: ModelConfig,
  inputs: ModelPorts,
  outputs: ModelPorts,
): void => new Loading(config, inputs, outputs).check(folder);
