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
  /** Queries of a chunk, at most. */
  readonly chunk?: number;
  /** Groups, at most. */
  readonly groups?: number;
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
 * A group of this many queries keeps its scores in the cache: at 4096 tokens, ±128, groups of 64, 128,
 * 256 and 512 queries took 122, 127, 147 and 159 ms. But each adds nine nodes to every layer, and
 * engines take seconds to open models of tens of thousands, so there are at most MOST_GROUPS.
 */
const GROUP_QUERIES = 128;
const MOST_GROUPS = 16;

/** The least number of chunks of at most `queries`, and their size when it is evened out. */
export function evenChunks(tokens: number, queries: number): { count: number; chunk: number } {
  const count = Math.ceil(tokens / queries);
  return { count, chunk: Math.ceil(tokens / count) };
}

/** Elements of the largest mask of a whole matrix: 4 MB in float32. */
const LARGEST_MASK = 2 ** 20;

/**
 * Undefined where all scores at once are better: the window reaches everywhere, or the chunks of the
 * band would be no less work and the mask is not too large to store.
 */
export function cutOf(tokens: number, width: number, rules: CutRules = {}): Cut | undefined {
  const { count, chunk } = evenChunks(tokens, rules.chunk ?? chunkQueries(width));
  const all = tokens * tokens;
  if (width >= tokens - 1) return undefined;
  if (count * chunk * (chunk + 2 * width) >= all && all <= LARGEST_MASK) return undefined;
  const wanted = rules.groups ?? Math.min(Math.ceil(tokens / GROUP_QUERIES), MOST_GROUPS);
  const groups = Math.min(count, wanted);
  const starts = Array.from({ length: groups + 1 }, (_, g) => Math.round((g * count) / groups));
  return { tokens, width, chunk, groups: starts };
}
