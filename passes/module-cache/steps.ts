/**
 * Which steps are full for modules of each kind: by an interval of their own or that of all, inside of what warms up and cools
 * down, and up to a gate behind which nothing is computed any more.
 */
import { MODULE_KINDS, type ModuleKind } from '../../src/compiler/analysis/index.js';
import { badOption } from '../../src/errors/index.js';
import { type FullRule, type FullSteps, fullSteps, stepsOfRule } from '../full-steps.js';

/** An interval for modules of a kind, by its name. */
export type KindIntervals = { readonly [K in ModuleKind]?: number };

export interface ModuleSteps extends FullSteps, KindIntervals {
  readonly kinds?: readonly ModuleKind[];
  readonly gate?: number;
}

export const NAME = 'module-cache';

/** Those of FORA: a step is full by the interval alone. */
export const ENDS = { warmup: 0, cooldown: 0 };

/** For the pass's schema. */
export const kindOptions = {
  kinds: {
    type: 'array',
    items: { enum: [...MODULE_KINDS] },
    minItems: 1,
    description: `Which modules: ${MODULE_KINDS.join(', ')} [those with an interval of their own, or all].`,
  },
  ...Object.fromEntries(
    MODULE_KINDS.map((kind) => [
      kind,
      {
        type: 'integer',
        minimum: 1,
        description: `Interval of the ${kind} modules, beside or in place of one for all.`,
      },
    ]),
  ),
  gate: {
    type: 'integer',
    minimum: 1,
    description:
      'From this step on everything is taken as the step before it left it, to the end of the loop (T-GATE).',
  },
} as const;

const saysSteps = (options: ModuleSteps): boolean =>
  ['interval', 'full-calls', 'full'].some((name) => options[name as keyof FullSteps] !== undefined);

/**
 * The kinds that are asked for.
 * @throws PASS_OPTION where a kind that is not among them has an interval
 */
export function kindsOf(options: ModuleSteps): readonly ModuleKind[] {
  const own = MODULE_KINDS.filter((kind) => options[kind] !== undefined);
  const { kinds } = options;
  const stray = kinds && own.find((kind) => !kinds.includes(kind));
  if (stray) throw badOption(NAME, stray, 'it is not among the kinds that are asked for');
  return kinds ?? (own.length > 0 && !saysSteps(options) ? own : MODULE_KINDS);
}

/**
 * The full steps of one kind.
 * @throws PASS_OPTION
 */
export function stepsOfKind(kind: ModuleKind, steps: number, options: ModuleSteps): FullRule {
  const { gate } = options;
  const own = options[kind];
  const said: FullSteps =
    own !== undefined
      ? { interval: own, ...ends(options) }
      : gate !== undefined && !saysSteps(options)
        ? { interval: 1, ...ends(options) }
        : options;
  const rule = fullSteps(NAME, steps, said, ENDS);
  if (gate === undefined) return rule;
  if (gate > steps) throw badOption(NAME, 'gate', `there are only ${steps} steps`);
  const before = stepsOfRule(rule, steps).filter((step) => step < gate - 1);
  return { kind: 'listed', full: [...before, gate - 1] };
}

const ends = ({ warmup, cooldown }: FullSteps) => ({
  ...(warmup !== undefined && { warmup }),
  ...(cooldown !== undefined && { cooldown }),
});

/** Options that say of no kind by itself which steps are full: those that `full` or a number of full steps goes with. */
export function withoutOwnSteps(
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const kinds = kindsOf(options as ModuleSteps);
  const { gate: _, ...rest } = options;
  const others = Object.entries(rest).filter(
    ([name]) => !MODULE_KINDS.includes(name as ModuleKind),
  );
  return {
    ...Object.fromEntries(others),
    ...(kinds.length < MODULE_KINDS.length && { kinds: [...kinds] }),
  };
}
