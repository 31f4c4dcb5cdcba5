/** One form for the attention of any spelling. */
import type { DataType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import type { DimExpr } from '../../../model/shape/index.js';
import type { SiteBuilder } from '../../plan/site.js';

/** The core of self-attention, apart from its spelling. Values are of the builder's graph. */
export interface RaisedCore {
  /**
   * q (...lead, tokens, size), k (...lead, size, tokens) as the right operand of the scores' product,
   * v (...lead, tokens, value size), made from the counterparts of values that nodes of the module
   * make, never of what the module reads.
   */
  operands(b: SiteBuilder): { readonly q: Value; readonly k: Value; readonly v: Value };
  /** Of the operands and the scores: that of `lead`, and two. */
  readonly rank: number;
  /** Queries, and as many keys. */
  readonly tokens: DimExpr;
  /** The sizes of the leading axes, multiplied. */
  readonly lead: DimExpr | undefined;
  readonly size: DimExpr | undefined;
  readonly valueSize: DimExpr | undefined;
  /** Type of what the Softmax reads. */
  readonly scoresType: DataType;
  /**
   * The model's own scale and casts between the product and the Softmax, on scores of this rank or a
   * higher one and any sizes.
   */
  scale(b: SiteBuilder, scores: Value): Value;
  /** The casts between the Softmax and the product with v. */
  weights(b: SiteBuilder, probabilities: Value): Value;
  /** From (...lead, tokens, value size) to the layout of the source's `mixed`. */
  lower(b: SiteBuilder, mixed: Value): Value;
}
