/** The plan: which strategy produces each site at each call. */
import {
  planCalls,
  planConflict,
  planLength,
  planMissingSites,
  planUnknownSite,
  planUnknownStrategy,
} from '../../errors/index.js';
import {
  type LoopShape,
  type PlanFile,
  type Rule,
  stepsOfCalls,
} from '../../runtime/schedule/index.js';
import { checkSites } from './check-proposal.js';
import { inLayers, isBehind, shared } from './layers.js';
import {
  columnsOf,
  type PlanLoop,
  type ProposedRule,
  placedRule,
  ruleOf,
  rulesWithin,
} from './rules.js';
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
  /** Proposals of some of its sites each, that follow rules of their own; `together` makes one of them. */
  readonly parts?: readonly Proposal[];
}

/** One proposal of several, whose sites follow a rule for each. */
export const together = (parts: readonly Proposal[]): Proposal => ({
  sites: parts.flatMap(({ sites }) => sites),
  entries: Object.assign({}, ...parts.map(({ entries }) => entries)),
  parts,
});

/**
 * Joins the proposals of several passes into one plan.
 * @throws PLAN_CONFLICT, PLAN_LENGTH, PLAN_UNKNOWN_SITE, PLAN_UNKNOWN_STRATEGY, and what `checkSites` throws
 */
export function makePlan(calls: number, proposals: readonly Proposal[], loop: PlanLoop = {}): Plan {
  const proposed: Site[] = [];
  const columnOf = new Map<Site, readonly string[]>();
  for (const proposal of proposals) {
    refuseUnknown(Object.keys(proposal.entries), proposal.sites);
    for (const site of proposal.sites) {
      for (const other of proposed) {
        const [both] = shared(site, other);
        const layered = isBehind(site, other) || isBehind(other, site);
        if (other.id === site.id || (both && !layered))
          throw planConflict(site.id, other.id, both?.name);
      }
      proposed.push(site);
      columnOf.set(site, checkColumn(site, proposal.entries[site.id], calls));
    }
  }
  const sites = inLayers(proposed);
  checkSites(sites, calls);
  const whole = sites.map((site) =>
    Array.from({ length: calls }, (_, t) => columnOf.get(site)![t] ?? COMPUTE),
  );
  const rows = Array.from({ length: calls }, (_, t) => whole.map((column) => column[t]!));
  const single = proposals.flatMap((proposal) => proposal.parts ?? [proposal]);
  const rules = single.flatMap((proposal) => {
    const { sites: own, rule } = proposal;
    if (own.length === 0) return [];
    if (rule) return [ruleOf(own, rule, loop.guidance)];
    const placed = own.map((site) => whole[sites.indexOf(site)]!);
    return [placedRule(own, placed, loop)];
  });
  return { calls, sites, rows, rules };
}

/** The loop that calls are the last ones of. */
const shapeOf = (calls: number, { guidance, start = 0 }: PlanLoop): LoopShape => ({
  steps: start + stepsOfCalls(calls, guidance),
  start,
});

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
 * another model. A file for a loop of another length is placed in this one.
 * @param fixed whether the plan is for its own loop alone, and so must the file be
 * @throws PLAN_LENGTH, PLAN_UNKNOWN_SITE, PLAN_MISSING_SITES, PLAN_UNKNOWN_STRATEGY
 */
export function overridePlan(
  plan: Plan,
  file: Pick<PlanFile, 'calls' | 'sites' | 'calibration'>,
  loop: PlanLoop = {},
  fixed = false,
): Plan {
  const isOther = file.calls !== plan.calls;
  if (isOther && (fixed || !Number.isInteger(stepsOfCalls(file.calls, loop.guidance))))
    throw planCalls(file.calls, plan.calls);
  const listed = Object.keys(file.sites);
  refuseUnknown(listed, plan.sites);
  const missing = plan.sites.map((site) => site.id).filter((id) => !listed.includes(id));
  if (file.calibration && missing.length > 0)
    throw planMissingSites(
      missing,
      listed.length,
      plan.sites.map((site) => site.id),
    );
  const own = plan.sites.filter(({ id }) => listed.includes(id));
  if (own.length === 0) return plan;
  const columns = own.map((site) => checkColumn(site, file.sites[site.id], file.calls));
  // a file for another loop is for the whole of it, and nothing says where its steps lie
  const placed = placedRule(own, columns, isOther ? { guidance: loop.guidance } : loop);
  const taken = isOther ? columnsOf(placed, shapeOf(plan.calls, loop)) : columns;
  const rows = plan.rows.map((row, call) =>
    row.map((name, s) => taken[own.indexOf(plan.sites[s]!)]?.[call] ?? name),
  );
  if (!plan.rules) return { ...plan, rows };
  return { ...plan, rows, rules: [...rulesWithin(plan.rules, new Set(missing)), placed] };
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
