/** Which steps are full. */
import { listedSteps } from '../../src/compiler/pass/index.js';
import { badOption } from '../../src/errors/index.js';
import { everyNth, refuseEnds } from '../full-steps.js';
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
): (step: number) => boolean {
  const { interval, full } = options;
  if (full) refuseEnds(NAME, options);
  if (full && interval !== undefined)
    throw badOption(NAME, 'full', 'it replaces interval; give one or the other');
  if (full) {
    const listed = listedSteps(NAME, full, steps);
    return (step) => listed.includes(step);
  }
  if (interval === undefined)
    throw badOption(NAME, 'interval', 'it must be given, or a list of full steps');
  const row = new Set(everyNth(steps, interval, options));
  return (step) => row.has(step);
}
