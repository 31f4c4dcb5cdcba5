/**
 * Finds transformer blocks by dataflow: the residual stream, and where each block of it begins and ends.
 * A block begins where a branch with self-attention leaves the stream, and goes on over the branches
 * behind it (cross-attention, feed-forward) until the next self-attention or the end of the stream. What
 * the branches are made of does not matter: norms, modulation and gates may be spelled in any way.
 *
 * Blocks of which each begins where another ends are a stage: all of a diffusion transformer, or one
 * transformer of a U-Net. A residual layer of convolutions over a feature map ends a stage.
 */
import { attrNumbers } from '../../ir/attribute.js';
import type { Graph } from '../../ir/graph.js';
import { isOp, type Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { ShapeTable } from '../../shape/index.js';
import { Ancestry } from '../ancestry.js';
import type { Attention } from '../attention/index.js';
import type { Refusal } from '../unet.js';
import { follows, type Residual, residuals } from './residual.js';

export type LayerKind = 'self-attention' | 'cross-attention' | 'feed-forward';

/** One branch of the stream, and the Add at which it comes back. */
export interface BlockLayer extends Residual {
  readonly kind: LayerKind;
}

export interface TransformerBlock {
  /** Over the whole model, in topological order. */
  readonly index: number;
  readonly stage: number;
  /** The stream where the block begins. */
  readonly input: Value;
  /** The stream where it ends. */
  readonly output: Value;
  readonly layers: readonly BlockLayer[];
}

export interface BlockAnalysis {
  /** By stage, each in the order of the stream. */
  readonly stages: readonly (readonly TransformerBlock[])[];
  /** Self-attentions that belong to no block, and why. */
  readonly refused: readonly Refusal[];
}

/** Costs O(adds * heavy nodes) beside the bit sets of `Ancestry`. */
export function findBlocks(
  graph: Graph,
  shapes: ShapeTable,
  attentions: readonly Attention[],
): BlockAnalysis {
  const ancestry = new Ancestry(graph);
  const connections = residuals(ancestry, shapes);
  const around = (attention: Attention) =>
    // an outer connection, such as that around a whole transformer of a U-Net, ends later
    connections.find(
      (r) =>
        ancestry.dependsOn(r.branch, attention.mix) &&
        follows(attention.scores.output, r.from, ancestry),
    );
  const self = new Map<Residual, Attention>();
  const cross = new Set<Residual>();
  const refused: Refusal[] = [];
  for (const attention of attentions) {
    const found = around(attention);
    if (found && attention.kind === 'self') self.set(found, attention);
    else if (found) cross.add(found);
    else if (attention.kind === 'self')
      refused.push({
        reason: `no Add joins what "${attention.output.name}" becomes with the value that the attention was computed from`,
        node: attention.softmax.label,
      });
  }

  const stages: TransformerBlock[][] = [];
  let index = 0;
  for (const first of connections.filter((r) => self.has(r))) {
    const layers: BlockLayer[] = [{ ...first, kind: 'self-attention' }];
    for (
      let next = nextOn(first, connections);
      next && !self.has(next) && !convolvesFeatureMap(next, shapes);
      next = nextOn(next, connections)
    )
      layers.push({ ...next, kind: cross.has(next) ? 'cross-attention' : 'feed-forward' });
    const last = stages.at(-1);
    const goesOn = last?.at(-1)?.output === first.from;
    const stage = goesOn ? last! : [];
    if (!goesOn) stages.push(stage);
    const output = layers.at(-1)!.to;
    stage.push({ index: index++, stage: stages.length - 1, input: first.from, output, layers });
  }
  return { stages, refused };
}

/** The connection that takes up the stream where another ends. */
const nextOn = (residual: Residual, connections: readonly Residual[]): Residual | undefined =>
  connections.find((next) => next.from === residual.to);

/** A residual layer of a convolutional network, which reads the neighbours of each pixel. */
const convolvesFeatureMap = ({ from, heavy }: Residual, shapes: ShapeTable): boolean =>
  (shapes.shape(from)?.length ?? 0) >= 4 && heavy.some((node) => kernelOf(node, shapes) > 1);

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
