/** Sites as a merged graph sees them: their alternatives, what each needs, which lies in which. */
import type { Graph } from '../../model/ir/graph.js';
import { Holders } from '../../model/ir/holders.js';
import type { Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import type { NamedVariant } from '../plan/index.js';
import { costsNothing } from './beside.js';
import type { Instrumented, InstrumentedSite } from './instrumented.js';
import { ownNodes } from './own-nodes.js';
import { reachNodes, regionsOf, type StrategyValues } from './region.js';

/**
 * Inner sites first: the If of an inner site then lies within the region of the outer one. Costs a walk
 * over the graph, and one over what exists for each site's sake.
 * @param place of each node in topological order
 */
export function innerFirst(
  graph: Graph,
  sites: readonly GatedSite[],
  place: ReadonlyMap<Node, number>,
): GatedSite[] {
  const ways = new Ways(graph, sites);
  return sites
    .map((site) => ({
      site,
      size: ways.computedRegion(site).size,
      place: Math.max(0, ...site.outputs.map((v) => place.get(v.producer as Node) ?? 0)),
    }))
    .sort((a, b) => a.size - b.size || a.place - b.place)
    .map((entry) => entry.site);
}

/** What the values of all sites can come from beside being computed. */
class Ways {
  private readonly alternatives = new Map<Value, readonly Value[]>();
  private readonly standsFor = new Map<Value, Value[]>();
  private readonly live: ReadonlySet<Node>;
  /** Nodes that are needed where every site is computed and nothing is kept. */
  private readonly plain: ReadonlySet<Node>;
  private readonly holders: Holders;
  private readonly outputs: ReadonlySet<Value>;

  constructor(graph: Graph, sites: readonly GatedSite[]) {
    for (const site of sites)
      site.outputs.forEach((output, k) => {
        const others = site.alternatives.flatMap(({ makes, keeps }) => [
          ...(makes[k] === output ? [] : [makes[k]!]),
          ...keeps.values(),
        ]);
        this.alternatives.set(output, others);
        for (const other of new Set(others)) {
          const known = this.standsFor.get(other);
          if (known) known.push(output);
          else this.standsFor.set(other, [output]);
        }
      });
    this.holders = new Holders(graph);
    this.outputs = new Set(graph.outputs);
    this.plain = reachNodes({ from: graph.outputs });
    this.live = reachNodes({
      from: graph.outputs,
      alternatives: (value) => this.alternatives.get(value) ?? [],
    });
  }

  /** Nodes that exist for the sake of computing a site, whether or not a variant does. */
  computedRegion(site: GatedSite): Set<Node> {
    const given = new Set(site.outputs);
    const alternatives = (value: Value) =>
      given.has(value) ? [] : (this.alternatives.get(value) ?? []);
    const own = ownNodes({
      from: [...site.outputs, ...site.values()],
      given,
      isRoot: (value) => this.outputs.has(value),
      isLive: (node) => this.live.has(node),
      isAside: (node) => !this.plain.has(node),
      holderOf: this.holders.of,
      alternatives,
      standsFor: (value) => this.standsFor.get(value) ?? [],
    });
    const others = site.alternatives.filter(({ makes }) => !equal(makes, site.outputs));
    const computed = { makes: site.outputs, keeps: [] };
    const all = [computed, ...others.map(valuesOf)];
    return regionsOf(site.outputs, all, own, alternatives)[0]!;
  }
}

/** One branch of a site: what it makes, and what it keeps as states. */
export interface Alternative {
  readonly makes: readonly Value[];
  readonly keeps: ReadonlyMap<string, Value>;
}

const valuesOf = ({ makes, keeps }: Alternative): StrategyValues => ({
  makes,
  keeps: [...keeps.values()],
});

/**
 * A site with the alternatives that variants really use, in a fixed order. A strategy is one
 * alternative, whatever it keeps, as long as keeping costs no product; else it is one with and one
 * without, so that a call which need not keep a state does not compute it.
 */
export class GatedSite {
  readonly id: string;
  /** Id of the site that this is a part of, or its own. */
  readonly owner: string;
  readonly outputs: readonly Value[];
  readonly alternatives: readonly Alternative[];
  private readonly choices = new Map<string, number>();

  /**
   * @param writes by variant, the states that it writes
   * @param place of each node in topological order
   */
  constructor(
    private readonly instrumented: InstrumentedSite,
    private readonly index: number,
    source: Instrumented,
    private readonly writes: ReadonlyMap<NamedVariant, ReadonlySet<string>>,
    private readonly mapped: (v: Value) => Value,
    place: ReadonlyMap<Node, number>,
  ) {
    const { site } = instrumented;
    this.id = site.id;
    this.owner = site.parent ?? site.id;
    this.outputs = instrumented.outputs.map(mapped);
    const order = Object.keys(site.strategies);
    const users = source.variants
      .filter((variant) => variant.row[index] !== undefined)
      .sort((a, b) => order.indexOf(a.row[index]!) - order.indexOf(b.row[index]!));
    const found: { makes: readonly Value[]; keeps: Map<string, Value>; free: boolean }[] = [];
    for (const variant of users) {
      const { makes, keeps } = this.alternative(variant);
      const free = [...keeps.values()].every((v) => costsNothing(v, makes, place));
      let at = found.findIndex(
        (other) =>
          equal(other.makes, makes) && ((free && other.free) || equalMaps(other.keeps, keeps)),
      );
      if (at < 0) at = found.push({ makes, keeps: new Map(keeps), free }) - 1;
      else for (const [state, value] of keeps) found[at]!.keeps.set(state, value);
      this.choices.set(this.key(variant), at);
    }
    this.alternatives = found;
  }

  /** Does some variant compute the site? */
  get isComputed(): boolean {
    return this.alternatives.some(({ makes }) => equal(makes, this.outputs));
  }

  /** Every value that some alternative makes or keeps. */
  values(): Value[] {
    return this.alternatives.flatMap(({ makes, keeps }) => [...makes, ...keeps.values()]);
  }

  /** Nodes of each alternative alone, or of a few, of those that are not needed in any case. */
  regions(own: ReadonlySet<Node>): Set<Node>[] {
    return regionsOf(this.outputs, this.alternatives.map(valuesOf), own);
  }

  /** Which alternative a variant takes; the first where the site is not live in it. */
  choice(variant: NamedVariant): number {
    return this.choices.get(this.key(variant)) ?? 0;
  }

  private alternative(variant: NamedVariant): Alternative {
    const name = variant.row[this.index] as string;
    const kept = [...(this.instrumented.writes.get(name) ?? [])];
    const written = this.writes.get(variant)!;
    return {
      makes: this.instrumented.produced.get(name)?.map(this.mapped) ?? this.outputs,
      keeps: new Map(
        kept
          .filter(([state]) => written.has(state))
          .map(([state, value]) => [state, this.mapped(value)]),
      ),
    };
  }

  private key(variant: NamedVariant): string {
    const name = variant.row[this.index];
    if (name === undefined) return '';
    const states = [...(this.instrumented.writes.get(name)?.keys() ?? [])];
    const written = this.writes.get(variant)!;
    return `${name}>${states.filter((s) => written.has(s)).join('>')}`;
  }
}

const equal = (a: readonly Value[], b: readonly Value[]) =>
  a.length === b.length && a.every((v, i) => v === b[i]);

const equalMaps = (a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>) =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
