/** Which steps a pass runs in full: the options that say so, and the steps that they come to. */
import { evenSteps, listedSteps } from '../src/compiler/pass/index.js';
import { badOption } from '../src/errors/index.js';

export interface FullSteps {
  readonly interval?: number;
  readonly 'full-calls'?: number;
  readonly full?: readonly number[];
  readonly warmup?: number;
  readonly cooldown?: number;
}

/** What a pass says of its own steps. */
interface Words {
  /** What the steps between full ones are: "that are forecast". */
  readonly between: string;
  /** As the default stands in brackets. */
  readonly warmup: string;
  readonly cooldown: string;
}

/** For a pass's schema. No defaults in it, so that what is recorded is what was asked for. */
export const fullStepsOptions = ({ between, warmup, cooldown }: Words) =>
  ({
    'full-calls': {
      type: 'integer',
      minimum: 1,
      description: 'So many full steps, placed evenly, the first and the last among them.',
    },
    interval: {
      type: 'integer',
      minimum: 1,
      description: `One full step, then interval-1 ${between}, instead of full-calls.`,
    },
    full: {
      type: 'array',
      items: { type: 'integer', minimum: 0 },
      description: 'Explicit list of full steps, instead of either; step 0 must be in it.',
    },
    warmup: {
      type: 'integer',
      minimum: 0,
      description: `With interval: so many first steps are full [${warmup}].`,
    },
    cooldown: {
      type: 'integer',
      minimum: 0,
      description: `With interval: so many last steps are full [${cooldown}].`,
    },
  }) as const;

/** Full steps at both ends of a row, where options do not say. */
export interface Ends {
  readonly warmup: number;
  readonly cooldown: number;
}

/**
 * @param pass its name
 * @throws PASS_OPTION
 */
export function fullSteps(
  pass: string,
  steps: number,
  options: FullSteps,
  ends: Ends = { warmup: 1, cooldown: 1 },
): number[] {
  const { full, interval, warmup, cooldown } = options;
  const count = options['full-calls'];
  const given = [full, interval, count].filter((value) => value !== undefined).length;
  if (given === 0)
    throw badOption(pass, 'full-calls', 'it must be given, or interval, or a list of full steps');
  if (given > 1)
    throw badOption(pass, 'full-calls', 'full-calls, interval and full each say it all; give one');
  if (interval === undefined)
    for (const name of ['warmup', 'cooldown'] as const)
      if (options[name] !== undefined) throw badOption(pass, name, 'it goes with interval');
  if (full) return listedSteps(pass, full, steps);
  if (count !== undefined) {
    if (count > steps) throw badOption(pass, 'full-calls', `there are only ${steps} steps`);
    return evenSteps(steps, count);
  }
  return everyNth(steps, interval!, warmup ?? ends.warmup, cooldown ?? ends.cooldown);
}

/** The last of those that warm up is the first of the row. */
function everyNth(steps: number, interval: number, warmup: number, cooldown: number): number[] {
  const first = Math.max(0, warmup - 1);
  return Array.from({ length: steps }, (_, t) => t).filter(
    (t) => t <= first || t >= steps - cooldown || (t - first) % interval === 0,
  );
}
