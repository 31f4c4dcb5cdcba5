/** The plan: which strategy produces each site at each call. */
import {
  planCalls,
  planConflict,
  planLength,
  planMissingSites,
  planUnknownSite,
  planUnknownStrategy,
} from '../../errors/index.js';
import type { PlanFile, Rule } from '../../runtime/schedule/index.js';
import { checkSites } from './check-proposal.js';
import { type PlanLoop, type ProposedRule, placedRule, ruleOf, rulesWithin } from './rules.js';
import { COMPUTE, type Site } from './site.js';

export interface Plan<S extends Site = Site> {
  /** Number of calls in the loop. */
  readonly calls: number;
  readonly sites: readonly S[];
  /** `rows[call][site]`: a strategy's name, sites in the order of `sites`. */
  readonly rows: readonly (readonly string[])[];
  /** By which rules they come to be; every site stands in one. Left out: none is known. */
  readonly rules?: readonly Rule[];
}

/** What a pass proposes: sites, and the strategy of each of them at each call. */
export interface Proposal {
  readonly sites: readonly Site[];
  /** By site id; a site left out is computed at every call. */
  readonly entries: Readonly<Record<string, readonly string[]>>;
  /** From which the entries follow; left out: in loops of another length they are placed by where steps lie. */
  readonly rule?: ProposedRule;
}

/**
 * Joins the proposals of several passes into one plan.
 * @throws PLAN_CONFLICT, PLAN_LENGTH, PLAN_UNKNOWN_SITE, PLAN_UNKNOWN_STRATEGY, and what `checkSites` throws
 */
export function makePlan(calls: number, proposals: readonly Proposal[], loop: PlanLoop = {}): Plan {
  const sites: Site[] = [];
  const columns: (readonly string[])[] = [];
  for (const proposal of proposals) {
    refuseUnknown(Object.keys(proposal.entries), proposal.sites);
    for (const site of proposal.sites) {
      for (const other of sites) {
        const both = other.outputs.find((v) => site.outputs.includes(v));
        if (both || other.id === site.id) throw planConflict(site.id, other.id, both?.name);
      }
      sites.push(site);
      columns.push(checkColumn(site, proposal.entries[site.id], calls));
    }
  }
  checkSites(sites, calls);
  const whole = columns.map((column) =>
    Array.from({ length: calls }, (_, t) => column[t] ?? COMPUTE),
  );
  const rows = Array.from({ length: calls }, (_, t) => whole.map((column) => column[t]!));
  const rules = proposals.flatMap((proposal) => {
    const { sites: own, rule } = proposal;
    if (own.length === 0) return [];
    if (rule) return [ruleOf(own, rule, loop.guidance)];
    const placed = own.map((site) => whole[sites.indexOf(site)]!);
    return [placedRule(own, placed, loop)];
  });
  return { calls, sites, rows, rules };
}

function refuseUnknown(ids: readonly string[], sites: readonly Site[]): void {
  const known = sites.map((site) => site.id);
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length > 0) throw planUnknownSite(unknown, ids.length, known);
}

function checkColumn(
  site: Site,
  column: readonly string[] | undefined,
  calls: number,
): readonly string[] {
  if (!column) return [];
  if (column.length !== calls) throw planLength(site.id, column.length, calls);
  for (const [call, name] of column.entries())
    if (!Object.hasOwn(site.strategies, name))
      throw planUnknownStrategy(
        site.id,
        name,
        call,
        Object.keys(site.strategies),
        site.refused?.[name],
      );
  return column;
}

/**
 * A plan in which the columns of a plan file take the place of those that passes proposed. Sites that
 * the file does not name keep theirs; but a search names all, so where it left some out, it was for
 * another model.
 * @throws PLAN_LENGTH, PLAN_UNKNOWN_SITE, PLAN_MISSING_SITES, PLAN_UNKNOWN_STRATEGY
 */
export function overridePlan(
  plan: Plan,
  file: Pick<PlanFile, 'calls' | 'sites' | 'calibration'>,
  loop: PlanLoop = {},
): Plan {
  if (file.calls !== plan.calls) throw planCalls(file.calls, plan.calls);
  const listed = Object.keys(file.sites);
  refuseUnknown(listed, plan.sites);
  const missing = plan.sites.map((site) => site.id).filter((id) => !listed.includes(id));
  if (file.calibration && missing.length > 0)
    throw planMissingSites(
      missing,
      listed.length,
      plan.sites.map((site) => site.id),
    );
  const columns = plan.sites.map((site, s) =>
    checkColumn(site, file.sites[site.id] ?? plan.rows.map((row) => row[s] as string), plan.calls),
  );
  const rows = plan.rows.map((_, call) => columns.map((column) => column[call] as string));
  if (!plan.rules || listed.length === 0) return { ...plan, rows };
  const others = plan.sites.map(({ id }) => id).filter((id) => !listed.includes(id));
  const own = plan.sites.filter(({ id }) => listed.includes(id));
  const placed = placedRule(
    own,
    own.map((site) => columns[plan.sites.indexOf(site)]!),
    loop,
  );
  return { ...plan, rows, rules: [...rulesWithin(plan.rules, new Set(others)), placed] };
}

/** What a plan file records beside the plan itself. */
export type PlanRecord = Pick<PlanFile, 'model' | 'passes' | 'guidance' | 'calibration'>;

/** The plan as a file: the counterpart of `schemas/plan.schema.json`. */
export function planToJson(plan: Plan, record: PlanRecord = {}): PlanFile {
  return {
    ...record,
    format: 'stepfold.plan',
    version: 1,
    calls: plan.calls,
    sites: Object.fromEntries(
      plan.sites.map((site, s) => [site.id, plan.rows.map((row) => row[s] as string)]),
    ),
  };
}
