/**
 * How a loop calls the denoiser for classifier-free guidance (Ho and Salimans, arXiv 2207.12598):
 * which half of the pair comes first differs between models (conditional in DiT, unconditional in
 * Stable Diffusion and PixArt), so it is always said, never assumed.
 */
export const PAIR_ORDERS = ['cond-first', 'uncond-first'] as const;
export type PairOrder = (typeof PAIR_ORDERS)[number];

export const PAIR_MODES = ['batch', 'two-calls'] as const;
/** Both halves in one batch of twice the size, or in two calls, one after the other. */
export type PairMode = (typeof PAIR_MODES)[number];

export interface GuidancePair {
  readonly order: PairOrder;
  readonly mode: PairMode;
}

/** Which half of a pair is the conditional one. */
export const conditionalHalf = (order: PairOrder): 'first' | 'second' =>
  order === 'cond-first' ? 'first' : 'second';

/** Calls of one step. */
export const callsPerStep = (guidance: GuidancePair | undefined): 1 | 2 =>
  guidance?.mode === 'two-calls' ? 2 : 1;

/** Steps of a loop of so many calls; not whole where two calls a step do not fit. */
export const stepsOfCalls = (calls: number, guidance: GuidancePair | undefined): number =>
  calls / callsPerStep(guidance);
