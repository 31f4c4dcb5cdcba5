/** One operator call. Its edges are changed only through `setInput`, so use lists never go stale. */
import type { Attribute } from './attribute.js';
import type { Graph } from './graph.js';
import type { Use, Value } from './value.js';

export class Node {
  name: string;
  docString: string | undefined;
  readonly attributes: Map<string, Attribute>;
  /** Fields of the file that the graph does not model (overload, metadata, device placement, …). */
  extra: unknown;
  /** @internal */
  readonly inputList: (Value | null)[] = [];
  /** @internal */
  readonly outputList: (Value | null)[] = [];
  private readonly inputUses: (Use | null)[] = [];

  /** @internal use `Graph.addNode` */
  constructor(
    readonly graph: Graph,
    readonly opType: string,
    readonly domain: string,
    name: string,
    attributes: Iterable<readonly [string, Attribute]>,
  ) {
    this.name = name;
    this.attributes = new Map(attributes);
  }

  /** Inputs in order; `null` where an optional input is left out. */
  get inputs(): readonly (Value | null)[] {
    return this.inputList;
  }

  /** Outputs in order; `null` where an optional output is left out. */
  get outputs(): readonly (Value | null)[] {
    return this.outputList;
  }

  /** Output 0 of a node that has it, which is every node but a few of several outputs. */
  get output(): Value {
    return this.outputList[0] as Value;
  }

  /** Rewires input `index`, growing the list when needed. Costs O(1). */
  setInput(index: number, value: Value | null): void {
    while (this.inputList.length < index) {
      this.inputList.push(null);
      this.inputUses.push(null);
    }
    const old = this.inputUses[index];
    if (old) this.inputList[index]?.useSet.delete(old);
    this.inputList[index] = value;
    const use: Use | null = value ? { user: this, index } : null;
    this.inputUses[index] = use;
    if (use && value) value.useSet.add(use);
  }

  /** @internal The record of the use that input `index` is, which its value holds too. */
  useAt(index: number): Use | undefined {
    return this.inputUses[index] ?? undefined;
  }

  /** The node's name, or its operator and first output when it has none: for messages. */
  get label(): string {
    return (
      this.name || `${this.opType} making ${this.outputList.find((o) => o)?.name ?? '(nothing)'}`
    );
  }
}

/** Is this one of the standard operators `opTypes` (domain `""` or `"ai.onnx"`)? */
export function isOp(node: Node, ...opTypes: string[]): boolean;
export function isOp(node: Node | undefined, ...opTypes: string[]): node is Node;
export function isOp(node: Node | undefined, ...opTypes: string[]): boolean {
  return node !== undefined && isStandard(node) && opTypes.includes(node.opType);
}

/** The domain of onnxruntime's own operators. */
export const MICROSOFT = 'com.microsoft';

export function isStandard(node: Node): boolean {
  return node.domain === '' || node.domain === 'ai.onnx';
}
