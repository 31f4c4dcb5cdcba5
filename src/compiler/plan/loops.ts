/** What steps can be in loops of other lengths: the choices of a plan's rules, together. */
import {
  callsPerStep,
  choicesOf,
  type GuidancePair,
  type LoopShape,
  type Rule,
  stepsTaken,
} from '../../runtime/schedule/index.js';
import type { Plan } from './plan.js';

/** Loops of up to so many steps are tried beforehand. */
export const LONGEST_TRIED = 60;

/** So many rows that the loop of the plan has not are added at most; what has none is made more exact. */
const MOST_ADDED = 12;

/** A choice of each rule. */
export type Choices = readonly number[];

/** The choices of each step of a loop. */
export function choicesIn(rules: readonly Rule[], loop: LoopShape): Choices[] {
  const byRule = rules.map(({ when }) => choicesOf(when, loop));
  return Array.from({ length: stepsTaken(loop) }, (_, step) => byRule.map((own) => own[step]!));
}

export const choicesKey = (choices: Choices): string => choices.join();

/**
 * Rows that steps of other loops have, beyond those of the plan: always the one of choices 0, with which a loop may begin.
 * Rules that place what was found are not followed here: between what they place there is always something more exact.
 * @param known keys of those that the plan has
 */
export function rowsOfOtherLoops(rules: readonly Rule[], known: ReadonlySet<string>): Choices[] {
  const found = new Map<string, Choices>();
  const add = (choices: Choices) => {
    const key = choicesKey(choices);
    if (!known.has(key)) found.set(key, choices);
  };
  add(rules.map(() => 0));
  if (rules.every(({ when }) => when.kind !== 'placed'))
    for (let steps = 1; steps <= LONGEST_TRIED; steps++)
      choicesIn(rules, { steps, start: 0 }).forEach(add);
  return [...found.values()].slice(0, 1 + MOST_ADDED);
}

/**
 * The plan with other steps than its own, in the order given.
 * @param plan with rules
 */
export function planWith(
  plan: Plan,
  steps: readonly Choices[],
  guidance: GuidancePair | undefined,
): Plan {
  const rules = plan.rules!;
  const place = new Map(
    rules.flatMap((rule, r) => rule.sites.map((id, s) => [id, [r, s] as const] as const)),
  );
  const rows = steps.flatMap((choices) =>
    Array.from({ length: callsPerStep(guidance) }, (_, half) =>
      plan.sites.map(({ id }) => {
        const [r, s] = place.get(id)!;
        return rules[r]!.choices[choices[r]!]![half]![s]!;
      }),
    ),
  );
  return { ...plan, calls: rows.length, rows };
}
