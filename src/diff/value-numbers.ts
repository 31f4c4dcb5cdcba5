/**
 * Numbers for values, equal where the same is computed from the same: value numbering over two graphs at
 * once, so that a value of the one is found in the other, and a value that is computed twice is one.
 */
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import type { Labels } from './labels.js';

export class ValueNumbers {
  private readonly ids = new Map<string, number>();
  private readonly numbers = new Map<Value, number>();

  /** @param inputs inputs of the one graph with those of the other that they are */
  constructor(
    private readonly labels: Labels,
    inputs: ReadonlyMap<Value, Value>,
  ) {
    for (const [x, y] of inputs) this.adopt(y, x);
  }

  /** Of a value that has one, or that is no node's. */
  of(value: Value): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    const constant = this.labels.constant(value);
    // what else has no producer is fed, and like nothing but itself
    const id = this.id(constant === undefined ? `own ${this.ids.size}` : `constant ${constant}`);
    this.numbers.set(value, id);
    return id;
  }

  /** Numbers what a node makes; its inputs come first. Equal for nodes that compute the same. */
  node(node: Node): number {
    const inputs = node.inputs.map((value) => (value ? this.of(value) : -1));
    // what graphs inside a node do is not looked into here
    const key = hasGraphs(node)
      ? `own ${this.ids.size}`
      : `${this.labels.strict(node)}\n${inputs.join()}`;
    const id = this.id(key);
    node.outputs.forEach((value, i) => {
      if (value) this.numbers.set(value, this.id(`output ${id}.${i}`));
    });
    return id;
  }

  /** One value is to count as another. */
  adopt(value: Value, as: Value): void {
    this.numbers.set(value, this.of(as));
  }

  private id(key: string): number {
    const id = this.ids.get(key) ?? this.ids.size;
    this.ids.set(key, id);
    return id;
  }
}

const hasGraphs = (node: Node): boolean =>
  [...node.attributes.values()].some(({ type }) => type === 'graph' || type === 'graphs');
