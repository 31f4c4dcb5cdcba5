/**
 * States in calls that run one half of each guidance pair: of one that has the rows of both, the half is taken, and
 * what such a call keeps stands for both, so that a state is of one size in all calls; nothing reads the other half of
 * it (`refuseHalfKept`). Each state that is read or kept so becomes a place of its own at which programs choose.
 */
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { doubled, halfOf } from '../analysis/index.js';
import {
  COMPUTE,
  type FlatPlan,
  type HalfCalls,
  hasBothHalves,
  type PlainSite,
  type StateSpec,
  strategiesByName,
  strategyOf,
} from '../plan/index.js';
import type { InstrumentedSite, StateInfo } from './instrumented.js';

const HALF = 'half';

export class HalfRows {
  /** By state, what calls read of it. */
  readonly read = new Map<string, Value>();
  /** Identities that stand where programs choose. */
  readonly standIns: Node[] = [];
  private readonly specs: ReadonlyMap<string, StateSpec>;
  private readonly both: ReadonlySet<string>;

  constructor(
    private readonly graph: Graph,
    private readonly halves: HalfCalls,
    private readonly plan: FlatPlan,
    private readonly shapes: ShapeTable,
    private readonly states: ReadonlyMap<string, StateInfo>,
  ) {
    this.both = hasBothHalves(halves, plan);
    this.specs = new Map(plan.sites.flatMap((site) => site.states.map((spec) => [spec.id, spec])));
    for (const id of this.both) this.read.set(id, this.standIn(states.get(id)!.input));
  }

  /** The plan with a column for each place, and what was built with what programs choose there. */
  added(built: readonly InstrumentedSite[]): {
    readonly plan: FlatPlan;
    readonly sites: readonly InstrumentedSite[];
  } {
    const places = [...this.both].map((id) => this.reading(id));
    const sites = built.map((site, s) => this.keeping(site, s, places));
    const choice = this.halves.isHalf.map((half) => (half ? HALF : COMPUTE));
    return {
      plan: {
        ...this.plan,
        sites: [...this.plan.sites, ...places.map(({ site }) => site)],
        rows: this.plan.rows.map((row, call) => [...row, ...places.map(() => choice[call]!)]),
      },
      sites: [...sites, ...places],
    };
  }

  private reading(id: string): InstrumentedSite {
    const input = this.states.get(id)!.input;
    const { axis, size } = this.rowsOf(id);
    const taken = halfOf(this.builder, input, this.halves.site.halves.half, { axis, size });
    return this.place(`${id}.read`, this.read.get(id)!, taken);
  }

  /** With other values in place of those that calls on one half keep; each is a place of its own. */
  private keeping(site: InstrumentedSite, s: number, places: InstrumentedSite[]): InstrumentedSite {
    const atHalves = new Set(
      this.plan.rows.flatMap((row, call) => (this.halves.isHalf[call] ? [row[s]!] : [])),
    );
    const writes = [...site.writes].map(([strategy, kept]) => {
      if (!atHalves.has(strategy)) return [strategy, kept] as const;
      const chosen = [...kept].map(([id, value]) => {
        if (!this.both.has(id)) return [id, value] as const;
        const stand = this.standIn(value);
        const pair = doubled(this.builder, value, this.rowsOf(id).axis);
        places.push(this.place(`${id}.${strategy}.keep`, stand, pair));
        return [id, stand] as const;
      });
      return [strategy, new Map(chosen)] as const;
    });
    return { ...site, writes: new Map(writes) };
  }

  private rowsOf(id: string) {
    const { like } = this.specs.get(id)!;
    const axis = this.halves.site.halves.axisOf(like)!;
    return { axis, size: this.shapes.shape(like)?.[axis]?.constant };
  }

  private place(id: string, output: Value, atHalf: Value): InstrumentedSite {
    const site: PlainSite = {
      id: `${this.halves.site.id}.${id}`,
      description: 'the rows of a state',
      outputs: [],
      states: [],
      parent: this.halves.site.id,
      strategies: strategiesByName([
        strategyOf(COMPUTE, 'those of both halves'),
        strategyOf(HALF, 'those of the half that runs', { produce: () => [atHalf] }),
      ]),
    };
    return {
      site,
      outputs: [output],
      produced: new Map([[HALF, [atHalf]]]),
      writes: new Map(),
    };
  }

  private standIn(value: Value): Value {
    const node = this.graph.addNode({
      opType: 'Identity',
      inputs: [value],
      outputs: [`stepfold.${value.name}`],
    });
    this.standIns.push(node);
    return node.output;
  }

  private get builder() {
    const { graph } = this;
    return { graph, add: (spec: Parameters<Graph['addNode']>[0]) => graph.addNode(spec).output };
  }
}
