/** Blocks as boxes: a U-Net as a U with its skip branches, a transformer as a stack. */
import * as Plot from '@observablehq/plot';
import { chart } from '../charts/chart.js';
import { formatMacs, formatShape } from '../format.js';
import type { Markup } from '../page/html.js';
import { percent } from '../strategies.js';
import type { BlockModel, ModelBlock } from './block-model.js';
import type { BlockUse } from './program-blocks.js';

export interface BlockLook {
  readonly fill: string;
  readonly ink: string;
}

export interface BlockChartOptions {
  readonly model: BlockModel;
  readonly uses: readonly BlockUse[];
  /** Of what is done to a block. */
  readonly look: (does: string) => BlockLook;
  /** Where a click leads. */
  readonly href: (use: BlockUse) => string | undefined;
}

/** Pixels. */
const ROW = 30;
const STACK_ROW = 22;
const WIDTH = 112;
const GAP = 36;
/** A level further in stands so much nearer to the middle. */
const SLOPE = 2;

interface Box {
  readonly use: BlockUse;
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}

export function blockChart(label: string, options: BlockChartOptions): Markup {
  const { model, uses, look, href } = options;
  const boxes = model.kind === 'unet' ? placeU(uses) : placeStack(uses);
  const byBlock = new Map(boxes.map((box) => [box.use.block, box]));
  const width = Math.max(...boxes.map(({ x2 }) => x2)) + 6;
  const height = Math.max(...boxes.map(({ y2 }) => y2)) + 6;
  return chart(label, {
    width,
    height,
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    style: { fontSize: '10.5px', overflow: 'visible' },
    marks: [
      Plot.link(model.kind === 'unet' ? skips(boxes) : [], {
        x1: 'x1',
        x2: 'x2',
        y1: 'y',
        y2: 'y',
        stroke: 'var(--faint)',
        strokeDasharray: '3 3',
        markerEnd: 'arrow',
      }),
      Plot.link(flow(model, byBlock), {
        x1: 'x1',
        x2: 'x2',
        y1: 'y1',
        y2: 'y2',
        stroke: 'var(--faint)',
        markerEnd: 'arrow',
      }),
      Plot.rect(boxes, {
        x1: 'x1',
        x2: 'x2',
        y1: 'y1',
        y2: 'y2',
        rx: 4,
        fill: ({ use }: Box) => look(use.does).fill,
        stroke: 'var(--faint)',
        title: ({ use }: Box) => titleOf(use),
        href: ({ use }: Box) => href(use),
      }),
      Plot.rect(
        boxes.filter(({ use }) => use.does === 'removed'),
        {
          x1: 'x1',
          x2: 'x2',
          y1: 'y1',
          y2: 'y2',
          rx: 4,
          fill: 'none',
          stroke: 'var(--removed-ink)',
          strokeDasharray: '2 3',
          pointerEvents: 'none',
        },
      ),
      Plot.text(boxes, {
        x: ({ x1, x2 }: Box) => (x1 + x2) / 2,
        y: ({ y1, y2 }: Box) => (y1 + y2) / 2,
        text: ({ use }: Box) => `${use.block.name}  ${shortMacs(use.block)}`,
        fill: ({ use }: Box) => look(use.does).ink,
        pointerEvents: 'none',
      }),
    ],
  });
}

const shortMacs = ({ macs }: ModelBlock): string => (macs > 0 ? formatMacs(macs) : '');

export function titleOf({ block, does, share }: BlockUse): string {
  const parts = [
    `${block.name}: ${does}`,
    `${formatMacs(block.macs)} MACs${share < 1 ? `, of which ${percent(share)} run` : ''}`,
    block.holds,
    block.shape && `gives ${formatShape(block.shape)}`,
  ];
  return parts.filter(Boolean).join('\n');
}

/** Down the left, through the middle, up the right; what is beside the U stands above it. */
function placeU(uses: readonly BlockUse[]): Box[] {
  const levels = [...new Set(uses.map(({ block }) => block.level))].sort((a, b) => a - b);
  const wide = 2 * WIDTH + GAP + 2 * SLOPE * levels.length;
  return uses.map((use): Box => {
    const row = levels.indexOf(use.block.level);
    const y1 = 4 + row * ROW;
    const y2 = y1 + ROW - 8;
    const inset = SLOPE * row;
    if (use.block.arm === 'down') return { use, x1: 4 + inset, x2: 4 + inset + WIDTH, y1, y2 };
    if (use.block.arm === 'up') return { use, x1: wide - inset - WIDTH, x2: wide - inset, y1, y2 };
    const center = (wide + 4) / 2;
    const half = WIDTH / 2 + 8;
    return { use, x1: center - half, x2: center + half, y1, y2 };
  });
}

function placeStack(uses: readonly BlockUse[]): Box[] {
  return uses.map((use, row) => {
    const y1 = 4 + row * STACK_ROW;
    return { use, x1: 4, x2: 4 + WIDTH + 12, y1, y2: y1 + STACK_ROW - 6 };
  });
}

/** From the arm that goes down to the one that comes up. */
function skips(boxes: readonly Box[]) {
  const up = new Map(
    boxes.filter(({ use }) => use.block.arm === 'up').map((box) => [box.use.block.level, box]),
  );
  return boxes.flatMap((box) => {
    const other = box.use.block.arm === 'down' && up.get(box.use.block.level);
    return other ? [{ x1: box.x2, x2: other.x1, y: (box.y1 + box.y2) / 2 }] : [];
  });
}

/** From each block of the stream to the next. */
function flow({ blocks }: BlockModel, boxes: ReadonlyMap<ModelBlock, Box>) {
  const stream = blocks.filter(({ arm }) => arm !== 'beside');
  return stream.slice(1).flatMap((block, i) => {
    const [from, to] = [boxes.get(stream[i]!), boxes.get(block)];
    if (!from || !to) return [];
    const upwards = to.y1 < from.y1;
    const middle = (box: Box) => (box.x1 + box.x2) / 2;
    return [
      {
        x1: middle(from),
        x2: middle(to),
        y1: upwards ? from.y1 : from.y2,
        y2: upwards ? to.y2 : to.y1,
      },
    ];
  });
}
