/**
 * What families of denoisers are told apart by, read off the graph: skip joins, streams of attention, widths of what
 * cross-attention reads, what conditions there are, and how the timestep modulates blocks. No name of a node or an
 * input counts.
 */
import type { SkipJoin } from '../../src/compiler/analysis/index.js';
import type { PassContext } from '../../src/compiler/pass/index.js';
import { multipliesWeight } from '../../src/model/cost/index.js';
import { isOp, type Node } from '../../src/model/ir/node.js';
import type { Value } from '../../src/model/ir/value.js';
import { InputFlow } from './input-flow.js';

export interface Structure {
  /** Skip joins and resolutions among them; undefined where it is no U-Net. */
  readonly unet:
    | {
        readonly joins: number;
        readonly levels: number | undefined;
        /** Whether all of them are Concats of pictures. */
        readonly ofPictures: boolean;
      }
    | undefined;
  /** Why it is none. */
  readonly noUnet: string | undefined;
  /** Axes of the latent; undefined where no input is known to be it. */
  readonly latentRank: number | undefined;
  /** Whether the latent, or what a U-Net joins, has an axis of frames that is more than one long. */
  readonly frames: boolean;
  readonly selfAttentions: number;
  readonly crossAttentions: number;
  /** Of the cross-attentions, those of which some keys are made of the latent as well. */
  readonly mixedAttentions: number;
  /** Attention that multiplies keys with values first, without a Softmax. */
  readonly linearAttentions: number;
  /** Elements of each token that cross-attention makes its keys of, each once. */
  readonly captionWidths: readonly number[];
  /** Of each transformer block, in order, the streams that it adds to. */
  readonly streams: readonly number[];
  /** Whether each block has cross-attention. */
  readonly blocksCross: boolean;
  /** Conditions that come as a sequence or a map: three axes or more. */
  readonly sequences: number;
  /** Vectors of numbers beside the timestep that join its embedding. */
  readonly vectors: number;
  /** The same, of whole numbers: labels of classes. */
  readonly labels: number;
  /** Layers that read the embedding of the timestep alone; in adaLN-zero each block has one. */
  readonly modulations: number;
}

export function structureOf(context: PassContext): Structure {
  const { model, shapes, roles } = context;
  const flow = new InputFlow(context);
  const inputs = model.graph.inputs.filter((value) => !value.initializer);
  const rankOf = (value: Value) => shapes.shape(value)?.length;
  const latent = inputs.find(({ name }) => name === roles.latent);
  const conditions = inputs.filter(({ name }) => roles.conditions.includes(name));
  const times =
    roles.timestep === undefined
      ? conditions.filter((value) => (rankOf(value) ?? 0) <= 1)
      : inputs.filter(({ name }) => name === roles.timestep);
  const joined = joinsEmbedding(flow, times, latent, rankOf);
  const beside = conditions.filter((value) => joined.has(value) && !times.includes(value));
  const isWhole = (value: Value) => shapes.dtype(value)?.startsWith('int') === true;
  const unet = context.unet();
  const attention = context.attention().found;
  const cross = attention.filter(({ kind }) => kind === 'cross');
  const blocks = context.blocks().stages.flat();
  const widths = cross.flatMap(({ k }) =>
    k.sources.map((source) => shapes.shape(source)?.at(-1)?.constant),
  );
  return {
    unet: unet.isUnet
      ? {
          joins: unet.joins.length,
          levels: levelsOf(unet.joins, context),
          ofPictures: unet.joins.every(
            ({ node, main }) => isOp(node, 'Concat') && (rankOf(main) ?? 4) >= 4,
          ),
        }
      : undefined,
    noUnet: unet.isUnet ? undefined : unet.refusal.reason,
    latentRank: latent && rankOf(latent),
    frames: latent !== undefined && hasFrames(latent, context),
    selfAttentions: attention.filter(({ kind }) => kind === 'self').length,
    crossAttentions: cross.length,
    mixedAttentions: cross.filter(
      ({ k }) => latent && k.sources.some((source) => flow.of(source).has(latent)),
    ).length,
    linearAttentions: attention.filter(({ kind }) => kind === 'linear').length,
    captionWidths: [...new Set(widths)].filter((width) => width !== undefined),
    streams: blocks.map(({ streams }) => streams.length),
    blocksCross:
      blocks.length > 0 &&
      blocks.every(({ layers }) => layers.some(({ kind }) => kind === 'cross-attention')),
    sequences: conditions.filter((value) => (rankOf(value) ?? 0) >= 3).length,
    vectors: beside.filter((value) => !isWhole(value)).length,
    labels: beside.filter(isWhole).length,
    modulations: modulationsOf(flow, times, latent, rankOf),
  };
}

type RankOf = (value: Value) => number | undefined;

/** Is the value the embedding that the timestep ends in, or on its way there: a vector for each image, and no latent? */
const isEmbedding = (
  value: Value,
  flow: InputFlow,
  times: readonly Value[],
  latent: Value | undefined,
  rankOf: RankOf,
): boolean => {
  const madeOf = flow.of(value);
  const rank = rankOf(value);
  return (
    rank !== undefined &&
    rank <= 2 &&
    times.some((time) => madeOf.has(time)) &&
    !(latent && madeOf.has(latent))
  );
};

/** Inputs that meet the timestep in a vector for each image. */
function joinsEmbedding(
  flow: InputFlow,
  times: readonly Value[],
  latent: Value | undefined,
  rankOf: RankOf,
): ReadonlySet<Value> {
  const found = new Set<Value>();
  for (const node of flow.order)
    for (const output of node.outputs)
      if (output && isEmbedding(output, flow, times, latent, rankOf))
        for (const input of flow.of(output)) if ((rankOf(input) ?? 3) <= 2) found.add(input);
  return found;
}

const modulationsOf = (
  flow: InputFlow,
  times: readonly Value[],
  latent: Value | undefined,
  rankOf: RankOf,
): number =>
  flow.order.filter(
    (node: Node) => multipliesWeight(node) && isEmbedding(node.output, flow, times, latent, rankOf),
  ).length;

/** Sizes beside batch and channels that skips come in. */
function levelsOf(joins: readonly SkipJoin[], { shapes }: PassContext): number | undefined {
  const sizes = joins.map(({ skip }) => shapes.shape(skip)?.slice(2).map(String).join());
  return sizes.includes(undefined) ? undefined : new Set(sizes).size;
}

/** Five axes, none of which beside batch and the two of the picture has a single place. */
function hasFrames(latent: Value, { shapes }: PassContext): boolean {
  const shape = shapes.shape(latent);
  return shape?.length === 5 && shape.slice(1, 3).every((size) => size.constant !== 1);
}
