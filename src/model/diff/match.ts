/**
 * Finds for the nodes of one graph which nodes of another they are, by structure alone. First what is
 * computed from the same inputs in the same way (hashes from the inputs up); then, from the outputs,
 * from nodes that nothing else is like (a weight of their own tells most), and from every pair that is
 * found, outwards along the edges: back to what an operand is, which is never in doubt, and on to a reader
 * where there is one of its kind; only then to several. So what lies behind a change is still known for what
 * it is. The time is linear in the size of the graphs, but for values with many readers.
 */
import type { Graph } from '../ir/graph.js';
import { groupBy } from '../ir/group-by.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { bodyPairs } from './bodies.js';
import type { FlatGraph, Reader } from './flat.js';
import type { Labels } from './labels.js';
import { Matching } from './matching.js';
import type { PortPairs } from './ports.js';
import { ValueNumbers } from './value-numbers.js';

/** So many nodes that only one of the graphs has are looked over to find what lies behind them. */
const BRIDGE = 3;

export interface MatchOptions {
  /** Tell constants apart by all that they hold. */
  readonly exact: Labels;
  /** Take constants for equal that may be. */
  readonly labels: Labels;
  readonly inputs: PortPairs;
  readonly outputs: PortPairs;
}

export function matchGraphs(a: FlatGraph, b: FlatGraph, options: MatchOptions): Matching {
  return new Matcher(a, b, options).run();
}

/** Are so many readers that nothing tells apart to be paired? */
type Take = (readers: number) => boolean;
const always: Take = () => true;

class Matcher {
  private readonly matching = new Matching();
  /** Pairs whose neighbours have not been looked at: for equal nodes, for several, and for changed ones. */
  private readonly fresh: (readonly [Node, Node])[] = [];
  private readonly doubtful: (readonly [Node, Node])[] = [];
  private readonly seen: (readonly [Node, Node])[] = [];

  private readonly labels: Labels;

  constructor(
    private readonly a: FlatGraph,
    private readonly b: FlatGraph,
    private readonly options: MatchOptions,
  ) {
    this.labels = options.labels;
    for (const [x, y] of options.inputs.pairs) this.matching.addInput(x, y);
  }

  run(): Matching {
    this.fromInputs(this.options.exact, (left, right) => left === right);
    this.spread();
    this.fromOutputs(this.labels.strict);
    this.fromInputs(this.labels, (left, right) => left === 1 && right === 1);
    this.pairSingular();
    this.spread();
    this.spreadInDoubt();
    // where one graph computes more often what both do, which of them is which is told by what lies around
    this.fromInputs(this.labels, () => true);
    this.spread();
    this.spreadInDoubt();
    // what is left has changed, or lies between changes
    this.fromOutputs(this.labels.loose);
    const unsure = [...this.matching.pairs];
    for (let next = unsure.pop(); next; next = this.seen.pop() ?? unsure.pop())
      if (this.spreadOver(next)) {
        this.spread();
        this.spreadInDoubt();
      }
    return this.matching;
  }

  private add(x: Node, y: Node): void {
    this.matching.add(x, y);
    this.fresh.push([x, y]);
    this.seen.push([x, y]);
  }

  /**
   * Pairs nodes that compute the same from the same.
   * @param take by how many of them are free in each graph
   */
  private fromInputs(labels: Labels, take: (left: number, right: number) => boolean): void {
    const numbers = new ValueNumbers(labels, this.matching);
    const left = new Map<number, Node[]>();
    const right = new Map<number, Node[]>();
    const note = (groups: Map<number, Node[]>, node: Node) => {
      const number = numbers.node(node);
      const group = groups.get(number);
      if (group) group.push(node);
      else groups.set(number, [node]);
    };
    for (const node of this.a.nodes) note(left, node);
    for (const node of this.b.nodes) {
      const other = this.matching.by(node);
      if (other) numbers.adoptOutputs(node, other);
      else note(right, node);
    }
    for (const [number, others] of right) {
      const nodes = (left.get(number) ?? []).filter((node) => !this.matching.of(node));
      if (take(nodes.length, others.length))
        for (const [x, y] of inOrder(nodes, others)) this.add(x, y);
    }
  }

  private fromOutputs(label: (node: Node) => string): void {
    for (const [x, y] of this.options.outputs.pairs) this.pairSources(x, y, label);
    this.spread();
  }

  /** Pairs the equal neighbours of all pairs that are new, and theirs, where nothing is in doubt. */
  private spread(): void {
    for (let pair = this.fresh.pop(); pair; pair = this.fresh.pop()) {
      this.doubtful.push(pair);
      this.neighbours(pair, this.labels.strict, (readers) => readers === 1);
    }
  }

  /** The same where several are equal, which are then taken in order. */
  private spreadInDoubt(): void {
    for (let pair = this.doubtful.shift(); pair; pair = this.doubtful.shift()) {
      this.neighbours(pair, this.labels.strict);
      this.spread();
    }
  }

  /** Pairs what lies behind changes beside a pair, then changed neighbours. Says whether it found any. */
  private spreadOver(pair: readonly [Node, Node]): boolean {
    const before = this.fresh.length;
    this.acrossInsertions(pair);
    this.pairIfAlike(this.a.holder(pair[0]), this.b.holder(pair[1]), this.labels.strict);
    if (this.fresh.length === before) this.neighbours(pair, this.labels.loose);
    return this.fresh.length > before;
  }

  private neighbours(
    [x, y]: readonly [Node, Node],
    label: (node: Node) => string,
    take: Take = always,
  ): void {
    for (const { body, other } of bodyPairs(x, y)) this.bodies(body, other, label, take);
    x.inputs.forEach((value, i) => {
      const other = y.inputs[i];
      if (value && other) this.pairSources(value, other, label);
    });
    x.outputs.forEach((value, i) => {
      const other = y.outputs[i];
      if (value && other)
        this.pairReaders(this.a.readers(value), this.b.readers(other), label, take);
    });
  }

  /** Across the borders of graphs inside nodes that are one another. */
  private bodies(left: Graph, right: Graph, label: (node: Node) => string, take: Take): void {
    left.inputs.forEach((value, i) => {
      const other = right.inputs[i];
      if (!other) return;
      this.matching.addInput(value, other);
      this.pairReaders(this.a.readers(value), this.b.readers(other), label, take);
    });
    left.outputs.forEach((value, i) => {
      const other = right.outputs[i];
      if (other) this.pairSources(value, other, label);
    });
  }

  private pairSources(x: Value, y: Value, label: (node: Node) => string): void {
    for (const left of this.a.sources(x))
      for (const right of this.b.sources(y))
        if (left.outputIndex === right.outputIndex)
          if (this.pairIfAlike(left.producer, right.producer, label)) return;
  }

  private pairIfAlike(
    x: Node | undefined,
    y: Node | undefined,
    label: (node: Node) => string,
  ): boolean {
    if (!x || !y || this.isTaken(x, y) || label(x) !== label(y)) return false;
    this.add(x, y);
    return true;
  }

  private isTaken(x: Node, y: Node): boolean {
    return this.matching.of(x) !== undefined || this.matching.by(y) !== undefined;
  }

  /** Readers of two values that are one another: those that are alike and equally many, in order. */
  private pairReaders(
    left: readonly Reader[],
    right: readonly Reader[],
    label: (node: Node) => string,
    take: Take = always,
  ): void {
    const key = ({ node, index }: Reader) => `${index} ${label(node)}`;
    const mine = groupBy(
      left.filter(({ node }) => !this.matching.of(node)),
      key,
    );
    const theirs = groupBy(
      right.filter(({ node }) => !this.matching.by(node)),
      key,
    );
    for (const [k, readers] of mine) {
      const others = theirs.get(k);
      if (others?.length !== readers.length || !take(readers.length)) continue;
      const nodes = (of: readonly Reader[]) => of.map(({ node }) => node);
      for (const [x, y] of inOrder(nodes(readers), nodes(others))) this.pairIfAlike(x, y, label);
    }
  }

  /** Readers behind nodes that only one of the graphs has. */
  private acrossInsertions([x, y]: readonly [Node, Node]): void {
    x.outputs.forEach((value, i) => {
      const other = y.outputs[i];
      if (!value || !other) return;
      const left = this.beyond(this.a, value, (node) => !this.matching.of(node));
      const right = this.beyond(this.b, other, (node) => !this.matching.by(node));
      this.pairReaders(left, right, this.labels.strict);
    });
  }

  private beyond(flat: FlatGraph, from: Value, isLeft: (node: Node) => boolean): Reader[] {
    const found = new Map<Node, Reader>();
    let values = [from];
    for (let step = 0; step <= BRIDGE && values.length > 0; step++) {
      const readers = values.flatMap((value) => flat.readers(value)).filter((r) => isLeft(r.node));
      for (const reader of readers) if (!found.has(reader.node)) found.set(reader.node, reader);
      values = readers.flatMap(({ node }) => node.outputs.filter((v) => v !== null));
    }
    return [...found.values()];
  }

  /** Pairs nodes that nothing else is like in either graph. */
  private pairSingular(): void {
    const left = groupBy(
      this.a.nodes.filter((node) => !this.matching.of(node)),
      this.labels.strict,
    );
    const right = groupBy(
      this.b.nodes.filter((node) => !this.matching.by(node)),
      this.labels.strict,
    );
    for (const [label, [node, ...more]] of left) {
      const others = right.get(label);
      if (
        node &&
        more.length === 0 &&
        others?.length === 1 &&
        node.inputs.some(isConstantOf(this.labels))
      )
        this.add(node, others[0]!);
    }
  }
}

const isConstantOf = (labels: Labels) => (value: Value | null) =>
  value !== null && labels.constant(value) !== undefined;

/** Nodes that nothing else tells apart, by their names where both graphs have the same, or in order. */
function inOrder(left: readonly Node[], right: readonly Node[]): (readonly [Node, Node])[] {
  const byName = new Map(right.map((node) => [nameOf(node), node]));
  const named = left.flatMap((node) => {
    const other = byName.get(nameOf(node));
    return other ? [[node, other] as const] : [];
  });
  if (named.length === left.length && byName.size === left.length) return named;
  return left.slice(0, right.length).map((node, i) => [node, right[i]!] as const);
}

const nameOf = ({ outputs }: Node): string | undefined => outputs.find((value) => value)?.name;
