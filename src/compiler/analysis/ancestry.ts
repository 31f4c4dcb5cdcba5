/**
 * What depends on what. A few numbers per node decide nearly every question at once, after Yildirim, Chaoji
 * and Zaki, "GRAIL: scalable reachability index for large graphs" (2010): nothing depends on what comes
 * behind it in a topological order, of which two different ones are kept, nor on what is as far from the
 * inputs; and each node depends on those above it in a tree in which its parent is the one of its
 * predecessors that lies farthest from the inputs. In a network of layers behind one another, whatever is
 * beside them, that tree holds the stream of all of them. What is left is answered by a walk between the
 * two places. Memory and preparation are linear in nodes and edges.
 */

import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { nodeDependencies, predecessors, topologicalOrder } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Value } from '../../model/ir/value.js';

export class Ancestry {
  readonly order: readonly Node[];
  private readonly index: ReadonlyMap<Node, number>;
  private readonly before: readonly (readonly number[])[];
  /** Nodes on the longest way from an input, itself among them. */
  private readonly depth: Int32Array;
  /** Place in an order in which whatever lies beside the deepest way comes as late as it may. */
  private readonly late: Int32Array;
  /** Place in a walk over the tree, and behind the last node below. */
  private readonly enter: Int32Array;
  private readonly leave: Int32Array;
  /** By node, the last walk that has seen it. */
  private readonly seen: Int32Array;
  private walks = 0;

  /** @param before what a node depends on */
  constructor(graph: Graph, before: (node: Node) => Node[] = predecessors) {
    this.order = topologicalOrder(graph);
    const count = this.order.length;
    const index = new Map(this.order.map((node, i) => [node, i]));
    this.index = index;
    this.depth = new Int32Array(count);
    // deepest first: the tree's parent, and the way that the second order takes
    this.before = this.order.map((node, i) => {
      const places = before(node)
        .map((p) => index.get(p)!)
        .sort((a, b) => this.depth[b]! - this.depth[a]!);
      this.depth[i] = 1 + (places.length > 0 ? this.depth[places[0]!]! : 0);
      return places;
    });
    this.late = lateOrder(this.before);
    [this.enter, this.leave] = treeWalk(this.before);
    this.seen = new Int32Array(count);
  }

  /** Does `value` depend on what `node` makes? A value depends on its own producer. */
  dependsOn(value: Value, node: Node): boolean {
    const from = this.indexOf(value);
    const to = this.index.get(node);
    if (from === undefined || to === undefined) return false;
    return this.reaches(from, to);
  }

  /**
   * The same for a value in place of a node: what depends on one output of a node need not depend on the
   * next. Costs a walk between the two.
   */
  follows(value: Value, from: Value): boolean {
    if (value === from) return true;
    const source = this.indexOf(from);
    const start = value.producer;
    if (!start || !this.index.has(start)) return false;
    const seen = new Set([start]);
    for (const node of seen)
      for (const needed of nodeDependencies(node)) {
        if (needed === from) return true;
        const next = this.indexOf(needed);
        if (next === undefined || (source !== undefined && !this.mayReach(next, source))) continue;
        seen.add(needed.producer as Node);
      }
    return false;
  }

  /** Place of a node in the order. */
  place(node: Node): number {
    return this.index.get(node)!;
  }

  /** For any value: the first of some nodes that it depends on. Costs one look at every node, for all values. */
  firstsAmong(nodes: ReadonlySet<Node>): (value: Value) => Node | undefined {
    const count = this.order.length;
    const first = new Int32Array(count).fill(count);
    this.before.forEach((before, i) => {
      if (nodes.has(this.order[i]!)) first[i] = i;
      for (const p of before) first[i] = Math.min(first[i]!, first[p]!);
    });
    return (value) => this.order[first[this.indexOf(value) ?? -1] ?? count];
  }

  /** The first of some nodes that `value` depends on and `other` does not. Costs a walk over all such nodes. */
  firstOnly(value: Value, other: Value, among: ReadonlySet<Node>): Node | undefined {
    let first = this.order.length;
    for (const i of this.only(value, other)) if (i < first && among.has(this.order[i]!)) first = i;
    return this.order[first];
  }

  /** All of some nodes that `value` depends on and `other` does not, in order. Costs a walk over such nodes. */
  allOnly(value: Value, other: Value, among: ReadonlySet<Node>): Node[] {
    const places = [...this.only(value, other)].sort((a, b) => a - b);
    return places.map((i) => this.order[i]!).filter((node) => among.has(node));
  }

  /** The last of some nodes that `value` depends on. Costs a walk back from it to the nearest of them. */
  lastAmong(value: Value, among: ReadonlySet<Node>): Node | undefined {
    let last = -1;
    const start = this.indexOf(value);
    const seen = new Set(start === undefined ? [] : [start]);
    for (const i of seen) {
      if (i < last) continue;
      if (among.has(this.order[i]!)) last = i;
      else for (const p of this.before[i]!) seen.add(p);
    }
    return this.order[last];
  }

  /** Does `value` depend on one of some nodes that `other` does not depend on? The walk ends at the first. */
  hasOnly(value: Value, other: Value, among: ReadonlySet<Node>): boolean {
    for (const i of this.only(value, other)) if (among.has(this.order[i]!)) return true;
    return false;
  }

  /** Nodes that one value depends on and another does not, from the last back. */
  private *only(value: Value, other: Value): Generator<number> {
    const start = this.indexOf(value);
    if (start === undefined) return;
    const end = this.indexOf(other);
    const seen = new Set<number>();
    const stack = [start];
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      if (seen.has(i) || (end !== undefined && this.reaches(end, i))) continue;
      seen.add(i);
      yield i;
      pushAll(stack, this.before[i]!);
    }
  }

  private reaches(from: number, to: number): boolean {
    if (this.isBelow(from, to)) return true;
    if (!this.mayReach(from, to)) return false;
    this.walks++;
    const stack = [from];
    for (let i = stack.pop(); i !== undefined; i = stack.pop())
      for (const next of this.before[i]!) {
        if (this.isBelow(next, to)) return true;
        if (this.seen[next] === this.walks || !this.mayReach(next, to)) continue;
        this.seen[next] = this.walks;
        stack.push(next);
      }
    return false;
  }

  /** Does a node depend on another by the tree alone? */
  private isBelow(node: number, other: number): boolean {
    return this.enter[other]! <= this.enter[node]! && this.enter[node]! < this.leave[other]!;
  }

  private mayReach(from: number, to: number): boolean {
    return (
      from === to ||
      (from > to && this.depth[from]! > this.depth[to]! && this.late[from]! > this.late[to]!)
    );
  }

  private indexOf(value: Value): number | undefined {
    return value.producer && this.index.get(value.producer);
  }
}

/** Places in the order of a walk from the last node back, depth first, that takes the first of `before` first. */
function lateOrder(before: readonly (readonly number[])[]): Int32Array {
  const place = new Int32Array(before.length).fill(-1);
  const taken = new Int32Array(before.length);
  let next = 0;
  for (let root = before.length - 1; root >= 0; root--) {
    if (place[root]! >= 0) continue;
    const stack = [root];
    for (let i = stack.at(-1); i !== undefined; i = stack.at(-1)) {
      const child = before[i]![taken[i]!++];
      if (child === undefined) {
        place[i] = next++;
        stack.pop();
      } else if (place[child]! < 0) stack.push(child);
    }
  }
  return place;
}

/** The tree in which the parent of each is the first of `before`, walked from above. */
function treeWalk(before: readonly (readonly number[])[]): [enter: Int32Array, leave: Int32Array] {
  const count = before.length;
  const size = new Int32Array(count).fill(1);
  for (let i = count - 1; i >= 0; i--) {
    const parent = before[i]![0];
    if (parent !== undefined) size[parent]! += size[i]!;
  }
  const enter = new Int32Array(count);
  const leave = new Int32Array(count);
  const next = new Int32Array(count);
  let roots = 0;
  for (let i = 0; i < count; i++) {
    const parent = before[i]![0];
    if (parent === undefined) {
      enter[i] = roots;
      roots += size[i]!;
    } else {
      enter[i] = next[parent]!;
      next[parent]! += size[i]!;
    }
    next[i] = enter[i]! + 1;
    leave[i] = enter[i]! + size[i]!;
  }
  return [enter, leave];
}
