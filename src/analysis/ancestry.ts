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

  /** Place of a node in the order. */
  place(node: Node): number {
    return this.index.get(node)!;
  }

  /** Some nodes as a set to be asked about with `firstOnly`. */
  setOfNodes(nodes: Iterable<Node>): Uint32Array {
    const set = new Uint32Array(Math.ceil(this.order.length / 32));
    for (const node of nodes) {
      const i = this.place(node);
      set[i >> 5]! |= 1 << (i & 31);
    }
    return set;
  }

  /** The first of some nodes that `value` depends on and `other` does not. */
  firstOnly(value: Value, other: Value | undefined, among: Uint32Array): Node | undefined {
    const mine = this.setOf(value);
    const others = other && this.setOf(other);
    if (!mine) return undefined;
    for (let w = 0; w < among.length; w++) {
      const bits = mine[w]! & among[w]! & ~(others?.[w] ?? 0);
      if (bits !== 0) return this.order[w * 32 + 31 - Math.clz32(bits & -bits)];
    }
    return undefined;
  }

  private setOf(value: Value): Uint32Array | undefined {
    const i = value.producer && this.index.get(value.producer);
    return i === undefined ? undefined : this.sets[i];
  }
}
