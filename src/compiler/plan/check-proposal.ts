/** What a pass proposes, before anything is made of it: names, parts and states that go together. */
import { proposalPart, proposalState, proposalStrategy } from '../../errors/index.js';
import { COMPUTE, type CompositeSite, type PlainSite, type Site } from './site.js';
import { partsOf } from './strategies.js';

/**
 * @param sites of all passes: a strategy may keep states of other sites
 * @throws PROPOSAL_STRATEGY, PROPOSAL_PART, PROPOSAL_STATE
 */
export function checkSites(sites: readonly Site[], calls: number): void {
  for (const site of sites) {
    for (const part of site.parts ?? []) checkNames(part);
    checkNames(site);
    if (site.parts) checkParts(site, calls);
  }
  checkStates(sites);
}

function checkNames({ id, strategies }: Site): void {
  if (!Object.hasOwn(strategies, COMPUTE)) throw proposalStrategy(id, `there is no "${COMPUTE}"`);
  for (const [name, strategy] of Object.entries(strategies))
    if (strategy.name !== name)
      throw proposalStrategy(id, `"${strategy.name}" goes by the name "${name}"`);
}

function checkParts({ id, parts, strategies }: CompositeSite, calls: number): void {
  const byId = new Map(parts.map((part) => [part.id, part]));
  for (const strategy of Object.values(strategies))
    for (let call = 0; call < calls; call++)
      for (const [part, name] of Object.entries(strategy.parts(call))) {
        const known = byId.get(part)?.strategies;
        if (!known)
          throw proposalPart(id, strategy.name, call, `for a part "${part}"`, [...byId.keys()]);
        if (!Object.hasOwn(known, name))
          throw proposalPart(
            id,
            strategy.name,
            call,
            `"${name}" for its part "${part}"`,
            Object.keys(known),
          );
      }
}

function checkStates(sites: readonly Site[]): void {
  const owners = new Map<string, string>();
  const parts = sites.flatMap(partsOf);
  for (const part of parts)
    for (const { id } of [...part.states, ...(part.parameters ?? [])]) {
      const other = owners.get(id);
      if (other !== undefined) throw proposalState(part.id, id, `is one of site "${other}" too`);
      owners.set(id, part.id);
    }
  for (const part of parts) checkHistory(part);
  for (const part of parts)
    for (const { name, reads, writes } of Object.values(part.strategies))
      for (const state of [...reads, ...Object.keys(writes)])
        if (!owners.has(state))
          throw proposalState(part.id, state, `is named by strategy "${name}", and is no state`, [
            ...owners.keys(),
          ]);
}

/** States that follow others, of one site, and in a row. */
function checkHistory({ id, states, strategies }: PlainSite): void {
  const followed = new Set<string>();
  for (const state of states) {
    const { follows } = state;
    if (follows === undefined) continue;
    // one that stands before it, so that no row closes
    const before = states.slice(0, states.indexOf(state));
    if (!before.some((other) => other.id === follows))
      throw proposalState(id, state.id, `follows "${follows}", which does not stand before it`);
    if (followed.has(follows))
      throw proposalState(id, state.id, `follows "${follows}", which another follows already`);
    followed.add(follows);
    const writer = Object.values(strategies).find(({ writes }) => Object.hasOwn(writes, state.id));
    if (writer)
      throw proposalState(
        id,
        state.id,
        `follows "${follows}", and strategy "${writer.name}" writes it`,
      );
  }
}
