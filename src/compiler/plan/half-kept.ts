/** States in calls that run one half of each guidance pair: what such a call keeps, no call may read. */
import { planHalfKept } from '../../errors/index.js';
import type { HalfCalls } from './half-calls.js';
import { Histories, Writers } from './histories.js';
import type { FlatPlan } from './parts.js';
import { COMPUTE } from './site.js';
import type { Variant } from './variants.js';

/** Does a state of another site have rows of both halves? What comes behind keeps what leaves, which always has. */
export const hasBothHalves = ({ site }: HalfCalls, { sites }: FlatPlan): Set<string> =>
  new Set(
    sites
      .filter(({ id, parent }) => (parent ?? id) !== site.id)
      .flatMap(({ states, behind }) =>
        states.filter(({ like }) => !(behind && site.outputs.includes(like))),
      )
      .filter(({ like }) => site.halves.axisOf(like) !== undefined)
      .map(({ id }) => id),
  );

/** @throws PLAN_HALF_KEPT naming both sites, the call and the state */
export function refuseHalfKept(halves: HalfCalls, plan: FlatPlan, calls: readonly Variant[]): void {
  const histories = new Histories(plan.sites);
  const writers = new Writers(histories);
  const both = hasBothHalves(halves, plan);
  for (const [call, { row, reads, writes }] of calls.entries()) {
    for (const state of reads) {
      if (histories.isParameter(state) || !both.has(state)) continue;
      const half = writers.of(state).find((writer) => halves.isHalf[writer]);
      if (half === undefined) continue;
      const owner = plan.sites.find(({ states }) => states.some(({ id }) => id === state))!;
      const strategy = row[plan.sites.indexOf(owner)] ?? COMPUTE;
      throw planHalfKept({
        site: owner.parent ?? owner.id,
        by: halves.site.id,
        call,
        strategy,
        state,
        half,
      });
    }
    for (const state of writes) writers.write(state, call);
  }
}
