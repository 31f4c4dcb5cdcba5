/** Checks that a graph is whole: between any two steps of a compilation, and by tests. */

import { StepfoldError } from '../../errors/index.js';
import { subgraphs, withContents } from './attribute.js';
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import { topologicalOrder } from './order.js';
import { pushAll } from './push-all.js';
import type { Value } from './value.js';

export interface Violation {
  readonly message: string;
  readonly node?: string;
  readonly value?: string;
}

/**
 * Everything wrong with a graph and the graphs inside it; empty when it is valid. Costs a walk over nodes and
 * uses, so that it can be asked after every step.
 */
export function findViolations(graph: Graph): Violation[] {
  return new Check(graph).found;
}

/** A read of what no node before the reader makes. */
interface Early {
  readonly reader: Node | Graph;
  readonly value: Value;
}

class Check {
  readonly found: Violation[] = [];
  /** What can be read where the walk is. */
  private readonly made = new Set<Value>();
  private readonly names = new Set<string>();
  /** Places where values are read, less uses that values know of: none where both are the same. */
  private reads = 0;
  private outputReads = 0;

  constructor(graph: Graph) {
    for (const { reader, value } of this.graph(graph, true)) this.outOfScope(reader, value);
    // where every read is known to a value in scope, numbers tell whether values know of more
    if (this.found.length > 0 || this.reads !== 0 || this.outputReads !== 0) this.allUses(graph);
  }

  /** @returns reads of what neither this graph makes nor those around it up to here */
  private graph(graph: Graph, isMain: boolean): Early[] {
    const own = [...graph.values()];
    const names = this.values(graph, own);
    const early: Early[] = [];
    for (const value of own) if (!value.producer) this.made.add(value);
    for (const node of graph.nodes) this.node(node, early);
    this.outputs(graph, early);
    const beyond = early.filter(({ value }) => !this.made.has(value));
    if (beyond.length < early.length) this.order(graph);
    if (isMain) return beyond;
    for (const value of own) this.made.delete(value);
    for (const name of names) this.names.delete(name);
    return beyond;
  }

  /** @returns the names that are this graph's own */
  private values(graph: Graph, own: readonly Value[]): string[] {
    const names: string[] = [];
    for (const value of own) {
      const { name } = value;
      if (this.names.has(name)) this.report(`two values are named "${name}"`, value);
      else names.push(name);
      this.names.add(name);
      if (value.graph !== graph) this.report(`"${name}" belongs to another graph`, value);
      this.reads -= value.useSet.size;
      this.outputReads -= value.outputUses;
    }
    return names;
  }

  private node(node: Node, early: Early[]): void {
    const { inputList, outputList } = node;
    for (let index = 0; index < inputList.length; index++) {
      const value = inputList[index];
      if (!value) continue;
      this.reads++;
      if (!this.made.has(value)) early.push({ reader: node, value });
      const use = node.useAt(index);
      if (!use || !value.useSet.has(use))
        this.report(
          `"${value.name}" does not know that input ${index} of "${node.label}" uses it`,
          value,
          node,
        );
    }
    for (const inner of subgraphs(node)) pushAll(early, this.graph(inner, false));
    for (const output of outputList) {
      if (!output) continue;
      if (output.producer !== node)
        this.report(`"${output.name}" does not know its producer`, output, node);
      this.made.add(output);
    }
  }

  private outputs(graph: Graph, early: Early[]): void {
    graph.outputs.forEach((value, index) => {
      this.reads++;
      this.outputReads++;
      const use = graph.useAt(index);
      if (!use || !value.useSet.has(use))
        this.report(`"${value.name}" does not know that it is an output`, value);
      if (!this.made.has(value)) early.push({ reader: graph, value });
    });
  }

  private allUses(main: Graph): void {
    const users = withContents(main.nodes).add(main);
    for (const user of users)
      if (!('opType' in user)) for (const value of user.values()) this.uses(value, users);
  }

  private uses(value: Value, users: ReadonlySet<Node | Graph>): void {
    let outputs = 0;
    for (const use of value.uses) {
      const { user, index } = use;
      if (!('opType' in user)) outputs++;
      if (users.has(user) && user.useAt(index) === use && readAt(user, index) === value) continue;
      this.report(`"${value.name}" believes that ${described(user)} uses it`, value);
    }
    if (outputs !== value.outputUses)
      this.report(`"${value.name}" is an output ${outputs} times, not ${value.outputUses}`, value);
  }

  private outOfScope(reader: Node | Graph, value: Value): void {
    if ('opType' in reader)
      this.report(
        `node "${reader.label}" reads "${value.name}", which is not in its scope`,
        value,
        reader,
      );
    else this.report(`output "${value.name}" is not made by the graph`, value);
  }

  /** Nodes need not be sorted, only sortable. */
  private order(graph: Graph): void {
    try {
      topologicalOrder(graph);
    } catch (error) {
      if (!(error instanceof StepfoldError)) throw error;
      const { node } = error.details;
      this.found.push({ message: error.message, ...(node !== undefined && { node }) });
    }
  }

  private report(message: string, value: Value, node?: Node): void {
    this.found.push({ message, value: value.name, ...(node && { node: node.label }) });
  }
}

/** What stands at a place where values are used. */
const readAt = (user: Node | Graph, index: number): Value | null | undefined =>
  'opType' in user ? user.inputs[index] : user.outputs[index];

const described = (user: Node | Graph): string =>
  'opType' in user ? `node "${user.label}"` : `graph "${user.name}"`;
