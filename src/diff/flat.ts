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
  /** Where a value comes from: what makes it, and for a result of an If what makes it in each branch. */
  sources(value: Value): Value[];
  /** Who reads a value, also as the result of the branch that it is made in. */
  readers(value: Value): Reader[];
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
  return {
    graph,
    nodes,
    sources(value) {
      const { producer } = value;
      if (!producer || !isOp(producer, 'If')) return [value];
      const made = subgraphs(producer).map((body) => body.outputs[value.outputIndex]);
      return [value, ...made.filter((v) => v !== undefined).flatMap((v) => this.sources(v))];
    },
    readers(value) {
      return [...value.uses].flatMap(({ user, index }): Reader[] => {
        if ('opType' in user) return [{ node: user, index }];
        const holder = holders.get(user);
        const result = holder && isOp(holder, 'If') ? holder.outputs[index] : undefined;
        return result ? this.readers(result) : [];
      });
    },
  };
}

/** Constant nodes are values like initializers, and exporters write the one or the other. */
const isConstant = (node: Node): boolean =>
  isOp(node, 'Constant') && constantTensor(node.outputs[0]) !== undefined;
