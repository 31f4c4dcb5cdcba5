/** What attention within a window costs as it is emitted, which is a little more than the window itself. */
import { chunkQueries, cutOf, evenChunks, scoresOf } from './chunks.js';
import { fieldOf } from './field.js';
import type { Window } from './operands.js';
import { type Band, bandScores, windowTokens } from './window.js';

export interface BandSizes {
  readonly tokens: number;
  /** Elements of a head. */
  readonly size: number;
  /** Sizes of the leading axes, multiplied: batch times heads. */
  readonly lead: number;
  readonly window: Window;
  /** The token count is known only at run time; of bands alone. */
  readonly symbolic?: boolean;
}

/** Multiply-accumulates of both products. Those of the band alone: 2 lead size `bandScores`. */
export function bandedMacs({ tokens, size, lead, window, symbolic }: BandSizes): number {
  const scores =
    symbolic && !('grid' in window)
      ? symbolicScores(tokens, window)
      : emittedScores(tokens, window);
  return 2 * lead * size * scores;
}

function emittedScores(tokens: number, window: Window): number {
  const field = fieldOf(window, tokens);
  return scoresOf(field, cutOf(field));
}

function symbolicScores(tokens: number, window: Band): number {
  const width = windowTokens(window, tokens);
  const { count, chunk } = evenChunks(tokens, chunkQueries(width));
  return count * chunk * (chunk + 2 * Math.min(width, tokens - 1));
}

/** Scores that a module costs: of a band those in it, as the paper counts; of a grid those that are computed. */
export function windowScores(tokens: number, window: Window): number {
  return 'grid' in window
    ? emittedScores(tokens, window)
    : bandScores(tokens, windowTokens(window, tokens));
}
