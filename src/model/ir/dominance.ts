/**
 * What of a graph exists for the sake of one value alone: the dominators of the graph read from its
 * outputs backwards. A node lies under a value when every way from it to an output of the graph leads
 * through that value, so that nobody needs it once the value is given. One walk over the graph answers
 * the question for all its values; each takes the place of a walk of its own.
 *
 * Costs O(edges * log nodes), by one pass in reverse topological order, in which the dominator of a value
 * is the nearest common ancestor of its users in the tree so far (Cooper, Harvey and Kennedy, "A simple,
 * fast dominance algorithm", without their iteration, which a graph without cycles does not need), found
 * over jump pointers (Myers, "An applicative random-access stack", 1983).
 */
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import { nodeDependencies, topologicalOrder } from './order.js';
import type { Value } from './value.js';

/** Stands for whoever reads the outputs. */
const ROOT = 0;

export class Dominance {
  private readonly vertices = new Map<Node | Value, number>();
  private readonly parts: (Node | Value | undefined)[] = [undefined];
  /** Parents come before their children. */
  private readonly parent = [ROOT];
  private readonly depth = [0];
  private readonly jump = [ROOT];
  /** Place in a walk over the tree, and behind the last vertex below. */
  private readonly enter: Int32Array;
  private readonly leave: Int32Array;

  /** @param order the graph's nodes in topological order */
  constructor(graph: Graph, order: readonly Node[] = topologicalOrder(graph)) {
    /** Of values that somebody needs: the nearest vertex through which everybody does. */
    const above = new Map<Value, number>();
    const need = (value: Value, by: number) => {
      const before = above.get(value);
      above.set(value, before === undefined ? by : this.common(before, by));
    };
    for (const value of graph.outputs) need(value, ROOT);
    for (let i = order.length - 1; i >= 0; i--) {
      const node = order[i]!;
      let over: number | undefined;
      for (const value of node.outputs) {
        const by = value && above.get(value);
        if (by === undefined || by === null) continue;
        const vertex = this.add(value as Value, by);
        over = over === undefined ? vertex : this.common(over, vertex);
      }
      if (over === undefined) continue;
      const vertex = this.add(node, over);
      for (const value of nodeDependencies(node)) need(value, vertex);
    }
    for (const [value, by] of above) if (!this.vertices.has(value)) this.add(value, by);

    const size = this.sumsBelow(new Float64Array(this.parent.length).fill(1));
    this.enter = new Int32Array(size.length);
    this.leave = Int32Array.from(size);
    const next = new Int32Array(size.length).fill(1);
    for (let v = 1; v < size.length; v++) {
      const p = this.parent[v]!;
      this.enter[v] = this.enter[p]! + next[p]!;
      next[p]! += size[v]!;
      this.leave[v]! += this.enter[v]!;
    }
  }

  /** Does some output of the graph depend on it? */
  isNeeded(part: Node | Value): boolean {
    return this.vertices.has(part);
  }

  /** Does nobody need the node or value once `value` is given? True of what nobody needs at all. */
  isOnlyFor(part: Node | Value, value: Value): boolean {
    const below = this.vertices.get(part);
    const above = this.vertices.get(value);
    if (below === undefined) return true;
    if (above === undefined) return false;
    return this.enter[above]! <= this.enter[below]! && this.enter[below]! < this.leave[above]!;
  }

  /** The values through which everybody needs a part, from the nearest on; those that it is only for. */
  *valuesOver(part: Node | Value): Generator<Value> {
    for (let v = this.vertices.get(part) ?? ROOT; v !== ROOT; v = this.parent[v]!) {
      const over = this.parts[v]!;
      if (!('opType' in over)) yield over;
    }
  }

  /**
   * Sums of a number per node and value over all that exists for a value alone, itself among them.
   * @returns a function of the value; without one, the sum over all that is needed
   */
  sums(numberOf: (part: Node | Value) => number): (value?: Value) => number {
    const numbers = new Float64Array(this.parent.length);
    for (const [part, vertex] of this.vertices) numbers[vertex] = numberOf(part);
    const sums = this.sumsBelow(numbers);
    return (value) => {
      const vertex = value === undefined ? ROOT : this.vertices.get(value);
      return vertex === undefined ? 0 : sums[vertex]!;
    };
  }

  private sumsBelow(numbers: Float64Array): Float64Array {
    for (let v = numbers.length - 1; v > 0; v--) numbers[this.parent[v]!]! += numbers[v]!;
    return numbers;
  }

  private add(part: Node | Value, parent: number): number {
    const vertex = this.parent.length;
    const far = this.jump[parent]!;
    const even =
      this.depth[parent]! - this.depth[far]! === this.depth[far]! - this.depth[this.jump[far]!]!;
    this.vertices.set(part, vertex);
    this.parts.push(part);
    this.parent.push(parent);
    this.depth.push(this.depth[parent]! + 1);
    this.jump.push(even ? this.jump[far]! : parent);
    return vertex;
  }

  private common(a: number, b: number): number {
    if (this.depth[a]! < this.depth[b]!) return this.common(b, a);
    const depth = this.depth[b]!;
    while (this.depth[a]! > depth)
      a = this.depth[this.jump[a]!]! >= depth ? this.jump[a]! : this.parent[a]!;
    while (a !== b) {
      const far = this.jump[a] !== this.jump[b];
      a = far ? this.jump[a]! : this.parent[a]!;
      b = far ? this.jump[b]! : this.parent[b]!;
    }
    return a;
  }
}
