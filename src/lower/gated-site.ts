/** Sites as a merged graph sees them: their strategies, what each needs, which site lies in which. */
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { topologicalOrder } from '../ir/order.js';
import type { Value } from '../ir/value.js';
import { COMPUTE } from '../plan/index.js';
import type { Instrumented, InstrumentedSite } from './instrument.js';
import { type Alternatives, type StrategyValues, strategyRegion } from './region.js';

/** Inner sites first: the If of an inner site then lies within the region of the outer one. */
export function innerFirst(graph: Graph, sites: readonly GatedSite[]): GatedSite[] {
  const place = new Map(topologicalOrder(graph).map((node, i) => [node, i]));
  return sites
    .map((site) => ({
      site,
      size: site.region(COMPUTE, graph.outputs, alternativesOf(sites, site)).size,
      place: Math.max(0, ...site.outputs.map((v) => place.get(v.producer as Node) ?? 0)),
    }))
    .sort((a, b) => a.size - b.size || a.place - b.place)
    .map((entry) => entry.site);
}

/** What the values of sites can come from beside being computed, except for one site. */
export function alternativesOf(sites: readonly GatedSite[], except: GatedSite): Alternatives {
  return new Map(
    sites
      .filter((site) => site !== except)
      .flatMap((site) =>
        site.outputs.map((v, k) => [
          v,
          site.strategies.flatMap((name) => {
            const { makes, keeps } = site.under(name);
            return [...(name === COMPUTE ? [] : [makes[k]!]), ...keeps];
          }),
        ]),
      ),
  );
}

/** A site as the merged graph sees it: the strategies that programs really use, in a fixed order. */
export class GatedSite {
  readonly id: string;
  readonly outputs: readonly Value[];
  readonly strategies: readonly string[];

  constructor(
    private readonly instrumented: InstrumentedSite,
    readonly index: number,
    source: Instrumented,
    private readonly mapped: (v: Value) => Value,
  ) {
    this.id = instrumented.site.id;
    this.outputs = instrumented.outputs.map(mapped);
    const used = new Set(source.programs.map((p) => p.row[index]));
    this.strategies = Object.keys(instrumented.site.strategies).filter((name) => used.has(name));
  }

  statesWritten(needed: ReadonlySet<string>): string[] {
    return this.instrumented.site.states.map((s) => s.id).filter((id) => needed.has(id));
  }

  /** The site's values under a strategy. */
  values(strategy: string): readonly Value[] {
    return this.instrumented.produced.get(strategy)?.map(this.mapped) ?? this.outputs;
  }

  write(strategy: string, state: string): Value | undefined {
    const value = this.instrumented.writes.get(strategy)?.get(state);
    return value && this.mapped(value);
  }

  under(strategy: string): StrategyValues {
    const keeps = [...(this.instrumented.writes.get(strategy)?.values() ?? [])].map(this.mapped);
    return { makes: this.values(strategy), keeps };
  }

  /** Nodes of one strategy alone, given what else must be had. */
  region(strategy: string, roots: readonly Value[], alternatives: Alternatives): Set<Node> {
    const others = this.strategies.filter((name) => name !== strategy);
    return strategyRegion(
      this.outputs,
      this.under(strategy),
      others.map((name) => this.under(name)),
      roots,
      alternatives,
    );
  }

  /** The value of the strategy input that chooses a strategy. */
  choice(strategy: string | undefined): number {
    return Math.max(0, this.strategies.indexOf(strategy ?? COMPUTE));
  }
}
