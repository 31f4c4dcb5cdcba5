/** Sites as a merged graph sees them: their alternatives, what each needs, which lies in which. */
import { isHeavy } from '../cost/index.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { nodeDependencies, topologicalOrder } from '../ir/order.js';
import type { Value } from '../ir/value.js';
import type { ProgramFlow } from '../plan/index.js';
import type { Instrumented, InstrumentedSite } from './instrument.js';
import {
  type Alternatives,
  type Needs,
  reachNodes,
  regionsOf,
  type StrategyValues,
} from './region.js';

/** Inner sites first: the If of an inner site then lies within the region of the outer one. */
export function innerFirst(graph: Graph, sites: readonly GatedSite[]): GatedSite[] {
  const place = new Map(topologicalOrder(graph).map((node, i) => [node, i]));
  return sites
    .map((site, listed) => ({
      site,
      listed,
      size: site.computedRegion(graph.outputs, alternativesOf(sites, site)).size,
      place: Math.max(0, ...site.outputs.map((v) => place.get(v.producer as Node) ?? 0)),
    }))
    .sort((a, b) => a.size - b.size || a.place - b.place || a.listed - b.listed)
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
          site.alternatives.flatMap(({ makes, keeps }) => [
            ...(makes[k] === v ? [] : [makes[k]!]),
            ...keeps.values(),
          ]),
        ]),
      ),
  );
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
 * A site with the alternatives that programs really use, in a fixed order. A strategy is one
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

  constructor(
    private readonly instrumented: InstrumentedSite,
    private readonly index: number,
    source: Instrumented,
    private readonly mapped: (v: Value) => Value,
  ) {
    const { site } = instrumented;
    this.id = site.id;
    this.owner = site.parent ?? site.id;
    this.outputs = instrumented.outputs.map(mapped);
    const order = Object.keys(site.strategies);
    const users = source.programs
      .filter((program) => program.row[index] !== undefined)
      .sort((a, b) => order.indexOf(a.row[index]!) - order.indexOf(b.row[index]!));
    const found: { makes: readonly Value[]; keeps: Map<string, Value>; free: boolean }[] = [];
    for (const program of users) {
      const { makes, keeps } = this.alternative(program);
      const free = [...keeps.values()].every((v) => costsNothing(v, makes));
      let at = found.findIndex(
        (other) =>
          equal(other.makes, makes) && ((free && other.free) || equalMaps(other.keeps, keeps)),
      );
      if (at < 0) at = found.push({ makes, keeps: new Map(keeps), free }) - 1;
      else for (const [state, value] of keeps) found[at]!.keeps.set(state, value);
      this.choices.set(this.key(program), at);
    }
    this.alternatives = found;
  }

  /** Does some program compute the site? */
  get isComputed(): boolean {
    return this.alternatives.some(({ makes }) => equal(makes, this.outputs));
  }

  /** Every value that some alternative makes or keeps. */
  values(): Value[] {
    return this.alternatives.flatMap(({ makes, keeps }) => [...makes, ...keeps.values()]);
  }

  /** Nodes of each alternative alone, or of a few, given what is needed in any case. */
  regions(outside: ReadonlySet<Node>, alternatives: Alternatives, needs: Needs): Set<Node>[] {
    const all = this.alternatives.map(valuesOf);
    return regionsOf(this.outputs, all, outside, alternatives, needs.of);
  }

  /** Nodes that exist for the sake of computing the site, whether or not a program does. */
  computedRegion(roots: readonly Value[], alternatives: Alternatives): Set<Node> {
    const outside = reachNodes({ from: roots, given: new Set(this.outputs), alternatives });
    const others = this.alternatives.filter(({ makes }) => !equal(makes, this.outputs));
    const computed = { makes: this.outputs, keeps: [] };
    const all = [computed, ...others.map(valuesOf)];
    return regionsOf(this.outputs, all, outside, alternatives)[0]!;
  }

  /** Which alternative a program takes; the first where the site is not live in it. */
  choice(program: ProgramFlow): number {
    return this.choices.get(this.key(program)) ?? 0;
  }

  private alternative(program: ProgramFlow): Alternative {
    const name = program.row[this.index] as string;
    const kept = [...(this.instrumented.writes.get(name) ?? [])];
    return {
      makes: this.instrumented.produced.get(name)?.map(this.mapped) ?? this.outputs,
      keeps: new Map(
        kept
          .filter(([state]) => program.writes.includes(state))
          .map(([state, value]) => [state, this.mapped(value)]),
      ),
    };
  }

  private key(program: ProgramFlow): string {
    const name = program.row[this.index];
    if (name === undefined) return '';
    const states = [...(this.instrumented.writes.get(name)?.keys() ?? [])];
    return `${name}>${states.filter((s) => program.writes.includes(s)).join('>')}`;
  }
}

/**
 * Is a value to be had besides others for nothing, or by element-wise work, which is nothing beside the
 * products that the others take? Not from an input that the others do not read: a call that need not
 * keep the value may have been given a placeholder there.
 */
function costsNothing(value: Value, others: readonly Value[]): boolean {
  if (others.includes(value)) return true;
  const known = reachNodes({ from: others });
  if (![...known].some(isHeavy)) return false;
  const read = new Set([...known].flatMap(nodeDependencies));
  const more = reachNodes({ from: [value], known });
  const isThere = (v: Value) =>
    v.producer !== undefined || v.initializer !== undefined || read.has(v);
  return [...more].every((node) => !isHeavy(node) && nodeDependencies(node).every(isThere));
}

const equal = (a: readonly Value[], b: readonly Value[]) =>
  a.length === b.length && a.every((v, i) => v === b[i]);

const equalMaps = (a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>) =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
