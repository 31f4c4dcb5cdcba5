/** Part of the difference of two models as one drawing: what was there, what is there, and what is both. */

import { type FlatGraph, producersOf } from '../../model/diff/flat.js';
import type { KeptNode, ModelDifference } from '../../model/diff/index.js';
import type { Node } from '../../model/ir/node.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { type DrawnEdge, type DrawnNode, graphChart, type NodeTone } from './charts/graph.js';
import { nodeText, operatorOf } from './difference-text.js';
import type { Markup } from './page/html.js';

export interface Shapes {
  readonly before: ShapeTable;
  readonly after: ShapeTable;
}

export interface DrawnPart {
  /** Nodes of the first model, and nodes that only the second has. */
  readonly nodes: ReadonlySet<Node>;
  /** Draw neighbours of these as well, faintly. */
  readonly border: boolean;
}

/** Larger drawings are read by nobody. */
export const MOST_DRAWN = 150;

/** Undefined where the part is too large to draw. */
export function differenceDrawing(
  label: string,
  difference: ModelDifference,
  { nodes, border }: DrawnPart,
  shapes?: Shapes,
): Markup | undefined {
  const { before, after, matching, kept } = difference;
  const entries = new Map(kept.map((entry) => [entry.before, entry]));
  const removed = new Set(difference.removed);
  const inserted = new Set(difference.inserted);
  /** One element for a node of both models. */
  const elementOf = (node: Node) => matching.by(node) ?? node;
  const edges = new Map<string, { from: Node; to: Node; before: boolean; after: boolean }>();
  const ids = new Map<Node, string>();
  const idOf = (node: Node) => {
    const id = ids.get(node) ?? `n${ids.size}`;
    ids.set(node, id);
    return id;
  };
  const collect = (flat: FlatGraph, which: 'before' | 'after') => {
    for (const node of flat.nodes)
      for (const producer of producersOf(flat, node)) {
        const [from, to] = [elementOf(producer), elementOf(node)];
        if (!(border ? nodes.has(from) || nodes.has(to) : nodes.has(from) && nodes.has(to)))
          continue;
        const key = `${idOf(from)} ${idOf(to)}`;
        const edge = edges.get(key) ?? { from, to, before: false, after: false };
        edge[which] = true;
        edges.set(key, edge);
      }
  };
  collect(before, 'before');
  collect(after, 'after');
  const all = new Set<Node>(nodes);
  for (const { from, to } of edges.values()) all.add(from).add(to);
  if (all.size > MOST_DRAWN || all.size === 0) return undefined;
  const toneOf = (node: Node): NodeTone => {
    if (removed.has(node)) return 'removed';
    if (inserted.has(node)) return 'inserted';
    if (!nodes.has(node)) return 'border';
    return isChanged(entries.get(node)) ? 'changed' : 'same';
  };
  const drawn = [...all].map((node): DrawnNode => {
    const entry = entries.get(node);
    const table = inserted.has(node) ? shapes?.after : shapes?.before;
    const changes = entry?.changes.length ? `\n${entry.changes.join('\n')}` : '';
    return {
      id: idOf(node),
      label: operatorOf(node),
      title: nodeText(node, table) + changes,
      tone: toneOf(node),
    };
  });
  const lines = [...edges.values()].map(
    (edge): DrawnEdge => ({
      from: idOf(edge.from),
      to: idOf(edge.to),
      tone: edge.before && edge.after ? 'same' : edge.before ? 'removed' : 'inserted',
    }),
  );
  return graphChart(label, drawn, lines);
}

const isChanged = (entry: KeptNode | undefined) =>
  entry !== undefined && entry.changes.length + entry.rewired.length > 0;
