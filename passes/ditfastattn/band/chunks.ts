/**
 * How a band is cut: queries into chunks, each with the keys that some query of it sees, and chunks
 * into groups that are attended in one batch.
 */

export interface Cut {
  readonly tokens: number;
  /** Keys on each side of a query. */
  readonly width: number;
  /** Chunk t holds this many queries from t times it on; the last one may reach beyond the sequence. */
  readonly chunk: number;
  /** The first chunk of each group, and behind them the number of chunks. */
  readonly groups: readonly number[];
}

/** What a cut aims at, where the given sizes leave a choice. */
export interface CutRules {
  /** Queries of a chunk. */
  readonly chunk?: number;
  /** Queries of a group. */
  readonly group?: number;
}

/**
 * Rows of keys and values that cost as much to fetch as one query's scores against them. With c
 * queries a chunk, a token costs (c + 2w) (COPIES / c + 1), which is least at c = sqrt(2 w COPIES).
 * Measured in onnxruntime 1.30 on one core with AVX-512 at head size 72: the minimum is flat, and 16
 * meets it for w = 16, 128 and 512.
 */
export const COPIES = 16;

export const chunkQueries = (width: number): number => Math.floor(Math.sqrt(2 * width * COPIES));

/**
 * A batch of this many queries is small enough for its scores to stay in the cache. More than
 * MOST_GROUPS groups would make a model of dozens of layers swell.
 */
const GROUP_QUERIES = 256;
const MOST_GROUPS = 16;

/** The least number of chunks of at most `queries`, and their size when it is evened out. */
export function evenChunks(tokens: number, queries: number): { count: number; chunk: number } {
  const count = Math.ceil(tokens / queries);
  return { count, chunk: Math.ceil(tokens / count) };
}

/** Undefined where the chunks of a band would be no less work than the whole matrix of scores. */
export function cutOf(tokens: number, width: number, rules: CutRules = {}): Cut | undefined {
  const { count, chunk } = evenChunks(tokens, rules.chunk ?? chunkQueries(width));
  if (count * chunk * (chunk + 2 * width) >= tokens * tokens) return undefined;
  const groups = Math.min(count, Math.ceil(tokens / (rules.group ?? GROUP_QUERIES)), MOST_GROUPS);
  const starts = Array.from({ length: groups + 1 }, (_, g) => Math.round((g * count) / groups));
  return { tokens, width, chunk, groups: starts };
}
