/**
 * A graph seen flat: the nodes of graphs inside nodes stand among all others, and values are followed
 * through the borders of a branch. So a node that a rewrite put into an If can be told to be the one that
 * stood in the open before.
 */
import { subgraphs } from '../ir/attribute.js';
import { constantTensor } from '../ir/constants.js';
import type { Graph } from '../ir/graph.js';
import { isOp, type Node } from '../ir/node.js';
import { topologicalOrder } from '../ir/order.js';
import type { Value } from '../ir/value.js';

/** Input `index` of a node reads a value. */
export interface Reader {
  readonly node: Node;
  readonly index: number;
}

export interface FlatGraph {
  readonly graph: Graph;
  /** In topological order, the contents of a node before the node; constants are no nodes here. */
  readonly nodes: readonly Node[];
  /** Where a value comes from: itself first; for a result of an If, then what makes it in each branch. */
  sources(value: Value): readonly Value[];
  /** Who reads a value, also as the result of the branch that it is made in. */
  readers(value: Value): Reader[];
  /** The node that a node lies in a graph of. */
  holder(node: Node): Node | undefined;
}

export function flatten(graph: Graph): FlatGraph {
  const nodes: Node[] = [];
  /** The node that a graph lies in. */
  const holders = new Map<Graph, Node>();
  const visit = (inner: Graph) => {
    for (const node of topologicalOrder(inner)) {
      if (isConstant(node)) continue;
      for (const body of subgraphs(node)) {
        holders.set(body, node);
        visit(body);
      }
      nodes.push(node);
    }
  };
  visit(graph);
  /** The result of an If that a result of one of its branches becomes. */
  const resultOf = (branch: Graph, index: number) => {
    const holder = holders.get(branch);
    return holder && isOp(holder, 'If') ? holder.outputs[index] : undefined;
  };
  const known = new Map<Value, readonly Value[]>();
  return {
    graph,
    nodes,
    holder: (node) => holders.get(node.graph),
    sources(value) {
      const found = known.get(value) ?? [...reach(value, branchResults)];
      known.set(value, found);
      return found;
    },
    readers(value) {
      const users = (read: Value) => [...read.uses];
      const results = reach(value, (read) =>
        users(read).map(({ user, index }) => ('opType' in user ? null : resultOf(user, index))),
      );
      return [...results].flatMap(users).flatMap(({ user, index }): Reader[] => {
        return 'opType' in user ? [{ node: user, index }] : [];
      });
    },
  };
}

/** What makes the values that a node reads, and those that graphs inside it give. */
export function producersOf(flat: FlatGraph, node: Node): Set<Node> {
  const read = [...node.inputs, ...subgraphs(node).flatMap((body) => body.outputs)];
  const sources = read.flatMap((value) => (value ? flat.sources(value) : []));
  return new Set(sources.flatMap(({ producer }) => producer ?? []));
}

/** What the branches give for a result of an If. */
function branchResults({ producer, outputIndex }: Value): (Value | undefined)[] {
  if (!producer || !isOp(producer, 'If')) return [];
  return subgraphs(producer).map((body) => body.outputs[outputIndex]);
}

/** A value and all that steps lead to from it, each once, depth first. */
function reach(
  from: Value,
  step: (value: Value) => readonly (Value | null | undefined)[],
): Set<Value> {
  const found = new Set<Value>();
  const stack = [from];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (found.has(value)) continue;
    found.add(value);
    stack.push(
      ...step(value)
        .flatMap((next) => next ?? [])
        .reverse(),
    );
  }
  return found;
}

/** Constant nodes are values like initializers, and exporters write the one or the other. */
const isConstant = (node: Node): boolean =>
  isOp(node, 'Constant') && constantTensor(node.outputs[0]) !== undefined;
