/** What the analysis says of one module of a transformer block: a branch of the stream without its norm and its gate. */
import type { Value } from '../../../model/ir/value.js';
import type { Refusal } from '../refusal.js';

/**
 * `self`, `cross`: an attention with its output projection. `temporal`: a self-attention from frame to frame of a clip.
 * `feed-forward`: a branch without attention.
 * `parallel`: attention and feed-forward beside each other that one projection joins, as in the single blocks of FLUX.
 */
export const MODULE_KINDS = ['self', 'temporal', 'cross', 'feed-forward', 'parallel'] as const;
export type ModuleKind = (typeof MODULE_KINDS)[number];

export interface BlockModule {
  /** `self.0`, `feed-forward.3`, …: each kind counts for itself, in topological order. */
  readonly id: string;
  readonly kind: ModuleKind;
  /**
   * What leaves it, before a gate or the sum with the stream: one value, or of an attention that joins streams one for each
   * of them.
   */
  readonly outputs: readonly Value[];
  /** The number of the block that it belongs to; none where it lies in no block. */
  readonly block: number | undefined;
}

export interface ModuleAnalysis {
  /** In topological order. */
  readonly found: readonly BlockModule[];
  /** Attentions and sums whose module has no end that could be kept, and why. */
  readonly refused: readonly Refusal[];
}
