/** Of which inputs each value of a graph is made: by content, so that a size that was read off one does not count. */
import type { PassContext } from '../../src/compiler/pass/index.js';
import { nodeDependencies, topologicalOrder } from '../../src/model/ir/index.js';
import type { Node } from '../../src/model/ir/node.js';
import type { Value } from '../../src/model/ir/value.js';
import { readsNoElements } from '../../src/model/operators/index.js';

export class InputFlow {
  readonly order: readonly Node[];
  readonly #madeOf = new Map<Value, ReadonlySet<Value>>();

  constructor({ model }: Pick<PassContext, 'model'>) {
    this.order = topologicalOrder(model.graph);
    for (const input of model.graph.inputs)
      if (!input.initializer) this.#madeOf.set(input, new Set([input]));
    const shared = new Map<string, ReadonlySet<Value>>();
    const numbers = new Map([...this.#madeOf.keys()].map((input, i) => [input, i]));
    for (const node of this.order) {
      if (readsNoElements(node)) continue;
      const found = new Set<Value>();
      for (const value of nodeDependencies(node)) for (const one of this.of(value)) found.add(one);
      // there are few different sets, however many values
      const key = [...found]
        .map((input) => numbers.get(input)!)
        .sort((a, b) => a - b)
        .join();
      const kept = shared.get(key) ?? found;
      shared.set(key, kept);
      for (const output of node.outputs) if (output) this.#madeOf.set(output, kept);
    }
  }

  of(value: Value): ReadonlySet<Value> {
    return this.#madeOf.get(value) ?? NONE;
  }
}

const NONE: ReadonlySet<Value> = new Set();
