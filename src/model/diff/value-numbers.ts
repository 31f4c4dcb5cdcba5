/**
 * Numbers for values, equal where the same is computed from the same: value numbering over two graphs at
 * once, so that a value of the one is found in the other, and a value that is computed twice is one.
 */
import { subgraphs } from '../ir/attribute.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { given, type Labels } from './labels.js';
import type { Matching } from './matching.js';

export class ValueNumbers {
  private readonly ids = new Map<string, number>();
  private readonly numbers = new Map<Value, number>();

  constructor(
    private readonly labels: Labels,
    matching: Matching,
  ) {
    for (const [x, y] of matching.inputPairs) this.adopt(y, x);
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
    // a branch is what it gives; what the inputs of a loop's body are is for the matching to say
    const read = [given(node.inputs), ...subgraphs(node).map((body) => body.outputs)];
    const numbers = read.map((values) => values.map((value) => (value ? this.of(value) : -1)));
    const id = this.id([this.labels.strict(node), ...numbers.map((of) => of.join())].join('\n'));
    node.outputs.forEach((value, i) => {
      if (value) this.numbers.set(value, this.id(`output ${id}.${i}`));
    });
    return id;
  }

  /** What a node of the second graph makes is what the node that it was in the first makes. */
  adoptOutputs(node: Node, as: Node): void {
    node.outputs.forEach((value, i) => {
      const other = as.outputs[i];
      if (value && other) this.adopt(value, other);
    });
  }

  private adopt(value: Value, as: Value): void {
    this.numbers.set(value, this.of(as));
  }

  private id(key: string): number {
    const id = this.ids.get(key) ?? this.ids.size;
    this.ids.set(key, id);
    return id;
  }
}
