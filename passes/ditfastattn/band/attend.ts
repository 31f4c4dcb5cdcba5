/**
 * Attention of some chunks of queries, each to keys of its own, in one batch. Windows of keys are
 * gathered as whole rows, so that neighbouring chunks may share keys.
 */
import type { Value } from '../../../src/ir/value.js';
import type { SiteBuilder } from '../../../src/plan/index.js';
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
  /** Added to the scores: [c, l] or [chunks, c, l]. */
  readonly mask: Value;
}

/** [...lead, chunks, c, size] */
export function attendChunks(b: SiteBuilder, rows: Rows, chunks: Chunks): Value {
  const axis = rows.rank - 2;
  const queries = gather(b, rows.q, chunks.queries, axis);
  const keys = gather(b, rows.keyRows, chunks.keys, axis);
  const values = gather(b, rows.v, chunks.keys, axis);
  const scores = node(b, 'MatMul', [queries, transposed(b, keys, rows.rank + 1)]);
  return attend(b, rows, scores, values, chunks.mask);
}

/** Scores to the weighted sum of values; all shapes may have more axes in front. */
export function attend(
  b: SiteBuilder,
  operands: BandOperands,
  scores: Value,
  values: Value,
  mask: Value | undefined,
): Value {
  const scaled = operands.scale(b, scores);
  const seen = softmax(b, mask ? node(b, 'Add', [scaled, mask]) : scaled);
  return node(b, 'MatMul', [operands.weights(b, seen), values]);
}
