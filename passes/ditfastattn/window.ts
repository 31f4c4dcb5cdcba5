/** Reading the window of a pass's options. */
import type { TokenGrid } from '../../src/compiler/analysis/index.js';
import { badOption } from '../../src/errors/index.js';
import { type Band, type Window, windowTokens } from './band/index.js';

/** A window as it is said, before the grid of an attention is known. */
export type SaidWindow = Band | GridWindow;

export interface GridWindow {
  /** Along each axis of the image, in its order. */
  readonly extents: readonly number[];
}

/**
 * Tokens per side as a whole number, or a fraction of all tokens as `1/8` or `0.125`; on a grid an extent
 * for each axis, as `8x8`.
 * @throws PASS_OPTION
 */
export function readWindow(pass: string, option: string | number): SaidWindow {
  const text = String(option).trim();
  const [, above, below] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const size = above && below ? Number(above) / Number(below) : Number(text);
  const isFraction = below !== undefined || (size > 0 && size < 1);
  if (isFraction && size > 0 && size <= 1) return { fraction: size };
  if (!isFraction && Number.isInteger(size) && size >= 1) return { tokens: size };
  const extents = sizesOf(text);
  if (extents) return { extents };
  throw badOption(
    pass,
    'window',
    `it must be a number of tokens from 1 up, a fraction such as 1/8, or extents on a grid such as 8x8, found "${text}"`,
  );
}

/**
 * Sizes along the axes of an image, as `32x32` or `8x32x32`.
 * @throws PASS_OPTION
 */
export function readGrid(pass: string, option: string): readonly number[] {
  const sizes = sizesOf(option.trim());
  if (sizes) return sizes;
  throw badOption(
    pass,
    'grid',
    `it must be height and width in tokens such as 32x32, or frames, height and width such as 8x32x32, found "${option}"`,
  );
}

/** Two or more numbers from 1 up. */
function sizesOf(text: string): readonly number[] | undefined {
  if (!/^\d+(x\d+)+$/.test(text)) return undefined;
  const sizes = text.split('x').map(Number);
  return sizes.every((size) => size >= 1 && Number.isSafeInteger(size)) ? sizes : undefined;
}

/** The window on the grid that an attention's tokens lie on, or why there is none. */
export function onGrid({ extents }: GridWindow, grid: TokenGrid): Window | string {
  const { from, sizes, axes } = grid;
  if (extents.length !== sizes.length)
    return `the window ${extents.join('x')} has ${extents.length} extents, and the tokens lie on a grid of ${sizes.join('x')}`;
  return { grid: { from, sizes, extents: axes.map((axis) => extents[axis]!) } };
}

/** A band over the image's tokens, which lie in one row; the text sees all, and is seen by all. */
export function onRow(band: Band, { from, sizes: [tokens] }: TokenGrid): Window {
  return { grid: { from, sizes: [tokens!], extents: [2 * windowTokens(band, tokens!)] } };
}
