/** Which steps a pass runs in full: the options that say so, and the steps that they come to. */
import {
  checkOptions,
  type FullStepsRule,
  listedSteps,
  type Pass,
} from '../src/compiler/pass/index.js';
import {
  byChoices,
  byRule,
  type Proposal,
  type ProposedLoop,
  type ProposedRule,
  type Site,
} from '../src/compiler/plan/index.js';
import { badOption } from '../src/errors/index.js';
import {
  choiceBetween,
  choicesOf,
  type Ends,
  stepsOfCalls,
} from '../src/runtime/schedule/index.js';

export interface FullSteps {
  readonly interval?: number;
  readonly 'full-calls'?: number;
  readonly full?: readonly number[];
  readonly warmup?: number;
  readonly cooldown?: number;
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

export const fullCallsOption = {
  type: 'integer',
  minimum: 1,
  description: 'So many full steps, placed evenly, the first and the last among them.',
} as const;

/**
 * For a pass's schema. No defaults in it, so that what is recorded is what was asked for.
 * @param between what the steps between full ones are: "that are forecast"
 */
export const fullStepsOptions = (between: string, ends: Ends) =>
  ({
    'full-calls': fullCallsOption,
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

/** The steps that are full by a rule. */
export const stepsOfRule = (rule: FullRule, steps: number): readonly number[] =>
  rule.kind === 'listed'
    ? rule.full
    : choicesOf({ ...rule, between: [{ choice: 1 }] }, { steps, start: 0 }).flatMap(
        (choice, step) => (choice === 0 ? [step] : []),
      );

/** How a search says which steps are full: by the list or their number, whatever else said so. */
export const listedFullSteps = {
  at: (options: Options, full: readonly number[]) => ({ ...besideSteps(options), full }),
  evenly: (options: Options, count: number) => ({ ...besideSteps(options), 'full-calls': count }),
} satisfies FullStepsRule;

/** The same for a pass that has all of these options, and nothing else that says which steps are full. */
export const fullStepsRule = <O extends FullSteps>(
  passOf: () => Pass<O>,
  ends: Ends,
): FullStepsRule => ({
  ...listedFullSteps,
  of(options, steps) {
    const pass = passOf();
    return stepsOfRule(fullSteps(pass.name, steps, checkOptions(pass, options), ends), steps);
  },
});

type Options = Readonly<Record<string, unknown>>;

const besideSteps = ({
  interval: _,
  warmup: __,
  cooldown: ___,
  full: ____,
  'full-calls': _____,
  ...options
}: Options) => options;

/** Steps between full ones that a search tries. */
const INTERVALS = [2, 3, 4, 6];

/**
 * So many full steps by an interval: each with as many first ones full as are left for that, which the papers of
 * intervals do by hand. Intervals that need more full steps are left out.
 */
export const byIntervals =
  ({ cooldown }: Ends) =>
  (full: number, steps: number): { interval: number; warmup: number; cooldown: number }[] =>
    INTERVALS.flatMap((interval) => {
      for (let warmup = full; warmup >= 1; warmup--)
        if (stepsOfRule(everyNth(interval, { warmup, cooldown }), steps).length <= full)
          return [{ interval, warmup, cooldown }];
      return [];
    });

/** A rule by which steps are full, or a list of them, which is placed in loops of another length by where steps lie. */
export type FullRule =
  | WithoutBetween<ProposedRule['when']>
  | { readonly kind: 'listed'; readonly full: readonly number[] };

type WithoutBetween<When> = When extends unknown ? Omit<When, 'between'> : never;

/**
 * @param pass its name
 * @throws PASS_OPTION
 */
export function fullSteps(pass: string, steps: number, options: FullSteps, ends: Ends): FullRule {
  const { full, interval, warmup, cooldown } = options;
  const count = options['full-calls'];
  const given = [full, interval, count].filter((value) => value !== undefined).length;
  if (given === 0)
    throw badOption(pass, 'full-calls', 'it must be given, or interval, or a list of full steps');
  if (given > 1)
    throw badOption(pass, 'full-calls', 'full-calls, interval and full each say it all; give one');
  if (interval === undefined) refuseEnds(pass, options);
  if (full) return { kind: 'listed', full: listedSteps(pass, full, steps) };
  if (count !== undefined) return evenlyPlaced(pass, count, steps);
  return everyNth(interval!, {
    warmup: warmup ?? ends.warmup,
    cooldown: cooldown ?? ends.cooldown,
  });
}

/** @throws PASS_OPTION */
export function evenlyPlaced(pass: string, count: number, steps: number): FullRule {
  if (count > steps) throw badOption(pass, 'full-calls', `there are only ${steps} steps`);
  return { kind: 'even', count };
}

export const everyNth = (
  interval: number,
  { warmup = 0, cooldown = 0 }: Partial<Ends>,
): FullRule => ({
  kind: 'every',
  interval,
  warmup,
  cooldown,
});

/**
 * What sites do at full steps, choice 0, and between them.
 * @param choices the strategy of sites by their ids; one left out is computed
 * @param between which choice other steps take; default 1
 */
export function proposedBy(
  sites: readonly Site[],
  rule: FullRule,
  choices: ProposedRule['choices'],
  loop: ProposedLoop,
  between: ProposedRule['when']['between'] = [{ choice: 1 }],
): Proposal {
  if (rule.kind !== 'listed')
    return byRule(sites, { when: { ...rule, between } as ProposedRule['when'], choices }, loop);
  const steps = stepsOfCalls(loop.calls, loop.guidance);
  const taken = Array.from({ length: steps }, (_, step) =>
    rule.full.includes(step) ? 0 : choiceBetween(between, step, steps),
  );
  return byChoices(sites, choices, taken, loop);
}

/**
 * Refuses full steps at both ends where a row says all of them.
 * @throws PASS_OPTION
 */
export function refuseEnds(pass: string, options: Partial<Ends>): void {
  for (const name of ['warmup', 'cooldown'] as const)
    if (options[name] !== undefined) throw badOption(pass, name, 'it goes with interval');
}
