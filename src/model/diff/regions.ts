/** Differences that hang together: nodes that went, came or changed, joined by the edges between them. */
import type { Node } from '../ir/node.js';
import type { KeptNode } from './compare.js';
import type { ModelDifference } from './difference.js';
import { type FlatGraph, producersOf } from './flat.js';

export interface Region {
  readonly removed: readonly Node[];
  readonly inserted: readonly Node[];
  /** Nodes that changed, or that read something else than before. */
  readonly changed: readonly KeptNode[];
}

/** The largest first; those of one size in the order of the graphs. */
export function regionsOf(difference: ModelDifference): Region[] {
  const { removed, inserted, kept, before, after, matching } = difference;
  const changed = kept.filter(({ changes, rewired }) => changes.length + rewired.length > 0);
  const sets = new Sets();
  /** A node of both models is one element. */
  const elementOf = (node: Node) => matching.by(node) ?? node;
  const members = new Set<Node>([...removed, ...inserted, ...changed.map((c) => c.before)]);
  const join = (flat: FlatGraph, nodes: Iterable<Node>) => {
    for (const node of nodes)
      for (const producer of producersOf(flat, node)) {
        const [x, y] = [elementOf(producer), elementOf(node)];
        if (members.has(x)) sets.join(x, y);
      }
  };
  join(before, [...removed, ...changed.map((c) => c.before)]);
  join(after, [...inserted, ...changed.map((c) => c.after)]);
  const regions = new Map<Node, { removed: Node[]; inserted: Node[]; changed: KeptNode[] }>();
  const regionOf = (node: Node) => {
    const root = sets.find(node);
    const region = regions.get(root) ?? { removed: [], inserted: [], changed: [] };
    regions.set(root, region);
    return region;
  };
  for (const node of removed) regionOf(node).removed.push(node);
  for (const entry of changed) regionOf(entry.before).changed.push(entry);
  for (const node of inserted) regionOf(node).inserted.push(node);
  return [...regions.values()].sort((x, y) => sizeOf(y) - sizeOf(x));
}

export const sizeOf = ({ removed, inserted, changed }: Region): number =>
  removed.length + inserted.length + changed.length;

/** Disjoint sets by union and path halving. */
class Sets {
  private readonly parents = new Map<Node, Node>();

  find(node: Node): Node {
    let at = node;
    for (let up = this.parents.get(at); up; up = this.parents.get(at)) {
      const above = this.parents.get(up);
      if (above) this.parents.set(at, above);
      at = up;
    }
    return at;
  }

  join(x: Node, y: Node): void {
    const [p, q] = [this.find(x), this.find(y)];
    if (p !== q) this.parents.set(q, p);
  }
}
