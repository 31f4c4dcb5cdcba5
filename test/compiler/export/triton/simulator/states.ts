/** Implicit state: what a sequence leaves for its next request. */
import type { StateConfig } from '../protoc.js';
import { type Tensor, zeros } from './tensors.js';

/** Bytes, as the server sorts names. */
const sorted = (names: readonly string[]) =>
  [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

export class SequenceStates {
  private readonly held: Map<string, Tensor>;
  /** The server finds the input of an output by its place among all, by name, and not in the configuration. */
  private readonly inputOf: ReadonlyMap<string, string>;

  constructor(states: readonly StateConfig[]) {
    this.held = new Map(
      states.map((state) => [
        state.input_name,
        zeros(
          state.data_type,
          state.dims.map((dim) => (dim === -1 ? 1 : dim)),
        ),
      ]),
    );
    const inputs = sorted(states.map((state) => state.input_name));
    const outputs = sorted(states.map((state) => state.output_name));
    this.inputOf = new Map(outputs.map((output, i) => [output, inputs[i]!]));
    for (const { input_name: input, output_name: output } of states)
      if (this.inputOf.get(output) !== input)
        throw new Error(
          `"${output}" comes back as "${this.inputOf.get(output)}", not as "${input}"`,
        );
  }

  get inputs(): ReadonlyMap<string, Tensor> {
    return this.held;
  }

  update(output: string, tensor: Tensor): void {
    this.held.set(this.inputOf.get(output)!, tensor);
  }
}
