/**
 * Attention of some chunks of queries, each to keys of its own, in one batch. Windows of keys are
 * gathered as whole rows, so that neighbouring chunks may share keys.
 */

import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import { gather, node, softmax, transposed } from './nodes.js';
import type { BandOperands } from './operands.js';

/** Operands with the tokens of all three in rows. */
export interface Rows extends BandOperands {
  /** [...lead, tokens, size] */
  readonly keyRows: Value;
}

/** Exporters transpose keys just before the product; engines drop both transposes. */
export const inRows = (b: SiteBuilder, operands: BandOperands): Rows => ({
  ...operands,
  keyRows: transposed(b, operands.k, operands.rank),
});

export interface Chunks {
  /** int64 [chunks, c]: the rows that are its queries. */
  readonly queries: Value;
  /** int64 [chunks, l]: the rows that are its keys and values. */
  readonly keys: Value;
  /** Added to the scores: [c, l], [chunks, 1, l] or [chunks, c, l]. */
  readonly masks: readonly Value[];
}

/** [...lead, chunks, c, size] */
export function attendChunks(b: SiteBuilder, rows: Rows, chunks: Chunks): Value {
  const axis = rows.rank - 2;
  const queries = gather(b, rows.q, chunks.queries, axis);
  const keys = gather(b, rows.keyRows, chunks.keys, axis);
  const values = gather(b, rows.v, chunks.keys, axis);
  return attend(b, rows, [queries, transposed(b, keys, rows.rank + 1), values], chunks.masks);
}

/** softmax(scale(q k) + masks) v; the operands may have more axes in front. */
export function attend(
  b: SiteBuilder,
  { scale, weights }: BandOperands,
  [q, k, v]: readonly [Value, Value, Value],
  masks: readonly Value[],
): Value {
  let scores = scale(b, node(b, 'MatMul', [q, k]));
  for (const mask of masks) scores = node(b, 'Add', [scores, mask]);
  return node(b, 'MatMul', [weights(b, softmax(b, scores)), v]);
}
