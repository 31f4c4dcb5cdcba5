/**
 * What the analysis says of one attention module, whatever its spelling: the operands, the nodes that
 * multiply them, and the borders of the module in its graph.
 */
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { DimExpr } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';

/** One of q, k and v. */
export interface AttentionOperand {
  /** The operand of the product, heads apart; of a fused operator, its input. */
  readonly value: Value;
  /**
   * The layer that projects it; none when it reaches the product without one, several when sequences
   * are joined that have a layer each, as image and text are in a transformer of two streams. An
   * operator that projects by itself is its own projection.
   */
  readonly projections: readonly Node[];
  /** Layers of adapters beside the projections, whose results are added to theirs (LoRA). */
  readonly adapters: readonly Node[];
  /** What each projection reads, before mere changes of layout. */
  readonly sources: readonly Value[];
}

/** The part between the projections: softmax(q k^T) v. */
export interface AttentionCore {
  /** The node that is all of the core, where one fused operator is; `softmax`, `scores` and `mix` too. */
  readonly operator: Node | undefined;
  readonly softmax: Node;
  /** The product q k^T. */
  readonly scores: Node;
  /** The product with v. */
  readonly mix: Node;
  readonly q: AttentionOperand;
  readonly k: AttentionOperand;
  readonly v: AttentionOperand;
  /**
   * What is added to the scores, or chooses among them: a constant counts, unless it is one number or
   * all zeros.
   */
  readonly mask: Value | undefined;
  /** The node that reads the mask. */
  readonly maskedBy: Node | undefined;
  /** The operator hides later keys by itself, without a mask. */
  readonly causal: boolean;
  readonly queries: DimExpr | undefined;
  /** The axis of q along which the queries lie; undefined where it cannot be told. */
  readonly queryAxis: number | undefined;
  readonly keys: DimExpr | undefined;
  /** Elements of q that one score sums over. */
  readonly headSize: DimExpr | undefined;
  /** Sizes of the axes beside tokens and head size, multiplied: batch times heads. */
  readonly lead: DimExpr | undefined;
}

/** Where the module begins and ends. */
export interface AttentionBorders {
  /**
   * The one value that q, k and v are made of, before mere changes of layout: what comes out of the
   * norm. Undefined where something else goes in as well, as in cross-attention.
   */
  readonly input: Value | undefined;
  /** What the product with v gives, in the layout it gives it; of linear attention that, normalised. */
  readonly mixed: Value;
  /** The layer after the heads are joined, if there is one. */
  readonly outputProjection: Node | undefined;
  /** Layers of adapters beside it. */
  readonly outputAdapters: readonly Node[];
  /** What the output projection's product gives, before a bias that is added apart; with adapters, the sum of all. */
  readonly projected: Value;
  /**
   * The value that leaves the module: after the output projection, its bias and its adapters, and back in the
   * layout of the input where only changes of layout lie between.
   */
  readonly output: Value;
  /**
   * Where `output` is of several streams that were joined, which part again and have a projection each: what leaves
   * by each of them. Empty otherwise.
   */
  readonly streams: readonly StreamEnd[];
  /**
   * The nodes on the way from what the module reads to what leaves it, and those that exist for them
   * alone, such as shape arithmetic.
   */
  readonly module: ReadonlySet<Node>;
}

/** The end of one stream of attention over several. */
export interface StreamEnd {
  readonly outputProjection: Node | undefined;
  readonly outputAdapters: readonly Node[];
  /** After the projection and its bias. */
  readonly output: Value;
}

/** The values that leave a module: one, or one of each stream. */
export const leavingValues = ({ streams, output }: AttentionBorders): readonly Value[] =>
  streams.length > 0 ? streams.map((end) => end.output) : [output];

export interface Attention extends AttentionCore, AttentionBorders {
  /** `attention.0`, `attention.1`, … over self-attentions, linear ones among them, in topological order; other attention has none. */
  readonly id: string | undefined;
  /**
   * `self`: q and k are made of one value, perhaps k by way of pooling; `pooling`: so are they, but there is
   * one query for many keys, so that a sequence becomes one token; `linear`: so are they, without a Softmax, and
   * keys and values are multiplied first (`scores`), then queries with what that gives (`mix`, which is `softmax` too).
   */
  readonly kind: 'self' | 'cross' | 'pooling' | 'linear';
  /** q, k and v come out of one layer. */
  readonly packed: boolean;
  readonly heads: DimExpr | undefined;
}

export interface AttentionAnalysis {
  /** In topological order. */
  readonly found: readonly Attention[];
  /** Softmax nodes and fused operators that are no attention the analysis can follow, and why. */
  readonly refused: readonly Refusal[];
}
