/**
 * How a window is cut: queries into chunks (of a grid: tiles), each with the keys that some query of it
 * sees, and chunks into groups that are attended in one batch.
 */
import { besideOf, type Field, type FieldAxis, placesOf, seesAll } from './field.js';

export interface Cut {
  readonly field: Field;
  readonly axes: readonly AxisCut[];
  /** The first chunk of each group, and behind them the number of chunks. */
  readonly groups: readonly number[];
}

/** An axis cut into parts, of which the last one may reach beyond it. */
export interface AxisCut extends FieldAxis {
  /** Places of a part: part t holds as many from t times that on. */
  readonly chunk: number;
  readonly count: number;
}

/** What a cut aims at, where the given sizes leave a choice. */
export interface CutRules {
  /** Queries of a chunk along each axis, at most. */
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

/** @param seen keys that any query sees beside those within `width` */
export const chunkQueries = (width: number, seen = 0): number =>
  // a query that sees itself alone
  Math.max(1, Math.floor(Math.sqrt((2 * width + seen) * COPIES)));

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

/** From where to where the keys of a part lie, counted from its first place: one part has the whole axis. */
export const reachedOf = ({ size, reach, chunk, count }: AxisCut): [from: number, end: number] =>
  count === 1 ? [0, size] : [-reach, chunk + reach];

const multiplied = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

export const chunkCount = (axes: readonly AxisCut[]): number =>
  multiplied(axes.map(({ count }) => count));
export const chunkSize = (axes: readonly AxisCut[]): number =>
  multiplied(axes.map(({ chunk }) => chunk));

const keysOfChunk = (axes: readonly AxisCut[], beside: number): number =>
  beside + multiplied(axes.map(reachedOf).map(([from, end]) => end - from));

/** Scores that are computed for a field that is cut, or is not. */
export function scoresOf(field: Field, cut: Cut | undefined): number {
  const { tokens } = field;
  if (!cut) return tokens * tokens;
  const beside = tokens - placesOf(field);
  return beside * tokens + chunkScores(cut.axes, beside);
}

const chunkScores = (axes: readonly AxisCut[], beside: number): number =>
  chunkCount(axes) * chunkSize(axes) * keysOfChunk(axes, beside);

/** Elements of the largest mask of a whole matrix: 4 MB in float32. */
const LARGEST_MASK = 2 ** 20;

/**
 * Undefined where all scores at once are better: the window reaches everywhere, or the chunks of the
 * window would be no less work and the mask is not too large to store.
 */
export function cutOf(field: Field, rules: CutRules = {}): Cut | undefined {
  if (seesAll(field)) return undefined;
  const beside = besideOf(field).length;
  const axes = axesOf(field, beside, rules);
  const all = field.tokens ** 2;
  const found = { field, axes, groups: groupsOf(axes, placesOf(field), rules) };
  if (scoresOf(field, found) >= all && all <= LARGEST_MASK) return undefined;
  return found;
}

function groupsOf(axes: readonly AxisCut[], places: number, rules: CutRules): number[] {
  const count = chunkCount(axes);
  const wanted = rules.groups ?? Math.min(Math.ceil(places / GROUP_QUERIES), MOST_GROUPS);
  const groups = Math.min(count, wanted);
  return Array.from({ length: groups + 1 }, (_, g) => Math.round((g * count) / groups));
}

function axesOf({ axes }: Field, beside: number, { chunk }: CutRules): readonly AxisCut[] {
  const [only, second] = axes;
  const cut = (axis: FieldAxis, queries: number): AxisCut => ({
    ...axis,
    ...evenChunks(axis.size, queries),
  });
  if (chunk !== undefined) return axes.map((axis) => cut(axis, chunk));
  if (only && !second) return [cut(only, chunkQueries(only.reach, beside))];
  return cheapest(
    axes.map((axis) => partings(axis.size).map((queries) => cut(axis, queries))),
    beside,
  );
}

/** Sizes of parts that differ when they are evened out: about twice the root of the axis's size. */
const partings = (size: number): number[] => [
  ...new Set(Array.from({ length: size }, (_, i) => evenChunks(size, i + 1).chunk)),
];

/**
 * The tiles that cost least by the model that `COPIES` has: a row fetched for COPIES scores. Their mask
 * must not be larger than the largest. Tries every way in which axes fall into parts: of a video of
 * 32x64x64 tokens 3,000.
 */
function cheapest(choices: readonly AxisCut[][], beside: number): readonly AxisCut[] {
  let best: readonly AxisCut[] = [];
  let least = Number.POSITIVE_INFINITY;
  const visit = (axes: readonly AxisCut[]): void => {
    const next = choices[axes.length];
    if (next) {
      for (const axis of next) visit([...axes, axis]);
      return;
    }
    const [queries, keys] = [chunkSize(axes), keysOfChunk(axes, beside)];
    const cost = chunkCount(axes) * keys * (queries + COPIES);
    if (cost >= least || (queries > 1 && queries * keys > LARGEST_MASK)) return;
    least = cost;
    best = axes;
  };
  visit([]);
  return best;
}
