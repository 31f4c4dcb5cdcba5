/** Which node of one graph is which of another; a pair is made once and stays. */
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';

export class Matching {
  private readonly forth = new Map<Node, Node>();
  private readonly back = new Map<Node, Node>();
  /** Inputs that are one another: of the main graphs, and of graphs inside nodes that are. */
  private readonly inputs = new Map<Value, Value>();
  private readonly inputsBack = new Map<Value, Value>();

  add(a: Node, b: Node): void {
    this.forth.set(a, b);
    this.back.set(b, a);
  }

  addInput(a: Value, b: Value): void {
    if (this.inputs.has(a) || this.inputsBack.has(b)) return;
    this.inputs.set(a, b);
    this.inputsBack.set(b, a);
  }

  /** The node of the second graph that one of the first is. */
  of(a: Node): Node | undefined {
    return this.forth.get(a);
  }

  /** The node of the first graph that one of the second is. */
  by(b: Node): Node | undefined {
    return this.back.get(b);
  }

  /** Is what makes a value of the first graph, or the input that it is, in the second? */
  keeps(a: Value): boolean {
    return a.producer ? this.forth.has(a.producer) : this.inputs.has(a);
  }

  /** Was what makes a value of the second graph, or the input that it is, in the first? */
  kept(b: Value): boolean {
    return b.producer ? this.back.has(b.producer) : this.inputsBack.has(b);
  }

  get pairs(): Iterable<readonly [Node, Node]> {
    return this.forth;
  }

  get inputPairs(): Iterable<readonly [Value, Value]> {
    return this.inputs;
  }
}
