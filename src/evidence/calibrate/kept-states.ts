/** What the calls of a loop leave in a search, and what a call reads of it: values of states, and numbers of parameters. */
import type { Tensor } from 'onnxruntime-common';
import {
  type Histories,
  type ParameterSpec,
  partsOf,
  type Site,
} from '../../compiler/plan/index.js';
import type { Engine } from '../../runtime/session/engine.js';
import { constantTensor } from '../../runtime/session/tensors.js';
import { callHistory, type History, NOTHING, valueAt, withKept } from './history.js';

export class KeptStates {
  readonly #parameters: ReadonlyMap<string, ParameterSpec>;
  #history: History = NOTHING;
  #call = 0;

  constructor(
    private readonly engine: Engine,
    sites: readonly Site[],
    private readonly histories: Histories,
  ) {
    const specs = sites.flatMap(partsOf).flatMap(({ parameters = [] }) => parameters);
    this.#parameters = new Map(specs.map((spec) => [spec.id, spec]));
  }

  /** What a call reads under an id; undefined where no call has left it yet. */
  read(id: string): Tensor | undefined {
    const parameter = this.#parameters.get(id);
    if (!parameter) return valueAt(this.#history, this.histories.placeOf(id));
    return constantTensor(this.engine, {
      type: 'float32',
      shape: [...parameter.shape],
      data: [...parameter.at(callHistory(this.#history, this.#call))],
    });
  }

  /** Ends a call, which has left these. */
  take(kept: ReadonlyMap<string, Tensor>): void {
    for (const [state, tensor] of kept) {
      const one = new Map([[state, { call: this.#call, tensor }]]);
      this.#history = withKept(this.#history, one, this.histories.depthOf(state));
    }
    this.#call++;
  }
}
