/** A value of the graph: who makes it, who uses it, and what is declared about it. */
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Tensor } from './tensor.js';
import type { ValueType } from './types.js';

/** One place where a value is used: input `index` of a node, or output `index` of a graph. */
export interface Use {
  readonly user: Node | Graph;
  readonly index: number;
}

/** Values are made and wired only by `Graph` and `Node`, which keep both ends of every edge equal. */
export class Value {
  /** The declared type, if any; inferred shapes live in a `ShapeTable`, not here. */
  type: ValueType | undefined;
  /** Set when the value is an initializer of its graph. */
  initializer: Tensor | undefined;
  /** Fields of the file's ValueInfo that the graph does not model. */
  extra: unknown;
  /** @internal It is in its graph's list of inputs. */
  listed = false;
  /** @internal */
  readonly useSet = new Set<Use>();
  /** @internal How many of the uses are outputs of a graph: a value may have a great many others. */
  outputUses = 0;

  /** @internal use `Graph.addInput`, `Graph.addInitializer` or `Graph.addNode` */
  constructor(
    readonly graph: Graph,
    private currentName: string,
    /** The node that makes the value; undefined for inputs, initializers and captured names. */
    readonly producer: Node | undefined,
    readonly outputIndex: number,
  ) {}

  get name(): string {
    return this.currentName;
  }

  /** @internal use `Graph.rename` */
  setName(name: string): void {
    this.currentName = name;
  }

  get uses(): ReadonlySet<Use> {
    return this.useSet;
  }

  /** Nodes that read the value, each once, nodes inside sub-graphs included. */
  get users(): Set<Node> {
    const users = new Set<Node>();
    for (const use of this.useSet) if ('opType' in use.user) users.add(use.user);
    return users;
  }

  get isGraphInput(): boolean {
    return this.listed;
  }

  get isGraphOutput(): boolean {
    return this.outputUses > 0;
  }
}
