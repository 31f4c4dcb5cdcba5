/** What banded attention is built from: the operands of one attention, and the window. */

import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { DataType } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import type { DimExpr } from '../../../src/model/shape/index.js';

/**
 * Keys on each side of a query: query i sees key j where |i - j| <= w, a band of 2w+1 keys. Either w
 * itself, from 1 up, or a fraction of the token count.
 */
export type Window = { readonly tokens: number } | { readonly fraction: number };

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
