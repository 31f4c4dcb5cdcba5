/** Which steps a pass runs in full: the options that say so, and the steps that they come to. */
import { evenSteps, type FullStepsRule, listedSteps } from '../src/compiler/pass/index.js';
import { badOption } from '../src/errors/index.js';

export interface FullSteps {
  readonly interval?: number;
  readonly 'full-calls'?: number;
  readonly full?: readonly number[];
  readonly warmup?: number;
  readonly cooldown?: number;
}

/** Full steps at both ends of a row, where options do not say. */
export interface Ends {
  readonly warmup: number;
  readonly cooldown: number;
}

/**
 * Full steps at both ends of a row, for a pass's schema, with what the pass takes where none is given: the papers of the
 * passes that take 0 have none.
 */
export const endsOptions = ({ warmup, cooldown }: Ends) =>
  ({
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

/**
 * For a pass's schema. No defaults in it, so that what is recorded is what was asked for.
 * @param between what the steps between full ones are: "that are forecast"
 */
export const fullStepsOptions = (between: string, ends: Ends) =>
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
    ...endsOptions(ends),
  }) as const;

/** How a search says which steps are full: by the list, whatever else said so. */
export const listedFullSteps: FullStepsRule = {
  at: ({ interval: _, warmup: __, cooldown: ___, 'full-calls': ____, ...options }, full) => ({
    ...options,
    full,
  }),
};

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
  if (interval === undefined) refuseEnds(pass, options);
  if (full) return listedSteps(pass, full, steps);
  if (count !== undefined) {
    if (count > steps) throw badOption(pass, 'full-calls', `there are only ${steps} steps`);
    return evenSteps(steps, count);
  }
  return everyNth(steps, interval!, {
    warmup: warmup ?? ends.warmup,
    cooldown: cooldown ?? ends.cooldown,
  });
}

/**
 * Refuses full steps at both ends where a row says all of them.
 * @throws PASS_OPTION
 */
export function refuseEnds(pass: string, options: Partial<Ends>): void {
  for (const name of ['warmup', 'cooldown'] as const)
    if (options[name] !== undefined) throw badOption(pass, name, 'it goes with interval');
}

/** One step in `interval`; the last of those that warm up is the first of the row. */
export function everyNth(
  steps: number,
  interval: number,
  { warmup = 0, cooldown = 0 }: Partial<Ends>,
): number[] {
  const first = Math.max(0, warmup - 1);
  return Array.from({ length: steps }, (_, t) => t).filter(
    (t) => t <= first || t >= steps - cooldown || (t - first) % interval === 0,
  );
}
