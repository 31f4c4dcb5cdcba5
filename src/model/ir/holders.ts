/** Which nodes of a graph hold the graphs that its values are used in. */
import { subgraphs } from './attribute.js';
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Use } from './value.js';

export class Holders {
  private readonly byGraph = new Map<Graph, Node>();

  constructor(private readonly graph: Graph) {
    for (const node of graph.nodes) this.add(node);
  }

  /** Takes up a node that has been added to the graph since. */
  add(node: Node): void {
    for (const inner of subgraphs(node)) this.byGraph.set(inner, node);
  }

  /** The node of the graph that a use is in, itself or in a graph inside it; undefined for a graph output. */
  readonly of = ({ user }: Use): Node | undefined => {
    const isNode = 'opType' in user;
    let at: Graph = isNode ? user.graph : user;
    if (at === this.graph) return isNode ? user : undefined;
    while (at.parent && at.parent !== this.graph) at = at.parent;
    return this.byGraph.get(at);
  };
}
