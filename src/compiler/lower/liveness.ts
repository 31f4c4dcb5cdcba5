/** What a call depends on: sites and states reached from its outputs and the states it writes. */

import type { Graph } from '../../model/ir/graph.js';
import { nodeDependencies } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Value } from '../../model/ir/value.js';
import type { LiveUnder } from '../plan/index.js';
import type { InstrumentedSite, StateInfo } from './instrumented.js';

/**
 * Walks the graph as a row of the plan makes it: each site's values by their strategy.
 * @param reached takes up the values of sites that were needed in any walk
 */
export function livenessUnder(
  graph: Graph,
  sites: readonly InstrumentedSite[],
  states: ReadonlyMap<string, StateInfo>,
  reached: Set<Value>,
): LiveUnder {
  const siteOf = new Map<Value, readonly [site: number, output: number]>();
  sites.forEach((site, s) => {
    site.outputs.forEach((v, k) => {
      siteOf.set(v, [s, k]);
    });
  });
  const stateOf = new Map([...states].map(([id, { input }]) => [input, id]));
  return (row, writes) => {
    const live = new Set<number>();
    const read = new Set<string>();
    const seen = new Set<Value>();
    const stack: Value[] = [];
    const written = new Set(writes);
    const reach = (s: number) => {
      if (live.has(s)) return;
      live.add(s);
      for (const [state, value] of sites[s]!.writes.get(row[s] as string) ?? [])
        if (written.has(state)) stack.push(value);
    };
    pushAll(stack, graph.outputs);
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (seen.has(value)) continue;
      seen.add(value);
      const state = stateOf.get(value);
      if (state !== undefined) read.add(state);
      const [s, k] = siteOf.get(value) ?? [];
      if (s !== undefined && k !== undefined) {
        reach(s);
        reached.add(value);
        const instead = sites[s]?.produced.get(row[s] as string)?.[k];
        if (instead) {
          stack.push(instead);
          continue;
        }
      }
      if (value.producer) pushAll(stack, nodeDependencies(value.producer));
    }
    // in the order of the plan, so that schedules do not depend on the order of the walk
    return { sites: live, states: new Set([...states.keys()].filter((id) => read.has(id))) };
  };
}
