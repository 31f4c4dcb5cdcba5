/** The width of a band in tokens, and the scores in it. */
import type { Neighbourhood, Window } from './operands.js';

export type Band = Exclude<Window, { readonly grid: Neighbourhood }>;

/** Tokens per side: as given, or the fraction of all tokens rounded down, at least 1. */
export function windowTokens(window: Band, tokens: number): number {
  return 'tokens' in window ? window.tokens : Math.max(1, Math.floor(tokens * window.fraction));
}

/**
 * Scores in a band of `width` tokens per side, of which the paper counts the cost: N(2w+1) - w(w+1)
 * per head (DiTFastAttn, arXiv 2406.08552, whose Table 2 it reproduces with w = N/8). A band wider
 * than the sequence has all N^2.
 */
export function bandScores(tokens: number, width: number): number {
  const w = Math.min(width, tokens - 1);
  return tokens * (2 * w + 1) - w * (w + 1);
}
