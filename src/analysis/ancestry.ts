/** Which nodes each node depends on, as bit sets: O(nodes * edges / 32), a megabyte for 3,000 nodes. */
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { predecessors, topologicalOrder } from '../ir/order.js';
import type { Value } from '../ir/value.js';

export class Ancestry {
  readonly order: readonly Node[];
  private readonly index = new Map<Node, number>();
  private readonly sets: Uint32Array[] = [];

  constructor(graph: Graph) {
    this.order = topologicalOrder(graph);
    const words = Math.ceil(this.order.length / 32);
    for (const [i, node] of this.order.entries()) {
      this.index.set(node, i);
      const set = new Uint32Array(words);
      set[i >> 5]! |= 1 << (i & 31);
      for (const p of predecessors(node)) {
        const other = this.sets[this.index.get(p)!]!;
        for (let w = 0; w < words; w++) set[w]! |= other[w]!;
      }
      this.sets.push(set);
    }
  }

  /** Does `value` depend on what `node` makes? A value depends on its own producer. */
  dependsOn(value: Value, node: Node): boolean {
    const set = this.setOf(value);
    const i = this.index.get(node);
    return set !== undefined && i !== undefined && ((set[i >> 5]! >> (i & 31)) & 1) === 1;
  }

  /** Nodes that `value` depends on and none of `others` does, among `candidates`. */
  *only(value: Value, other: Value, candidates: Iterable<Node>): Generator<Node> {
    for (const node of candidates)
      if (this.dependsOn(value, node) && !this.dependsOn(other, node)) yield node;
  }

  private setOf(value: Value): Uint32Array | undefined {
    const i = value.producer && this.index.get(value.producer);
    return i === undefined ? undefined : this.sets[i];
  }
}
