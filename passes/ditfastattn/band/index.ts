/** Attention to a band of keys, which computes the band rather than hiding the rest. */

import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import type { CutRules } from './chunks.js';
import { fixedBand } from './fixed.js';
import type { BandOperands, Window } from './operands.js';
import { symbolicBand } from './symbolic.js';
import { windowTokens } from './window.js';

export type { CutRules } from './chunks.js';
export { type BandSizes, bandedMacs } from './macs.js';
export type { BandOperands, Window } from './operands.js';
export { bandScores, windowTokens } from './window.js';

/**
 * softmax(scale(q k) + mask) v, where the mask is 0 for |i - j| <= w and minus infinity elsewhere
 * (the window attention of DiTFastAttn, arXiv 2406.08552), for w tokens per side as `window` says.
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
  return tokens === undefined
    ? symbolicBand(b, operands, window, rules)
    : fixedBand(b, operands, tokens, windowTokens(window, tokens), rules);
}
