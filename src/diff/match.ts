/**
 * Finds for the nodes of one graph which nodes of another they are, by structure alone. First what is
 * computed from the same inputs in the same way (hashes from the inputs up); then, from the outputs,
 * from nodes that nothing else is like (a weight of their own tells most), and from every pair that is
 * found, outwards along the edges. So what lies behind a change is still known for what it is. The time
 * is linear in the size of the graphs, but for values with many readers.
 */
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import type { FlatGraph, Reader } from './flat.js';
import type { Labels } from './labels.js';
import { Matching } from './matching.js';
import { ValueNumbers } from './value-numbers.js';

/** So many nodes that only one of the graphs has are looked over to find what lies behind them. */
const BRIDGE = 3;

export function matchGraphs(a: FlatGraph, b: FlatGraph, labels: Labels): Matching {
  return new Matcher(a, b, labels).run();
}

class Matcher {
  private readonly matching = new Matching();
  /** Pairs whose neighbours have not been looked at: for nodes that are equal, and for changed ones. */
  private readonly fresh: (readonly [Node, Node])[] = [];
  private readonly seen: (readonly [Node, Node])[] = [];

  constructor(
    private readonly a: FlatGraph,
    private readonly b: FlatGraph,
    private readonly labels: Labels,
  ) {}

  run(): Matching {
    pairPorts(this.a.graph.inputs, this.b.graph.inputs, (x, y) => this.matching.inputs.set(x, y));
    this.fromInputs();
    this.spread();
    pairPorts(this.a.graph.outputs, this.b.graph.outputs, (x, y) => {
      this.pairSources(x, y, this.labels.strict);
    });
    this.spread();
    this.pairSingular();
    this.spread();
    // what is left has changed, or lies between changes
    pairPorts(this.a.graph.outputs, this.b.graph.outputs, (x, y) => {
      this.pairSources(x, y, this.labels.loose);
    });
    this.spread();
    const unsure = [...this.matching.pairs];
    for (let next = unsure.pop(); next; next = this.seen.pop() ?? unsure.pop())
      if (this.spreadOver(next)) this.spread();
    return this.matching;
  }

  private add(x: Node, y: Node): void {
    this.matching.add(x, y);
    this.fresh.push([x, y]);
    this.seen.push([x, y]);
  }

  /** Pairs nodes that compute the same from the same, in order where several do. */
  private fromInputs(): void {
    const numbers = new ValueNumbers(this.labels, this.matching.inputs);
    const groups = ({ nodes }: FlatGraph) => groupBy(nodes, (node) => String(numbers.node(node)));
    const left = groups(this.a);
    const right = groups(this.b);
    for (const [number, nodes] of left)
      nodes.forEach((node, i) => {
        const other = right.get(number)?.[i];
        if (other) this.add(node, other);
      });
  }

  /** Pairs the equal neighbours of all pairs that are new, and theirs. */
  private spread(): void {
    for (let pair = this.fresh.pop(); pair; pair = this.fresh.pop())
      this.neighbours(pair, this.labels.strict);
  }

  /** Pairs what lies behind changes beside a pair, then changed neighbours. Says whether it found any. */
  private spreadOver(pair: readonly [Node, Node]): boolean {
    const before = this.fresh.length;
    this.acrossInsertions(pair);
    if (this.fresh.length === before) this.neighbours(pair, this.labels.loose);
    return this.fresh.length > before;
  }

  private neighbours([x, y]: readonly [Node, Node], label: (node: Node) => string): void {
    x.inputs.forEach((value, i) => {
      const other = y.inputs[i];
      if (value && other) this.pairSources(value, other, label);
    });
    x.outputs.forEach((value, i) => {
      const other = y.outputs[i];
      if (value && other) this.pairReaders(this.a.readers(value), this.b.readers(other), label);
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
      if (others?.length !== readers.length) continue;
      readers.forEach(({ node }, i) => {
        this.pairIfAlike(node, others[i]!.node, label);
      });
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

function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const k = key(item);
    const group = groups.get(k);
    if (group) group.push(item);
    else groups.set(k, [item]);
  }
  return groups;
}

/** Inputs or outputs of two graphs: those of one name, then the rest in order, type by type. */
export function pairPorts(
  left: readonly Value[],
  right: readonly Value[],
  pair: (x: Value, y: Value) => void,
): void {
  const byName = new Map(right.map((value) => [value.name, value]));
  const taken = new Set<Value>();
  const rest = left.filter((value) => {
    const other = byName.get(value.name);
    if (!other) return true;
    taken.add(other);
    pair(value, other);
    return false;
  });
  const free = groupBy(
    right.filter((value) => !taken.has(value)),
    typeOf,
  );
  for (const value of rest) {
    const other = free.get(typeOf(value))?.shift();
    if (other) pair(value, other);
  }
}

const typeOf = ({ type }: Value): string => JSON.stringify(type ?? null);
