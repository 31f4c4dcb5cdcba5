/**
 * A graph of nodes and values with use-def chains. Edits keep both ends of every edge equal; they
 * refuse what would leave the graph broken. Node order is not maintained by hand: `nodes` iterates
 * in insertion order, stays valid while nodes are added or removed, and `sortNodes` (order.ts)
 * makes it topological again before a graph is written.
 */
import { duplicateName, nodeStillUsed } from '../../errors/index.js';
import { type Attribute, subgraphs, withContents } from './attribute.js';
import { Node } from './node.js';
import type { Tensor } from './tensor.js';
import type { ValueType } from './types.js';
import { type Use, Value } from './value.js';

/** Names taken in a model's main graph and all graphs inside it. */
export class NameScope {
  private readonly taken = new Set<string>();
  private readonly counters = new Map<string, number>();

  claim(name: string): void {
    this.taken.add(name);
  }

  has(name: string): boolean {
    return this.taken.has(name);
  }

  /** Does any name begin so? Costs O(names). */
  hasPrefix(prefix: string): boolean {
    for (const name of this.taken) if (name.startsWith(prefix)) return true;
    return false;
  }

  release(name: string): void {
    this.taken.delete(name);
  }

  /** `base`, or `base_1`, `base_2`, … whichever is free first; the name is claimed. */
  fresh(base: string): string {
    let name = base;
    let n = this.counters.get(base) ?? 0;
    while (name === '' || this.taken.has(name)) name = `${base}_${++n}`;
    this.counters.set(base, n);
    this.taken.add(name);
    return name;
  }
}

export interface NodeSpec {
  readonly opType: string;
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly (Value | null)[];
  /** Output names, `null` for one left out; a name already taken is made fresh. Default: one output. */
  readonly outputs?: readonly (string | null)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export class Graph {
  name: string;
  docString: string | undefined;
  /** Fields of the file that the graph does not model. */
  extra: unknown;
  /** @internal */
  readonly scope: NameScope;
  /** @internal */
  readonly nodeSet = new Set<Node>();
  /** @internal */
  readonly inputList: Value[] = [];
  /** @internal */
  readonly outputList: Value[] = [];
  private readonly outputUses: Use[] = [];
  private readonly initializerSet = new Set<Value>();
  /** Values the file declares in `value_info`, in its order. */
  readonly declared = new Set<Value>();
  /** Values made by sparse initializers; their data are carried, not looked into. */
  readonly sparseInitializers = new Map<Value, unknown>();

  /** @param parent the graph whose values this one may capture; undefined for a main graph */
  constructor(
    name = 'graph',
    readonly parent?: Graph,
  ) {
    this.name = name;
    this.scope = parent ? parent.scope : new NameScope();
  }

  get nodes(): ReadonlySet<Node> {
    return this.nodeSet;
  }

  get inputs(): readonly Value[] {
    return this.inputList;
  }

  get outputs(): readonly Value[] {
    return this.outputList;
  }

  /** Values with an initializer, in the order of the file. */
  get initializers(): ReadonlySet<Value> {
    return this.initializerSet;
  }

  /** Every value of this graph itself: inputs, initializers, then node outputs in node order. */
  *values(): Generator<Value> {
    yield* this.inputList;
    for (const v of this.initializerSet) if (!v.isGraphInput) yield v;
    for (const v of this.sparseInitializers.keys()) if (!v.isGraphInput) yield v;
    for (const node of this.nodeSet) for (const v of node.outputList) if (v) yield v;
  }

  /** The value of that name in this graph (not in graphs inside it). Costs O(values). */
  find(name: string): Value | undefined {
    for (const v of this.values()) if (v.name === name) return v;
    return undefined;
  }

  /** Adds a graph input. The name must be free: inputs are an interface, so they are never renamed. */
  addInput(name: string, type?: ValueType): Value {
    const value = this.newValue(name, undefined, 0);
    value.type = type;
    this.listInput(value);
    return value;
  }

  /** @internal Puts a value that nobody makes among the inputs, as the last. */
  listInput(value: Value): void {
    value.listed = true;
    this.inputList.push(value);
  }

  addInitializer(name: string, tensor: Tensor): Value {
    const value = this.newValue(this.scope.has(name) ? this.scope.fresh(name) : name, undefined, 0);
    this.setInitializer(value, tensor);
    return value;
  }

  /** Gives an existing producer-less value (an input with a default, for one) its tensor. */
  setInitializer(value: Value, tensor: Tensor): void {
    value.initializer = tensor;
    this.initializerSet.add(value);
  }

  addNode(spec: NodeSpec): Node {
    const node = new Node(
      this,
      spec.opType,
      spec.domain ?? '',
      spec.name ?? '',
      Object.entries(spec.attributes ?? {}),
    );
    spec.inputs.forEach((value, i) => {
      node.setInput(i, value);
    });
    for (const name of spec.outputs ?? [spec.opType.toLowerCase()]) this.addNodeOutput(node, name);
    this.nodeSet.add(node);
    return node;
  }

  /** @internal Appends an output to a node; `null` leaves the place empty. */
  addNodeOutput(node: Node, name: string | null): Value | null {
    const value =
      name === null
        ? null
        : this.newValue(
            this.scope.has(name) ? this.scope.fresh(name) : name,
            node,
            node.outputList.length,
          );
    node.outputList.push(value);
    return value;
  }

  addOutput(value: Value): void {
    const use: Use = { user: this, index: this.outputList.length };
    this.outputList.push(value);
    this.outputUses.push(use);
    value.useSet.add(use);
    value.outputUses++;
  }

  /** @internal The record of the use that output `index` is, which its value holds too. */
  useAt(index: number): Use | undefined {
    return this.outputUses[index];
  }

  setOutput(index: number, value: Value): void {
    const use = this.outputUses[index];
    if (!use) throw new RangeError(`graph ${this.name} has no output ${index}`);
    const old = this.outputList[index]!;
    old.useSet.delete(use);
    old.outputUses--;
    this.outputList[index] = value;
    value.useSet.add(use);
    value.outputUses++;
  }

  /** Drops the graph outputs for which `keep` is false. */
  filterOutputs(keep: (value: Value, index: number) => boolean): void {
    const kept = this.outputList.filter(keep);
    this.outputList.forEach((value, i) => {
      value.useSet.delete(this.outputUses[i] as Use);
      value.outputUses--;
    });
    this.outputList.length = 0;
    this.outputUses.length = 0;
    for (const value of kept) this.addOutput(value);
  }

  /** Points every use of `from` (nodes, graph outputs, captures in sub-graphs) to `to`. */
  replaceUses(from: Value, to: Value, where: (use: Use) => boolean = () => true): void {
    for (const use of [...from.useSet]) {
      if (!where(use)) continue;
      if ('opType' in use.user) use.user.setInput(use.index, to);
      else use.user.setOutput(use.index, to);
    }
  }

  /** Removes a node none of whose outputs is used, with every graph inside it. */
  removeNode(node: Node): void {
    for (const output of node.outputList)
      if (output && output.useSet.size > 0) throw nodeStillUsed(node, output);
    detach(node);
    for (const output of node.outputList) if (output) this.declared.delete(output);
    this.nodeSet.delete(node);
  }

  /** Removes nodes that only each other use, whatever their order; all of them or, refusing, none. */
  removeNodes(nodes: ReadonlySet<Node>): void {
    const going = withContents(nodes);
    for (const node of nodes)
      for (const output of node.outputList)
        for (const use of output?.useSet ?? [])
          if (!going.has(use.user)) throw nodeStillUsed(node, output as Value);
    for (const node of nodes) detach(node);
    for (const node of nodes) this.removeNode(node);
  }

  removeInitializer(value: Value): void {
    if (value.useSet.size > 0) throw nodeStillUsed(undefined, value);
    this.initializerSet.delete(value);
    this.declared.delete(value);
    value.initializer = undefined;
  }

  removeInput(value: Value): void {
    if (value.useSet.size > 0) throw nodeStillUsed(undefined, value);
    const index = this.inputList.indexOf(value);
    if (index >= 0) this.inputList.splice(index, 1);
    value.listed = false;
    this.scope.release(value.name);
  }

  rename(value: Value, name: string): void {
    if (name === value.name) return;
    if (this.scope.has(name)) throw duplicateName(name);
    this.scope.claim(name);
    value.setName(name);
  }

  /** Renames a value to `base`, or to what is free and like it, and frees its name for another. */
  giveUpName(value: Value, base: string): void {
    this.scope.release(value.name);
    value.setName(this.scope.fresh(base));
  }

  /** @internal Puts the nodes in a new order; `order` must hold the same nodes. */
  reorder(order: readonly Node[]): void {
    this.nodeSet.clear();
    for (const node of order) this.nodeSet.add(node);
  }

  /** @internal */
  newValue(name: string, producer: Node | undefined, index: number): Value {
    this.scope.claim(name);
    return new Value(this, name, producer, index);
  }
}

/** Takes a node's uses out of the values it reads, and those of all nodes in graphs inside it. */
function detach(node: Node): void {
  for (let i = 0; i < node.inputs.length; i++) node.setInput(i, null);
  for (const inner of subgraphs(node)) {
    inner.filterOutputs(() => false);
    for (const n of inner.nodes) detach(n);
  }
}
