/**
 * Who reads the elements of a value. A node reads what graphs inside it capture; Shape and Size read no
 * element; and what no output of the graph depends on reads nothing. Costs one look at every edge.
 */
import type { Graph } from '../../../model/ir/graph.js';
import type { Node } from '../../../model/ir/node.js';
import { nodeDependencies, topologicalOrder } from '../../../model/ir/order.js';
import { liveNodes } from '../../../model/ir/prune.js';
import type { Value } from '../../../model/ir/value.js';
import { readsNoElements } from '../../../model/operators/index.js';

export class Readers {
  private readonly byValue = new Map<Value, Node[]>();
  private readonly places = new Map<Node, number>();

  /** @param order the graph's nodes in topological order */
  constructor(graph: Graph, order: readonly Node[] = topologicalOrder(graph)) {
    const live = liveNodes(graph.outputs);
    for (const [place, node] of order.entries()) {
      this.places.set(node, place);
      if (!live.has(node) || readsNoElements(node)) continue;
      for (const value of nodeDependencies(node)) {
        const readers = this.byValue.get(value);
        if (!readers) this.byValue.set(value, [node]);
        else if (readers.at(-1) !== node) readers.push(node);
      }
    }
  }

  /** In topological order. */
  of(value: Value): readonly Node[] {
    return this.byValue.get(value) ?? [];
  }

  /** Place of a node in the order. */
  place(node: Node): number {
    return this.places.get(node)!;
  }
}
