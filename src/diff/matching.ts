/** Which node of one graph is which of another; a pair is made once and stays. */
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';

export class Matching {
  private readonly forth = new Map<Node, Node>();
  private readonly back = new Map<Node, Node>();
  /** Inputs of the main graphs that are one another. */
  readonly inputs = new Map<Value, Value>();

  add(a: Node, b: Node): void {
    this.forth.set(a, b);
    this.back.set(b, a);
  }

  /** The node of the second graph that one of the first is. */
  of(a: Node): Node | undefined {
    return this.forth.get(a);
  }

  /** The node of the first graph that one of the second is. */
  by(b: Node): Node | undefined {
    return this.back.get(b);
  }

  get pairs(): Iterable<readonly [Node, Node]> {
    return this.forth;
  }
}
