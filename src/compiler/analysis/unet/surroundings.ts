/** What is known of a graph as a whole where skip joins are looked for in it. */
import { isHeavy } from '../../../model/cost/index.js';
import { withContents } from '../../../model/ir/attribute.js';
import { Dominance } from '../../../model/ir/dominance.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Node } from '../../../model/ir/node.js';
import { predecessors } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';
import { readsNoElements } from '../../../model/operators/index.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { Ancestry } from '../ancestry.js';

export interface Surroundings {
  readonly shapes: ShapeTable;
  readonly ancestry: Ancestry;
  readonly dominance: Dominance;
  /** Nodes that multiply and accumulate, or hold a graph that does. */
  readonly layers: ReadonlySet<Node>;
  /** The first layer that a value comes from. */
  readonly firstLayer: (value: Value) => Node | undefined;
  /** Does a value come from a layer that another does not come from? */
  readonly hasOwnWork: (value: Value, other: Value) => boolean;
}

export function surroundingsOf(graph: Graph, shapes: ShapeTable): Surroundings {
  // a decoder that enlarges its map to the size of a skip has not gone through that skip
  const ancestry = new Ancestry(graph, (node) => (readsNoElements(node) ? [] : predecessors(node)));
  const layers = new Set(ancestry.order.filter(holdsHeavy));
  return {
    shapes,
    ancestry,
    dominance: new Dominance(graph, ancestry.order),
    layers,
    firstLayer: ancestry.firstsAmong(layers),
    hasOwnWork: (value, other) => ancestry.hasOnly(value, other, layers),
  };
}

const holdsHeavy = (node: Node): boolean =>
  [...withContents([node])].some((part) => 'opType' in part && isHeavy(part));
