/**
 * Finds transformer blocks by dataflow: the residual stream, and where each block of it begins and ends.
 * A block begins where a branch with self-attention leaves the stream, and goes on over the branches
 * behind it (cross-attention, feed-forward) until the next self-attention or the end of the stream. What
 * the branches are made of does not matter: norms, modulation and gates may be spelled in any way.
 *
 * Blocks of which each begins where another ends are a stage: all of a diffusion transformer, or one
 * transformer of a U-Net. A residual layer of convolutions over a feature map ends a stage.
 *
 * Where attention joins sequences that have a stream each, as in Esser et al. (arXiv 2403.03206, figure
 * 2), a block is what lies on all of them. A stream that nothing is added to any more ends before.
 */
import { attrNumbers } from '../../ir/attribute.js';
import type { Graph } from '../../ir/graph.js';
import { isOp, type Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { ShapeTable } from '../../shape/index.js';
import { Ancestry } from '../ancestry.js';
import type { Attention } from '../attention/index.js';
import type { Refusal } from '../unet.js';
import type { StreamPart } from './range.js';
import { firstFrom, follows, type Residual, residuals } from './residual.js';

export type LayerKind = 'self-attention' | 'cross-attention' | 'feed-forward';

/** One branch of the stream, and the Add at which it comes back. */
export interface BlockLayer extends Residual {
  readonly kind: LayerKind;
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
}

/** Costs walks over the branches of the residual stream, beside `Ancestry`. */
export function findBlocks(
  graph: Graph,
  shapes: ShapeTable,
  attentions: readonly Attention[],
): BlockAnalysis {
  const ancestry = new Ancestry(graph);
  const connections = residuals(ancestry, shapes);
  /** Where a value is the stream of several, the first connection that takes it up. */
  const onwards = new Map(connections.map((r) => [r.from, r] as const).reverse());
  const adds = connections.map(({ add }) => add);
  /** An outer connection, such as that around a whole transformer of a U-Net, ends later. */
  const around = (attention: Attention, source: Value): Residual | undefined => {
    for (
      let i = firstFrom(adds, ancestry.place(attention.mix), ancestry);
      i < connections.length;
      i++
    ) {
      const { branch, from } = connections[i]!;
      if (ancestry.dependsOn(branch, attention.mix) && follows(source, from, ancestry))
        return connections[i];
    }
    return undefined;
  };
  const self = new Set<Residual>();
  const cross = new Set<Residual>();
  const joined: Residual[][] = [];
  const refused: Refusal[] = [];
  for (const attention of attentions) {
    const { scores, q, output, softmax } = attention;
    // of several sources each has a stream of its own
    const sources = q.sources.length > 1 ? q.sources : [scores.output];
    const found = new Set(sources.flatMap((source) => around(attention, source) ?? []));
    if (attention.kind === 'cross') for (const residual of found) cross.add(residual);
    else if (found.size > 0) {
      const firsts = [...found].filter((residual) => !self.has(residual));
      for (const residual of firsts) self.add(residual);
      if (firsts.length > 0) joined.push(firsts);
    } else
      refused.push({
        reason: `no Add joins what "${output.name}" becomes with the value that the attention was computed from`,
        node: softmax.label,
      });
  }

  /** A stream from an attention to the next one. */
  const layersFrom = (first: Residual): BlockLayer[] => {
    const layers: BlockLayer[] = [{ ...first, kind: 'self-attention' }];
    for (
      let next = onwards.get(first.to);
      next && !self.has(next) && !convolvesFeatureMap(next, shapes);
      next = onwards.get(next.to)
    )
      layers.push({ ...next, kind: cross.has(next) ? 'cross-attention' : 'feed-forward' });
    return layers;
  };

  const stages: TransformerBlock[][] = [];
  let index = 0;
  for (const firsts of joined) {
    const parts = firsts.map(layersFrom);
    const before = stages.at(-1)?.at(-1);
    const streams = parts.map((layers, i): StreamPart => {
      const { from: input } = layers[0]!;
      const taken = before?.streams.find((part) => part.output === input);
      return { stream: taken?.stream ?? i, input, output: layers.at(-1)!.to };
    });
    const goesOn = streams.every(({ input }) => before?.streams.some((p) => p.output === input));
    const stage = goesOn ? stages.at(-1)! : [];
    if (!goesOn) stages.push(stage);
    stage.push({ index: index++, stage: stages.length - 1, streams, layers: parts.flat() });
  }
  return { stages, refused };
}

/** A residual layer of a convolutional network, which reads the neighbours of each pixel. */
const convolvesFeatureMap = ({ from, heavy }: Residual, shapes: ShapeTable): boolean =>
  (shapes.shape(from)?.length ?? 0) >= 4 && someOf(heavy(), (node) => kernelOf(node, shapes) > 1);

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
