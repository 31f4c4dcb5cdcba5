/**
 * Finds transformer blocks by dataflow: the residual stream, and where each block of it begins and ends.
 * A block begins where a branch with self-attention leaves the stream, and goes on over the sums behind it
 * until the next self-attention is computed from where the stream then is. What the branches are made of
 * does not matter: norms, modulation and gates may be spelled in any way.
 *
 * Blocks of which each begins where another ends are a stage: all of a diffusion transformer, or one
 * transformer of a U-Net. The stream may change its layout between them, as where blocks that see the
 * tokens of a frame and blocks that see a place in all frames take turns, if its shape tells the layouts
 * apart. A residual layer of convolutions over a feature map ends a stage.
 *
 * Where attention joins sequences that have a stream each, as in Esser et al. (arXiv 2403.03206, figure
 * 2), a block is what lies on all of them. A stream that nothing is added to any more ends before.
 */
import { attrNumbers } from '../../../model/ir/attribute.js';
import type { Graph } from '../../../model/ir/graph.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { Ancestry } from '../ancestry.js';
import type { Attention } from '../attention/index.js';
import type { Refusal } from '../refusal.js';
import { groupAttentions } from './groups.js';
import { type Group, growBlock, type Streams } from './grow.js';
import { beforeMoves, keepsOrder } from './moves.js';
import { Readers } from './readers.js';
import { entryOf, ontoOf, type Residual, residuals, sameShape } from './residual.js';
import type { StreamPart } from './stream-range.js';

export type LayerKind = 'self-attention' | 'cross-attention' | 'feed-forward';

/** One branch of the stream, and the Add at which it comes back. */
export interface BlockLayer {
  readonly kind: LayerKind;
  readonly add: Node;
  /** The last of the stream that the branch was computed from. */
  readonly from: Value;
  /** The stream behind. */
  readonly to: Value;
  /** What is added: what its last layer gives, or that times a gate. */
  readonly branch: Value;
  /** The attentions that it brings back; none for a feed-forward. */
  readonly attentions: readonly Attention[];
}

export interface TransformerBlock {
  /** Over the whole model, in topological order. */
  readonly index: number;
  readonly stage: number;
  /**
   * The streams that the block adds to, each from where the block begins to where it ends: one, or in
   * a transformer whose attention joins image and text one for each of them.
   */
  readonly streams: readonly StreamPart[];
  /** Those of the first stream, then those of the next. */
  readonly layers: readonly BlockLayer[];
}

export interface BlockAnalysis {
  /** By stage, each in the order of the stream. */
  readonly stages: readonly (readonly TransformerBlock[])[];
  /** Self-attentions that belong to no block, and why. */
  readonly refused: readonly Refusal[];
  /** Feed-forwards in no block, as before the first attention of a stream; in topological order. */
  readonly alone: readonly BlockLayer[];
  /** Sums of tokens and one layer that belong to no block, and why. */
  readonly outside: readonly Refusal[];
}

/** Costs walks over the branches of the residual stream, beside `Ancestry`. */
export function findBlocks(
  graph: Graph,
  shapes: ShapeTable,
  attentions: readonly Attention[],
): BlockAnalysis {
  const ancestry = new Ancestry(graph);
  const readers = new Readers(graph, ancestry.order);
  const connections = residuals(ancestry, shapes);
  const { groups, broughtBy, refused } = groupAttentions(
    attentions,
    connections,
    ancestry,
    readers,
    shapes,
  );
  const groupOf = new Map(groups.flatMap((group) => group.sums.map((sum) => [sum, group])));
  const onwards = listsBy(connections, (sum) => [ontoOf(sum)]);
  const passed = listsBy([...groupOf.keys()], (sum) => sum.since);
  const mixes = groups
    .flatMap((group) => group.mixes.map((mix) => [mix, group] as const))
    .sort(([a], [b]) => ancestry.place(a) - ancestry.place(b));
  const endsStage = (sum: Residual) => convolvesFeatureMap(sum, shapes);
  const known = { mixes, groupOf, passed, onwards, endsStage };
  const streams: Streams = { ancestry, shapes, readers, ...known };

  const stages = new Stages(shapes);
  const taken = new Set<Group>();
  for (const group of groups) {
    if (taken.has(group)) continue;
    const grown = growBlock(group, streams);
    for (const other of grown.groups) taken.add(other);
    stages.add(
      grown.parts.map(({ input, output }) => ({ input, output })),
      grown.parts.flatMap(({ sums }) =>
        sums.map((sum) => layerOf(sum, broughtBy.get(sum) ?? [], shapes)),
      ),
    );
  }
  const inside = new Set(stages.all.flat().flatMap(({ layers }) => layers.map(({ add }) => add)));
  const products = new Set(attentions.map(({ mix }) => mix));
  const holdsAttention = (sum: Residual) => someOf(sum.heavy(), (node) => products.has(node));
  const others = connections.filter(
    (sum) => !inside.has(sum.add) && !isFeatureMap(sum, shapes) && !holdsAttention(sum),
  );
  const alone = others.filter(holdsLayers).map((sum) => layerOf(sum, [], shapes));
  const outside = others
    .filter((sum) => !holdsLayers(sum))
    .map(({ add }) => ({
      reason: 'it is in no block, and what it adds is a single layer and no feed-forward',
      node: add.label,
    }));
  return { stages: stages.all, refused, alone, outside };
}

/** More than one: something that widens and narrows. */
function holdsLayers({ heavy }: Residual): boolean {
  const [, second] = heavy();
  return second !== undefined;
}

function layerOf(
  { add, from, to, branch }: Residual,
  attentions: readonly Attention[],
  shapes: ShapeTable,
): BlockLayer {
  const entry = entryOf(from, to, shapes)!;
  return { kind: kindOf(attentions), add, from: entry, to, branch, attentions };
}

function kindOf(attentions: readonly Attention[]): LayerKind {
  if (attentions.some(({ kind }) => kind === 'self' || kind === 'linear')) return 'self-attention';
  return attentions.some(({ kind }) => kind === 'cross') ? 'cross-attention' : 'feed-forward';
}

function listsBy<K, T>(items: readonly T[], keysOf: (item: T) => readonly K[]): Map<K, T[]> {
  const lists = new Map<K, T[]>();
  for (const item of items)
    for (const key of keysOf(item)) {
      const list = lists.get(key);
      if (list) list.push(item);
      else lists.set(key, [item]);
    }
  return lists;
}

/** Blocks by stage, as they are found. */
class Stages {
  readonly all: TransformerBlock[][] = [];
  /** Where each stream of the last stage ends so far. */
  private ends: Value[] = [];
  private count = 0;

  constructor(private readonly shapes: ShapeTable) {}

  add(parts: readonly Omit<StreamPart, 'stream'>[], layers: readonly BlockLayer[]): void {
    let ends = parts.map(({ input }) => this.endAt(input));
    if (ends.some((end) => end < 0)) {
      this.all.push([]);
      this.ends = parts.map(({ input }) => input);
      ends = parts.map(({ input }) => this.ends.indexOf(input));
    }
    const streams = parts.map((part, i) => ({ ...part, stream: ends[i]! }));
    for (const { stream, output } of streams) this.ends[stream] = output;
    const stage = this.all.length - 1;
    this.all[stage]!.push({ index: this.count++, stage, streams, layers });
  }

  /** The stream of the last stage that goes on with a value; below 0 for none. */
  private endAt(input: Value): number {
    const known = this.ends.indexOf(input);
    if (known >= 0) return known;
    const before = beforeMoves(input, this.shapes);
    // elements in another order, and of the same shape, would be taken for each other
    return this.ends.findIndex(
      (end) =>
        before.includes(end) &&
        (!sameShape(end, input, this.shapes) || keepsOrder(input, end, this.shapes)),
    );
  }
}

/** A residual layer of a convolutional network, which reads the neighbours of each pixel. */
const convolvesFeatureMap = (sum: Residual, shapes: ShapeTable): boolean =>
  isFeatureMap(sum, shapes) && someOf(sum.heavy(), (node) => kernelOf(node, shapes) > 1);

/** Channels, height and width beside the batch. */
const isFeatureMap = ({ to }: Residual, shapes: ShapeTable): boolean =>
  (shapes.shape(to)?.length ?? 0) >= 4;

function someOf<T>(items: Iterable<T>, holds: (item: T) => boolean): boolean {
  for (const item of items) if (holds(item)) return true;
  return false;
}

function kernelOf(node: Node, shapes: ShapeTable): number {
  if (!isOp(node, 'Conv', 'ConvTranspose')) return 1;
  const stated = attrNumbers(node, 'kernel_shape');
  const kernel =
    stated ??
    shapes
      .shape(node.inputs[1]!)
      ?.slice(2)
      .map((d) => d.constant ?? 1) ??
    [];
  return Math.max(1, ...kernel);
}
