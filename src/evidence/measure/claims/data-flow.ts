/**
 * Where the content of values goes to and comes from in a source graph, for proofs of what sites claim.
 * Written for them alone: the analyses that make the claims are not asked. Sizes are no content.
 */
import type { Graph } from '../../../model/ir/graph.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { nodeDependencies } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';

export class DataFlow {
  private readonly readers = new Map<Value, Node[]>();

  constructor(readonly graph: Graph) {
    for (const node of graph.nodes)
      if (!isOp(node, 'Shape', 'Size'))
        for (const value of nodeDependencies(node)) {
          const readers = this.readers.get(value);
          if (readers) readers.push(node);
          else this.readers.set(value, [node]);
        }
  }

  readersOf(value: Value): readonly Node[] {
    return this.readers.get(value) ?? [];
  }

  /** All that depends on some values, themselves included, but for what lies behind `until`. */
  behind(values: Iterable<Value>, until?: ReadonlySet<Value>): Set<Value> {
    const made = (node: Node) => node.outputs.filter((value) => value !== null);
    return walk(values, (value) => this.readersOf(value).flatMap(made), until);
  }

  /** All that some values depend on, themselves included, but for what lies before `until`. */
  before(values: Iterable<Value>, until?: ReadonlySet<Value>): Set<Value> {
    return walk(values, ({ producer }) => (producer ? read(producer) : []), until);
  }
}

const read = (node: Node): Iterable<Value> =>
  isOp(node, 'Shape', 'Size') ? [] : nodeDependencies(node);

function walk(
  from: Iterable<Value>,
  next: (value: Value) => Iterable<Value>,
  until: ReadonlySet<Value> = new Set(),
): Set<Value> {
  const met = new Set(from);
  const stack = [...met];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (until.has(value)) continue;
    for (const other of next(value))
      if (!met.has(other)) {
        met.add(other);
        stack.push(other);
      }
  }
  return met;
}
