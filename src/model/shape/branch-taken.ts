/** Which branch of an If is taken, where shapes and small constants tell. */
import type { Graph } from '../ir/graph.js';
import { isOp, type Node } from '../ir/node.js';
import type { ShapeTable } from './table.js';

/** The branch of an If whose condition is known; undefined for any other, and for other nodes. */
export function branchTaken(shapes: ShapeTable): (node: Node) => Graph | undefined {
  return (node: Node): Graph | undefined => {
    if (!isOp(node, 'If') || !node.inputs[0]) return undefined;
    const condition = shapes.contents(node.inputs[0])?.[0]?.constant;
    if (condition === undefined) return undefined;
    const branch = node.attributes.get(condition ? 'then_branch' : 'else_branch');
    return branch?.type === 'graph' ? branch.value : undefined;
  };
}
