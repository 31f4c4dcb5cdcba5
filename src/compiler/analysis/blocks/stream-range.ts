/** Parts of residual streams, one beside the other. */
import type { Value } from '../../../model/ir/value.js';

/** A part of one residual stream. */
export interface StreamPart {
  /** Which of the streams of its stage: 0 where there is but one. */
  readonly stream: number;
  readonly input: Value;
  readonly output: Value;
}

/** Blocks in a row, or one: a part of each stream that leaves them. */
export interface StreamRange {
  readonly streams: readonly StreamPart[];
}
