/** What banded attention costs as it is emitted, which is a little more than the band itself. */
import { chunkQueries, cutOf, evenChunks } from './chunks.js';
import type { Window } from './operands.js';
import { windowTokens } from './window.js';

export interface BandSizes {
  readonly tokens: number;
  /** Elements of a head. */
  readonly size: number;
  /** Sizes of the leading axes, multiplied: batch times heads. */
  readonly lead: number;
  readonly window: Window;
  /** The token count is known only at run time. */
  readonly symbolic?: boolean;
}

/** Multiply-accumulates of both products. Those of the band alone: 2 lead size `bandScores`. */
export function bandedMacs({ tokens, size, lead, window, symbolic }: BandSizes): number {
  return 2 * lead * size * emittedScores(tokens, windowTokens(window, tokens), symbolic ?? false);
}

function emittedScores(tokens: number, width: number, symbolic: boolean): number {
  if (!symbolic && !cutOf(tokens, width)) return tokens * tokens;
  const { count, chunk } = evenChunks(tokens, chunkQueries(width));
  return count * chunk * (chunk + 2 * Math.min(width, tokens - 1));
}
