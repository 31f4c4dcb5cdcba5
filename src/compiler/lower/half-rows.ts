/**
 * States in calls that run one half of each guidance pair: of one that has the rows of both, the half is taken. What
 * such a call keeps nothing may read (`refuseHalfKept`). Each state that is read so becomes a place of its own at which
 * programs choose.
 */
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { halfOf } from '../analysis/index.js';
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
    plan: FlatPlan,
    private readonly shapes: ShapeTable,
    private readonly states: ReadonlyMap<string, StateInfo>,
  ) {
    this.both = hasBothHalves(halves, plan);
    this.specs = new Map(plan.sites.flatMap((site) => site.states.map((spec) => [spec.id, spec])));
    for (const id of this.both) this.read.set(id, this.standIn(states.get(id)!.input));
  }

  /** What was built, with what programs choose at each place. */
  added(built: readonly InstrumentedSite[]): readonly InstrumentedSite[] {
    return [...built, ...[...this.both].map((id) => this.reading(id))];
  }

  /**
   * A plan with a column for each place.
   * @param sites as `added` gave them
   */
  withPlaces(plan: FlatPlan, { isHalf }: HalfCalls, sites: readonly InstrumentedSite[]): FlatPlan {
    const places = sites.slice(plan.sites.length).map(({ site }) => site);
    return {
      ...plan,
      sites: [...plan.sites, ...places],
      rows: plan.rows.map((row, call) => [
        ...row,
        ...places.map(() => (isHalf[call] ? HALF : COMPUTE)),
      ]),
    };
  }

  private reading(id: string): InstrumentedSite {
    const { half, axisOf } = this.halves.site.halves;
    const { like } = this.specs.get(id)!;
    const axis = axisOf(like)!;
    const size = this.shapes.shape(like)?.[axis]?.constant;
    const atHalf = halfOf(this.builder, this.states.get(id)!.input, half, { axis, size });
    const site: PlainSite = {
      id: `${this.halves.site.id}.${id}.read`,
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
      outputs: [this.read.get(id)!],
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
