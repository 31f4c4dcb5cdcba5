/** What a call depends on: sites and states reached from its outputs and the states it writes. */

import type { Graph } from '../../model/ir/graph.js';
import { nodeDependencies } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Value } from '../../model/ir/value.js';
import type { LiveUnder } from '../plan/index.js';
import type { InstrumentedSite, StateInfo } from './instrumented.js';

/**
 * Walks the graph as a row of the plan makes it: each site's values by their strategy. The graph must stay as it is.
 * @param reached takes up the values of sites that were needed in any walk
 */
export function livenessUnder(
  graph: Graph,
  sites: readonly InstrumentedSite[],
  states: ReadonlyMap<string, StateInfo>,
  reached: Set<Value>,
): LiveUnder {
  const numbered = new NumberedValues();
  const siteOf = new Map<number, readonly [site: number, output: number]>();
  sites.forEach((site, s) => {
    site.outputs.forEach((v, k) => {
      siteOf.set(numbered.of(v), [s, k]);
    });
  });
  const stateOf = new Map([...states].map(([id, { input }]) => [numbered.of(input), id]));
  /** By value, the last walk that came by. */
  const seen: number[] = [];
  let walk = 0;
  return (row, writes) => {
    walk++;
    const live = new Set<number>();
    const read = new Set<string>();
    const stack: number[] = [];
    const written = new Set(writes);
    const reach = (s: number) => {
      if (live.has(s)) return;
      live.add(s);
      for (const [state, value] of sites[s]!.writes.get(row[s] as string) ?? [])
        if (written.has(state)) stack.push(numbered.of(value));
    };
    for (const output of graph.outputs) stack.push(numbered.of(output));
    for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
      if (seen[value] === walk) continue;
      seen[value] = walk;
      const state = stateOf.get(value);
      if (state !== undefined) read.add(state);
      const [s, k] = siteOf.get(value) ?? [];
      if (s !== undefined && k !== undefined) {
        reach(s);
        reached.add(sites[s]!.outputs[k]!);
        const instead = sites[s]?.produced.get(row[s] as string)?.[k];
        if (instead) {
          stack.push(numbered.of(instead));
          continue;
        }
      }
      pushAll(stack, numbered.needs(value));
    }
    // in the order of the plan, so that schedules do not depend on the order of the walk
    return { sites: live, states: new Set([...states.keys()].filter((id) => read.has(id))) };
  };
}

const NONE: readonly number[] = [];

/** Values as numbers, and what each is made of: found once for all of a plan's calls, each of which is a walk. */
class NumberedValues {
  private readonly numbers = new Map<Value, number>();
  private readonly values: Value[] = [];
  private readonly needed: (readonly number[] | undefined)[] = [];

  of(value: Value): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    this.numbers.set(value, this.values.length);
    return this.values.push(value) - 1;
  }

  /** What the node that makes a value needs. */
  needs(value: number): readonly number[] {
    const known = this.needed[value];
    if (known) return known;
    const { producer } = this.values[value]!;
    const needed = producer ? nodeDependencies(producer).map((other) => this.of(other)) : NONE;
    this.needed[value] = needed;
    return needed;
  }
}
