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
  const boxes = nodes.map((node) => ({ ...node, ...graph.node(node.id) })) as (DrawnNode & Box)[];
  const points = edges.flatMap(({ from, to, tone }, i) =>
    (graph.edge(from, to, String(i)) as { points: Point[] }).points.map((p) => ({ ...p, i, tone })),
  );
  const size = graph.graph() as { width?: number; height?: number };
  // edges may run outside of what dagre says it needs
  const width = Math.max(size.width ?? 0, ...points.map(({ x }) => x + MARGIN));
  const height = Math.max(size.height ?? 0, ...points.map(({ y }) => y + MARGIN));
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
