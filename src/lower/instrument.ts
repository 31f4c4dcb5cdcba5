/**
 * The graph of all strategies at once: a copy of the source to which every strategy that the plan
 * uses has added its nodes, beside the computed ones. Programs of every emit form are views of it:
 * they choose, for each site, whose values to use, and drop the rest.
 *
 * What the emit forms may rely on: a site's value is never itself a graph output, nor what another
 * strategy or state is made of directly (an Identity stands in between), so that choosing for one
 * site never changes what another has chosen.
 */
import { cloneModel } from '../ir/clone.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { removeUnneeded } from '../ir/prune.js';
import { int64Tensor } from '../ir/tensor.js';
import type { DataType, Dim, ValueType } from '../ir/types.js';
import type { Use, Value } from '../ir/value.js';
import {
  analyzeFlow,
  assignPrograms,
  COMPUTE,
  type Plan,
  type ProgramFlow,
  type Site,
  type SiteBuilder,
} from '../plan/index.js';
import type { ShapeTable } from '../shape/index.js';
import { livenessUnder } from './liveness.js';
import { addStates } from './states.js';
import { typeLookup } from './value-types.js';

export interface InstrumentedSite {
  readonly site: Site;
  /** Those of the site's values that some call needs, in the instrumented graph, as computed. */
  readonly outputs: readonly Value[];
  /** By strategy: the values that take their place. */
  readonly produced: ReadonlyMap<string, readonly Value[]>;
  /** By strategy, then state: the value to keep. */
  readonly writes: ReadonlyMap<string, ReadonlyMap<string, Value>>;
}

export interface StateInfo {
  readonly id: string;
  readonly type: DataType;
  readonly shape: readonly Dim[];
  /** The graph input that carries it. */
  readonly input: Value;
}

export interface Instrumented {
  readonly model: Model;
  readonly sites: readonly InstrumentedSite[];
  /** States that some strategy of some call reads. */
  readonly states: ReadonlyMap<string, StateInfo>;
  readonly programs: readonly ProgramFlow[];
  /** The program of each call. */
  readonly calls: readonly string[];
  /** Inferred type of a value of this graph, for values that become inputs or outputs. */
  readonly typeOf: (value: Value) => ValueType | undefined;
}

/**
 * @throws PLAN_UNASSIGNED when a call reads what was never written; PLAN_STATE_SHAPE when the rank
 *   of a state is not known
 */
export function instrument(source: Model, shapes: ShapeTable, plan: Plan): Instrumented {
  const { model, map } = cloneModel(source);
  const states = addStates(model.graph, shapes, plan);
  const building = new Building(model.graph, map.values, states);
  building.freeGraphOutputs(plan.sites);
  const sites = plan.sites.map((site, s) =>
    building.site(site, [...new Set(plan.rows.map((row) => row[s] as string))]),
  );
  // a site's value may have moved to an Identity while strategies were built
  const resolved = sites.map((built) => ({
    ...built,
    outputs: building.copies(built.site.outputs),
  }));

  const reached = new Set<Value>();
  const flow = analyzeFlow(plan, livenessUnder(model.graph, resolved, states, reached));
  const used = resolved.map((built, s) => usedParts(built, s, flow, reached));
  const added = used.flatMap((u) => [
    ...[...u.produced.values()].flat(),
    ...[...u.writes.values()].flatMap((kept) => [...kept.values()]),
  ]);
  removeUnneeded(model.graph, [...model.graph.outputs, ...added]);
  for (const [id, { input }] of [...states]) {
    if (input.uses.size > 0 || added.includes(input)) continue;
    states.delete(id);
    model.graph.removeInput(input);
  }
  const typeOf = typeLookup(model, building.originals, shapes, used, states);
  return { model, sites: used, states, typeOf, ...assignPrograms(plan, flow) };
}

/** Of what was built for a site, that which some call needs; nothing of a site that none needs. */
function usedParts(
  built: InstrumentedSite,
  index: number,
  flow: readonly { row: readonly (string | undefined)[]; writes: readonly string[] }[],
  reached: ReadonlySet<Value>,
): InstrumentedSite {
  const written = new Map<string, Set<string>>();
  for (const { row, writes } of flow) {
    const name = row[index];
    if (name !== undefined) written.set(name, new Set([...(written.get(name) ?? []), ...writes]));
  }
  const live = (_: Value, k: number) => reached.has(built.outputs[k]!);
  return {
    ...built,
    outputs: built.outputs.filter(live),
    produced: new Map(
      [...built.produced]
        .filter(([name]) => written.has(name))
        .map(([name, values]) => [name, values.filter(live)]),
    ),
    writes: new Map(
      [...built.writes].map(([name, states]) => [
        name,
        new Map([...states].filter(([id]) => written.get(name)?.has(id))),
      ]),
    ),
  };
}

/** The graph while strategies add to it. */
class Building {
  /** From values of this graph to those of the source that they copy. */
  readonly originals: Map<Value, Value>;
  /** Values of sites before the Identity that took their place, by that Identity's output. */
  private readonly computed = new Map<Value, Value>();
  private readonly claimed: Set<Value>;

  constructor(
    private readonly graph: Graph,
    private readonly counterparts: Map<Value, Value>,
    private readonly states: ReadonlyMap<string, StateInfo>,
  ) {
    this.originals = new Map([...counterparts].map(([original, copy]) => [copy, original]));
    this.claimed = new Set();
  }

  copies(values: readonly Value[]): Value[] {
    return values.map((v) => this.counterparts.get(v) as Value);
  }

  /** A graph output that is itself a site's value gets a node of its own, which no site claims. */
  freeGraphOutputs(sites: readonly Site[]): void {
    for (const site of sites) for (const v of this.copies(site.outputs)) this.claimed.add(v);
    for (const output of [...this.graph.outputs])
      if (this.claimed.has(output)) this.standIn(output, (use) => use.user === this.graph);
  }

  site(site: Site, used: readonly string[]): InstrumentedSite {
    const produced = new Map<string, readonly Value[]>();
    const writes = new Map<string, ReadonlyMap<string, Value>>();
    for (const name of used) {
      const strategy = site.strategies[name];
      const values = strategy?.produce?.(this.builder((v) => this.computedValue(site, v)));
      if (values)
        produced.set(
          name,
          values.map((v) => this.ownNode(v, true)),
        );
    }
    for (const name of used) {
      const made = new Map<string, Value>();
      const instead = produced.get(name);
      const builder = this.builder((v) => {
        const k = site.outputs.indexOf(v);
        return (k < 0 ? undefined : instead?.[k]) ?? (this.counterparts.get(v) as Value);
      });
      for (const [state, write] of Object.entries(site.strategies[name]?.writes ?? {})) {
        const value = write(builder);
        const own = name === COMPUTE && this.copies(site.outputs).includes(value);
        made.set(state, own ? value : this.ownNode(value, false));
      }
      writes.set(name, made);
    }
    return { site, outputs: this.copies(site.outputs), produced, writes };
  }

  private builder(value: (source: Value) => Value): SiteBuilder {
    return {
      graph: this.graph,
      value,
      state: (id) => this.states.get(id)!.input,
      add: (spec) => this.graph.addNode(spec).output,
      constant: (name, values) => this.graph.addInitializer(name, int64Tensor(values)),
    };
  }

  /** A strategy that builds on its own site's value means the computed one. */
  private computedValue(site: Site, original: Value): Value {
    const copy = this.counterparts.get(original) as Value;
    if (!site.outputs.includes(original)) return copy;
    const known = this.computed.get(copy);
    if (known) return known;
    const standIn = this.standIn(copy, () => true);
    this.counterparts.set(original, standIn);
    this.claimed.delete(copy);
    this.claimed.add(standIn);
    this.computed.set(standIn, copy);
    return copy;
  }

  /** An Identity that takes over a value's name and those of its uses that `where` says. */
  private standIn(value: Value, where: (use: Use) => boolean): Value {
    const { name, type } = value;
    this.graph.giveUpName(value, `${name}.computed`);
    const node = this.graph.addNode({ opType: 'Identity', inputs: [value], outputs: [name] });
    node.output.type = type;
    const original = this.originals.get(value);
    if (original) this.originals.set(node.output, original);
    this.graph.replaceUses(value, node.output, (use) => use.user !== node && where(use));
    return node.output;
  }

  /** The value, by way of an Identity where it is a site's, or nothing in the graph makes it. */
  private ownNode(value: Value, stateAllowed: boolean): Value {
    const isState = [...this.states.values()].some(({ input }) => input === value);
    const plain = value.producer ? !this.claimed.has(value) : isState && stateAllowed;
    if (plain) return value;
    return this.graph.addNode({
      opType: 'Identity',
      inputs: [value],
      outputs: [`stepfold.${value.name}`],
    }).output;
  }
}
