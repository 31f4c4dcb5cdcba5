/** What leaves a merged graph as each state while sites are gated. */
import type { Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';

/** By state, in a fixed order, the value that leaves as it; found by the value as well. */
export class Kept {
  private readonly byState: Map<string, Value>;
  private readonly place: ReadonlyMap<string, number>;
  private readonly states = new Map<Value, Set<string>>();

  /** @param passed the states themselves, passed through: what leaves where no site keeps anything */
  constructor(passed: readonly (readonly [state: string, value: Value])[]) {
    this.byState = new Map(passed);
    this.place = new Map(passed.map(([state], i) => [state, i]));
    for (const [state, value] of passed) this.list(state, value);
  }

  get(state: string): Value | undefined {
    return this.byState.get(state);
  }

  set(state: string, value: Value): void {
    this.states.get(this.byState.get(state) as Value)?.delete(state);
    this.byState.set(state, value);
    this.list(state, value);
  }

  values(): Iterable<Value> {
    return this.byState.values();
  }

  /** The states that a value leaves as. */
  statesOf(value: Value): ReadonlySet<string> {
    return this.states.get(value) ?? NONE;
  }

  /** The states whose values some nodes make, and others, in their order. */
  madeBy(nodes: Iterable<Node>, others: Iterable<string>): string[] {
    const found = new Set([...others].filter((state) => this.place.has(state)));
    for (const node of nodes)
      for (const value of node.outputs)
        if (value) for (const state of this.statesOf(value)) found.add(state);
    return [...found].sort((a, b) => this.place.get(a)! - this.place.get(b)!);
  }

  private list(state: string, value: Value): void {
    const states = this.states.get(value);
    if (states) states.add(state);
    else this.states.set(value, new Set([state]));
  }
}

const NONE: ReadonlySet<string> = new Set();
