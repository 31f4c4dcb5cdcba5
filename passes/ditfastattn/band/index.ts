/** Attention within a window of keys, which computes the window rather than hiding the rest. */

import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import type { CutRules } from './chunks.js';
import { fieldOf } from './field.js';
import { fixedWindow } from './fixed.js';
import type { BandOperands, Window } from './operands.js';
import { symbolicBand } from './symbolic.js';

export type { CutRules } from './chunks.js';
export { type BandSizes, bandedMacs, windowScores } from './macs.js';
export type { BandOperands, Neighbourhood, Window } from './operands.js';
export { type Band, bandScores, windowTokens } from './window.js';

/**
 * softmax(scale(q k) + mask) v, where the mask is 0 where a query sees a key, as `window` says, and minus
 * infinity elsewhere: in a band (the window attention of DiTFastAttn, arXiv 2406.08552), or among the
 * neighbours on a grid, for which the token count must be known.
 * @param rules sizes of the parts in which it is computed; they change its speed, not its result
 * @returns [...lead, tokens, size]
 */
export function bandedAttention(
  b: SiteBuilder,
  operands: BandOperands,
  window: Window,
  rules?: CutRules,
): Value {
  const tokens = operands.tokens.constant;
  if (tokens !== undefined) return fixedWindow(b, operands, fieldOf(window, tokens), rules);
  if ('grid' in window) throw new Error('a grid of a size that only a run knows');
  return symbolicBand(b, operands, window, rules);
}
