/** Proposals whose entries follow from a rule, and plans whose rules no longer lead to them. */
import { choicesOf, type GuidancePair, stepsOfCalls } from '../../runtime/schedule/index.js';
import { perCall } from './in-turns.js';
import type { Plan, Proposal } from './plan.js';
import { type PlanLoop, type ProposedRule, placedRule } from './rules.js';
import { COMPUTE, type Site } from './site.js';

/** Where a loop is as far as a proposal asks for it. */
export interface ProposedLoop {
  readonly calls: number;
  readonly guidance: GuidancePair | undefined;
}

/** A proposal whose entries follow from a rule. */
export function byRule(
  sites: readonly Site[],
  rule: ProposedRule,
  { calls, guidance }: ProposedLoop,
): Proposal {
  const taken = choicesOf(rule.when, { steps: stepsOfCalls(calls, guidance), start: 0 });
  return { ...byChoices(sites, rule.choices, taken, { guidance }), rule };
}

/** A proposal with a choice for each step. */
export function byChoices(
  sites: readonly Site[],
  choices: ProposedRule['choices'],
  taken: readonly number[],
  { guidance }: Pick<ProposedLoop, 'guidance'>,
): Proposal {
  const columnOf = ({ id }: Site) =>
    perCall(
      taken.map((choice) => choices[choice]![id] ?? COMPUTE),
      guidance,
    );
  return { sites, entries: Object.fromEntries(sites.map((site) => [site.id, columnOf(site)])) };
}

/** The same strategies, placed by where steps lie: for a plan whose rows are no longer what its rules say. */
export const withPlacedRows = (plan: Plan, loop: PlanLoop): Plan => {
  if (!plan.rules || plan.sites.length === 0) return plan;
  const columns = plan.sites.map((_, s) => plan.rows.map((row) => row[s] as string));
  return { ...plan, rules: [placedRule(plan.sites, columns, loop)] };
};
