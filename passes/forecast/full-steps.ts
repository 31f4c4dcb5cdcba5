/** Which steps run the model. */
import { evenSteps, listedSteps } from '../../src/compiler/pass/index.js';
import { badOption } from '../../src/errors/index.js';

const NAME = 'forecast';

export interface FullSteps {
  readonly interval?: number;
  readonly 'full-calls'?: number;
  readonly full?: readonly number[];
  readonly warmup?: number;
  readonly cooldown?: number;
}

/** @throws PASS_OPTION */
export function fullSteps(steps: number, options: FullSteps): number[] {
  const { full, interval, warmup, cooldown } = options;
  const count = options['full-calls'];
  const given = [full, interval, count].filter((value) => value !== undefined).length;
  if (given === 0)
    throw badOption(NAME, 'full-calls', 'it must be given, or interval, or a list of full steps');
  if (given > 1)
    throw badOption(NAME, 'full-calls', 'full-calls, interval and full each say it all; give one');
  if (interval === undefined)
    for (const name of ['warmup', 'cooldown'] as const)
      if (options[name] !== undefined) throw badOption(NAME, name, 'it goes with interval');
  if (full) return listedSteps(NAME, full, steps);
  if (count !== undefined) {
    if (count > steps) throw badOption(NAME, 'full-calls', `there are only ${steps} steps`);
    return evenSteps(steps, count);
  }
  return everyNth(steps, interval!, warmup ?? 1, cooldown ?? 1);
}

/** The last of those that warm up is the first of the row. */
function everyNth(steps: number, interval: number, warmup: number, cooldown: number): number[] {
  const first = Math.max(0, warmup - 1);
  return Array.from({ length: steps }, (_, t) => t).filter(
    (t) => t <= first || t >= steps - cooldown || (t - first) % interval === 0,
  );
}
