/** Reading the window of a pass's options. */
import { badOption } from '../../src/errors/index.js';
import type { Window } from './band/index.js';

/**
 * Tokens per side as a whole number, or a fraction of all tokens as `1/8` or `0.125`.
 * @throws PASS_OPTION
 */
export function readWindow(pass: string, option: string | number): Window {
  const text = String(option).trim();
  const [, above, below] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const size = above && below ? Number(above) / Number(below) : Number(text);
  const isFraction = below !== undefined || (size > 0 && size < 1);
  if (isFraction && size > 0 && size <= 1) return { fraction: size };
  if (!isFraction && Number.isInteger(size) && size >= 1) return { tokens: size };
  throw badOption(
    pass,
    'window',
    `it must be a number of tokens from 1 up, or a fraction such as 1/8, found "${text}"`,
  );
}
