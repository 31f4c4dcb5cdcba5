/** What banded attention is built from: the operands of one attention, and the window. */

import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { DataType } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import type { DimExpr } from '../../../src/model/shape/index.js';

/**
 * Which keys a query sees. Keys on each side of it: query i sees key j where |i - j| <= w, a band of
 * 2w+1 keys, w being given from 1 up, or as a fraction of the token count. Or its neighbours on a grid.
 */
export type Window =
  | { readonly tokens: number }
  | { readonly fraction: number }
  | { readonly grid: Neighbourhood };

/**
 * Where the tokens of an image, or of a video, lie in a sequence, and which of them see each other: where
 * on every axis of the grid 2 |i - j| <= extent. With an extent of 8 a query sees up to 9 places, with one
 * of 7 up to 7. All other tokens, such as those of a caption, see all and are seen by all (arrow
 * attention: DiTFastAttnV2, arXiv 2503.22796).
 */
export interface Neighbourhood {
  /** Place of the first of them. */
  readonly from: number;
  /** Tokens along each axis, (height, width) or (frames, height, width); the last runs fastest. */
  readonly sizes: readonly number[];
  /** From 1 up, one for each axis. */
  readonly extents: readonly number[];
}

/** The operands of softmax(scale(q k)) v. The leading axes are the same in all three. */
export interface BandOperands {
  /** [...lead, tokens, size] */
  readonly q: Value;
  /** [...lead, size, tokens]: the right operand of the scores' product. */
  readonly k: Value;
  /** [...lead, tokens, size] */
  readonly v: Value;
  /** Rank of all three, 2 or more. */
  readonly rank: number;
  readonly tokens: DimExpr;
  /** Of the scores as the Softmax sees them, which is the mask's. */
  readonly dtype: DataType;
  /** The model's own scale and casts, from scores of any shape to what the Softmax reads. */
  scale(b: SiteBuilder, scores: Value): Value;
  /** The model's own casts, from probabilities of any shape to what the product with v reads. */
  weights(b: SiteBuilder, probabilities: Value): Value;
}
