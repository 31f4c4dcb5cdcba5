/** Which steps are full. */
import { listedSteps } from '../../src/compiler/pass/index.js';
import { badOption } from '../../src/errors/index.js';
import { everyNth, type FullRule, refuseEnds } from '../full-steps.js';
import { NAME } from './range.js';

/** @throws PASS_OPTION */
export function fullSteps(
  steps: number,
  options: {
    readonly interval?: number;
    readonly full?: readonly number[];
    readonly warmup?: number;
    readonly cooldown?: number;
  },
): FullRule {
  const { interval, full } = options;
  if (full) refuseEnds(NAME, options);
  if (full && interval !== undefined)
    throw badOption(NAME, 'full', 'it replaces interval; give one or the other');
  if (full) return { kind: 'listed', full: listedSteps(NAME, full, steps) };
  if (interval === undefined)
    throw badOption(NAME, 'interval', 'it must be given, or a list of full steps');
  return everyNth(interval, options);
}
