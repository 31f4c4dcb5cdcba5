/**
 * Where among the tokens of an attention those of an image or video lie, and on which grid: read from what
 * lies along the axis of its queries, or as it is given.
 */
import type { Value } from '../../../model/ir/value.js';
import { type DimExpr, symbolsOf } from '../../../model/shape/index.js';
import type { Attention } from '../attention/attention.js';
import type { Refusal } from '../refusal.js';
import { type Along, type Run, sizeOfRun } from './along.js';
import type { Places } from './find.js';

export interface TokenGrid {
  /** Place of the first token of the image. */
  readonly from: number;
  /** Tokens along each axis, the last of which runs fastest. */
  readonly sizes: readonly number[];
  /** For each of these, which it is of the image's axes, (height, width) or (frames, height, width). */
  readonly axes: readonly number[];
}

/** What is said of the tokens beside the graph. */
export interface GridGiven {
  /** Tokens along each axis of the image, in its order. */
  readonly sizes?: readonly number[];
  /** Whether the text's tokens come before those of the image, or behind them. */
  readonly text?: 'first' | 'last';
}

/** @param given goes before what the graph shows, where there are as many tokens as it says */
export function tokenGrid(
  attention: Attention,
  places: Places,
  given: GridGiven = {},
): TokenGrid | Refusal {
  const placed = placedTokens(attention, places, 'a grid');
  if ('reason' in placed) return placed;
  const { tokens, runs } = placed;
  return (
    (given.sizes && givenGrid(given.sizes, given.text, tokens, runs)) ??
    shownGrid(runs) ?? { reason: whyNot(tokens, given, runs), node: attention.scores.label }
  );
}

/**
 * The image's tokens as one row, whatever grid they lie on.
 * @param given the grid's sizes where the graph shows neither it nor the text's tokens apart from the image's
 */
export function tokenRow(
  attention: Attention,
  places: Places,
  given: GridGiven,
): TokenGrid | Refusal {
  const refuse = (reason: string): Refusal => ({ reason, node: attention.scores.label });
  const placed = placedTokens(attention, places, 'a band on the image alone');
  if ('reason' in placed) return placed;
  const { tokens, runs } = placed;
  const { sizes, text } = given;
  const grid = sizes ? givenGrid(sizes, text, tokens, runs) : shownGrid(runs);
  if (!grid && sizes) return refuse(whyNot(tokens, given, runs));
  const row = grid
    ? { from: grid.from, size: product(grid.sizes) }
    : text && rowBeside(text, tokens, runs);
  if (!row)
    return refuse(
      `the graph does not show how many of its ${tokens} tokens are the image's: say so (grid=32x32 for height and width)`,
    );
  const { from, size } = row;
  if (text && from !== (text === 'first' ? tokens - size : 0))
    return refuse(
      `its ${size} tokens of the image are those from ${from} on of ${tokens}, so the text is not ${text}`,
    );
  return { from, sizes: [size], axes: [0] };
}

/** Of two runs that which is not the text's. */
function rowBeside(
  text: 'first' | 'last',
  tokens: number,
  runs: readonly PlacedRun[],
): { readonly from: number; readonly size: number } | undefined {
  const behind = runs.length === 2 ? runs[1]!.from : undefined;
  if (behind === undefined) return undefined;
  return text === 'first' ? { from: behind, size: tokens - behind } : { from: 0, size: behind };
}

/** An attention's tokens, and what lies along them. */
function placedTokens(
  { q, queries, queryAxis, scores }: Attention,
  places: Places,
  what: string,
): { readonly tokens: number; readonly runs: readonly PlacedRun[] } | Refusal {
  const tokens = queries?.constant;
  if (tokens === undefined)
    return {
      reason: `it has ${queries ?? 'an unknown number of'} tokens, and ${what} must be of known size (${sayingSizes(queries)})`,
      node: scores.label,
    };
  const along = queryAxis === undefined ? undefined : places.get(q.value)?.[queryAxis];
  const runs = (along ?? []).map(
    (run, i): PlacedRun => ({ run, from: lengthOf(along!.slice(0, i)) }),
  );
  return { tokens, runs };
}

/** How the sizes in a number of tokens are said. */
function sayingSizes(tokens: DimExpr | undefined): string {
  const symbols = tokens ? [...symbolsOf(tokens)] : [];
  if (symbols.length === 0) return '--shape says it';
  return `such as ${symbols.map((symbol) => `--freeze ${symbol}=64`).join(' ')}`;
}

interface PlacedRun {
  readonly run: Run;
  /** Place of its first token; undefined where a size before it is not known. */
  readonly from: number | undefined;
}

const lengthOf = (runs: Along): number | undefined =>
  runs.reduce<number | undefined>((sum, run) => {
    const size = sizeOfRun(run).constant;
    return sum === undefined || size === undefined ? undefined : sum + size;
  }, 0);

/** The one run that goes through axes of one input, each from end to end. */
function shownGrid(runs: readonly PlacedRun[]): TokenGrid | undefined {
  const grids = runs.filter(({ run }) => imageOf(run));
  const [only, second] = grids;
  if (!only || second || only.from === undefined) return undefined;
  const sizes = only.run.map(({ size }) => size.constant);
  if (!sizes.every((size) => size !== undefined)) return undefined;
  const own = only.run.map(({ of }) => of!.axis);
  const inOrder = own.toSorted((a, b) => a - b);
  return { from: only.from, sizes, axes: own.map((axis) => inOrder.indexOf(axis)) };
}

/** The input of whose axes a run is a grid. */
function imageOf(run: Run): Value | undefined {
  const [first] = run;
  const input = first?.of?.input;
  const axes = new Set(run.map(({ of }) => of?.axis));
  const isGrid =
    run.length > 1 &&
    axes.size === run.length &&
    run.every(({ of, isWhole }) => of?.input === input && isWhole);
  return isGrid ? input : undefined;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** A grid that is given, where one run has as many tokens, or where the text's side is told. */
function givenGrid(
  sizes: readonly number[],
  text: GridGiven['text'],
  tokens: number,
  runs: readonly PlacedRun[],
): TokenGrid | undefined {
  const axes = sizes.map((_, axis) => axis);
  const count = product(sizes);
  if (count === tokens) return { from: 0, sizes, axes };
  if (count > tokens) return undefined;
  if (text) return { from: text === 'first' ? tokens - count : 0, sizes, axes };
  const [only, second] = runs.filter(({ run }) => sizeOfRun(run).constant === count);
  if (!only || second || only.from === undefined) return undefined;
  return { from: only.from, sizes, axes };
}

function whyNot(tokens: number, { sizes, text }: GridGiven, runs: readonly PlacedRun[]): string {
  const shown = runs.filter(({ run }) => imageOf(run));
  if (sizes) {
    const count = product(sizes);
    if (count > tokens)
      return `it has ${tokens} tokens, and a grid of ${sizes.join('x')} has ${count}`;
    if (!text)
      return `of its ${tokens} tokens the ${count} of the grid may be the first or the last ones: say where the text is (text=first or text=last)`;
  }
  if (shown.length > 1)
    return `its ${tokens} tokens are those of ${shown.length} images: say which grid is meant (grid=${sizesOf(shown[0]!.run)}) and where it is not (text=first or text=last)`;
  return `the graph does not show on which grid its ${tokens} tokens lie: say so (grid=32x32 for height and width)`;
}

const sizesOf = (run: Run): string => run.map(({ size }) => size).join('x');
