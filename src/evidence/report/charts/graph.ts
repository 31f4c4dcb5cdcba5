/** Nodes and edges as a picture from top to bottom: placed by dagre, drawn by Plot. */
import { Graph as LayoutGraph, layout } from '@dagrejs/dagre';
import * as Plot from '@observablehq/plot';
import type { Markup } from '../page/html.js';
import { chart } from './chart.js';

export type NodeTone = 'same' | 'removed' | 'inserted' | 'changed' | 'border';

export interface DrawnNode {
  readonly id: string;
  readonly label: string;
  /** Shown when the pointer rests on it. */
  readonly title: string;
  readonly tone: NodeTone;
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  readonly tone: 'same' | 'removed' | 'inserted';
}

/** Pixels. */
const CHARACTER = 6.8;
const HEIGHT = 22;
const MARGIN = 8;

/** Before the label, so that nobody has to tell colours apart. */
const SIGNS: Readonly<Record<NodeTone, string>> = {
  same: '',
  border: '',
  removed: '− ',
  inserted: '+ ',
  changed: '~ ',
};

const FILL: Readonly<Record<NodeTone, string>> = {
  same: 'var(--same)',
  border: 'var(--paper)',
  removed: 'var(--removed)',
  inserted: 'var(--inserted)',
  changed: 'var(--changed)',
};

const EDGE: Readonly<Record<DrawnEdge['tone'], string>> = {
  same: 'var(--faint)',
  removed: 'var(--removed-ink)',
  inserted: 'var(--inserted-ink)',
};

export function graphChart(
  label: string,
  nodes: readonly DrawnNode[],
  edges: readonly DrawnEdge[],
): Markup {
  const graph = new LayoutGraph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 14, ranksep: 26, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  const text = ({ tone, label: words }: DrawnNode) => SIGNS[tone] + words;
  for (const node of nodes)
    graph.setNode(node.id, { width: text(node).length * CHARACTER + 16, height: HEIGHT });
  edges.forEach(({ from, to }, i) => {
    graph.setEdge(from, to, {}, String(i));
  });
  layout(graph);
  const placed = edges.map(
    ({ from, to }, i) => graph.edge(from, to, String(i)) as { readonly points: readonly Point[] },
  );
  // edges may run outside of what dagre says it needs
  const xs = placed.flatMap(({ points: path }) => path.map(({ x }) => x));
  const left = Math.min(0, ...xs.map((x) => x - MARGIN));
  const size = graph.graph() as { width?: number; height?: number };
  const width = Math.max(size.width ?? 0, ...xs.map((x) => x + MARGIN)) - left;
  const height = size.height ?? 0;
  const boxes = nodes.map((node) => {
    const box = graph.node(node.id) as Box;
    return { ...node, ...box, x: box.x - left };
  });
  const points = placed.flatMap(({ points: path }, i) =>
    path.map(({ x, y }) => ({ x: x - left, y, i, tone: edges[i]!.tone })),
  );
  const line = (tone: DrawnEdge['tone'], dash?: string) =>
    Plot.line(
      points.filter((p) => p.tone === tone),
      {
        x: 'x',
        y: 'y',
        z: 'i',
        curve: 'monotone-y',
        stroke: EDGE[tone],
        markerEnd: 'arrow',
        ...(dash && { strokeDasharray: dash }),
      },
    );
  return chart(label, {
    width,
    height,
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    style: { fontSize: '11px', fontFamily: 'ui-monospace, monospace', maxWidth: 'none' },
    marks: [
      line('same'),
      line('removed', '3 3'),
      line('inserted'),
      Plot.rect(boxes, {
        x1: ({ x, width: w }: Box) => x - w / 2,
        x2: ({ x, width: w }: Box) => x + w / 2,
        y1: ({ y }: Box) => y - HEIGHT / 2,
        y2: ({ y }: Box) => y + HEIGHT / 2,
        rx: 4,
        fill: ({ tone }: DrawnNode) => FILL[tone],
        stroke: 'var(--faint)',
        title: 'title',
      }),
      Plot.text(boxes, { x: 'x', y: 'y', text, fill: 'var(--ink)', pointerEvents: 'none' }),
    ],
  });
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Box extends Point {
  readonly width: number;
}
