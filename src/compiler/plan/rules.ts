/**
 * By which rule a plan's calls come to be, so that a schedule serves loops of any length. A pass says so of its sites,
 * or else, as with what was searched or listed for one loop, its choices are placed in others by where steps lie.
 */

import { groupBy } from '../../model/ir/group-by.js';
import {
  callsPerStep,
  choicesOf,
  type GuidancePair,
  type LoopShape,
  type Rule,
  type When,
} from '../../runtime/schedule/index.js';
import { moreExactThan } from './exactness.js';
import { COMPUTE, type Site } from './site.js';

/** What rules must know of the loop that a plan is for. */
export interface PlanLoop {
  readonly guidance?: GuidancePair | undefined;
  /** Of each step, where they are known. */
  readonly timesteps?: readonly number[] | undefined;
  /** The step of the whole loop at which it begins; default 0. */
  readonly start?: number | undefined;
}

type Placed = Extract<When, { kind: 'placed' }>;

/** Which steps take which of a few choices. */
export interface ProposedRule {
  readonly when: Exclude<When, Placed>;
  /** By choice, the strategy of sites by their ids; one left out is computed. Choice 0 reads nothing that was kept. */
  readonly choices: readonly Readonly<Record<string, string>>[];
}

/** The rule of a proposal as schedules have it. */
export function ruleOf(
  sites: readonly Site[],
  rule: ProposedRule,
  guidance: GuidancePair | undefined,
): Rule {
  const choices = rule.choices.map((choice) => {
    const row = sites.map(({ id }) => choice[id] ?? COMPUTE);
    return Array.from({ length: callsPerStep(guidance) }, () => [...row]);
  });
  return { sites: sites.map(({ id }) => id), choices, when: rule.when };
}

/**
 * Choices as they stand, for sites whose strategies follow from no rule.
 * @param columns of each site, the strategy of each call
 */
export function placedRule(
  sites: readonly Site[],
  columns: readonly (readonly string[])[],
  { guidance, timesteps, start = 0 }: PlanLoop,
): Rule {
  const perStep = callsPerStep(guidance);
  const steps = (columns[0]?.length ?? 0) / perStep;
  const choiceAt = (step: number) =>
    Array.from({ length: perStep }, (_, half) =>
      columns.map((column) => column[step * perStep + half]!),
    );
  const computed = Array.from({ length: perStep }, () => sites.map(() => COMPUTE));
  const all = [computed, ...Array.from({ length: steps }, (_, step) => choiceAt(step))];
  const distinct = [...groupBy(all, (choice) => JSON.stringify(choice)).values()].map(
    ([first]) => first!,
  );
  const numbers = new Map(distinct.map((choice, i) => [JSON.stringify(choice), i]));
  const exact = sites.map(
    (site) =>
      new Map(Object.keys(site.strategies).map((name) => [name, moreExactThan(site, name)])),
  );
  const coversAt = (s: number, own: string, other: string) =>
    own === other || own === COMPUTE || exact[s]!.get(other)!.has(own);
  const covers = distinct.map((own) =>
    distinct.flatMap((other, i) =>
      own.every((row, half) => row.every((name, s) => coversAt(s, name, other[half]![s]!)))
        ? [i]
        : [],
    ),
  );
  const cost = distinct.map((choice) =>
    choice.flat().reduce((sum, name, i) => sum + costOf(sites[i % sites.length]!, name), 0),
  );
  const order = [...distinct.keys()].sort(
    (a, b) => cost[a]! - cost[b]! || covers[a]!.length - covers[b]!.length || b - a,
  );
  // nothing was found for the steps before the first: they are computed
  const base = [
    ...Array.from({ length: start }, () => 0),
    ...Array.from({ length: steps }, (_, step) => numbers.get(JSON.stringify(choiceAt(step)))!),
  ];
  // full steps, and one other choice between them
  const apart = distinct.length === 2 && base[0] === 0;
  return {
    sites: sites.map(({ id }) => id),
    choices: distinct.map((choice) => choice.map((row) => [...row])),
    when: {
      kind: 'placed',
      base,
      ...(apart && { apart }),
      covers,
      order,
      // those of the steps before the first are not known
      ...(timesteps && start === 0 && !apart && { timesteps: [...timesteps] }),
    },
  };
}

/** Of each site of a rule, the strategy of each call of a loop. */
export function columnsOf({ sites, choices, when }: Rule, loop: LoopShape): string[][] {
  const taken = choicesOf(when, loop);
  return sites.map((_, s) => taken.flatMap((choice) => choices[choice]!.map((row) => row[s]!)));
}

/** What is said of it; what is not counts for nothing, but computing for everything. */
const costOf = ({ strategies }: Site, name: string): number =>
  strategies[name]!.cost ?? (name === COMPUTE ? 1 : 0);

/** The rules for some of their sites alone; those for none are gone. */
export const rulesWithin = (rules: readonly Rule[], ids: ReadonlySet<string>): Rule[] =>
  rules.flatMap((rule) => {
    const kept = [...rule.sites.keys()].filter((s) => ids.has(rule.sites[s]!));
    if (kept.length === 0) return [];
    if (kept.length === rule.sites.length) return [rule];
    return [
      {
        ...rule,
        sites: kept.map((s) => rule.sites[s]!),
        choices: rule.choices.map((choice) => choice.map((row) => kept.map((s) => row[s]!))),
      },
    ];
  });
