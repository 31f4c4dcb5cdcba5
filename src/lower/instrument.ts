/**
 * The graph of all strategies at once: a copy of the source to which every strategy that the plan
 * uses has added its nodes, beside the computed ones. Programs of every emit form are views of it:
 * they choose, for each site, whose values to use, and drop the rest.
 */
import { cloneModel } from '../ir/clone.js';
import type { Model } from '../ir/model.js';
import { nodeDependencies } from '../ir/order.js';
import { int64Tensor } from '../ir/tensor.js';
import { type DataType, type Dim, tensorType, type ValueType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import {
  analyzeFlow,
  assignPrograms,
  type Plan,
  type ProgramFlow,
  type Site,
  type SiteBuilder,
} from '../plan/index.js';
import type { ShapeTable } from '../shape/index.js';
import { stateInputName } from './names.js';

export interface InstrumentedSite {
  readonly site: Site;
  /** The site's values in the instrumented graph, as computed. */
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
  readonly states: ReadonlyMap<string, StateInfo>;
  readonly programs: readonly ProgramFlow[];
  /** The program of each call. */
  readonly calls: readonly string[];
  /** Inferred type of a value of this graph, for values that become inputs or outputs. */
  readonly typeOf: (value: Value) => ValueType | undefined;
}

/** @throws the PLAN_ errors of a plan that reads what was never written */
export function instrument(source: Model, shapes: ShapeTable, plan: Plan): Instrumented {
  const { model, map } = cloneModel(source);
  const { graph } = model;
  const states = new Map<string, StateInfo>();
  const stateInput = (id: string) => states.get(id)!.input;
  for (const site of plan.sites) {
    for (const spec of site.states) {
      const shape = shapes.shape(spec.like)?.map((d): Dim => d.constant ?? d.toString()) ?? [];
      const type = shapes.dtype(spec.like) ?? 'float32';
      const input = graph.addInput(stateInputName(spec.id), tensorType(type, shape));
      states.set(spec.id, { id: spec.id, type, shape, input });
    }
  }
  const builder: SiteBuilder = {
    graph,
    value: (v) => map.values.get(v) as Value,
    state: stateInput,
    add: (spec) => graph.addNode(spec).output,
    constant: (name, values) => graph.addInitializer(name, int64Tensor(values)),
  };

  const sites = plan.sites.map((site, s) => {
    const used = new Set(plan.rows.map((row) => row[s] as string));
    const produced = new Map<string, readonly Value[]>();
    for (const name of used) {
      const values = site.strategies[name]?.produce?.(builder);
      if (values) produced.set(name, values);
    }
    return {
      site,
      outputs: site.outputs.map((v) => builder.value(v)),
      produced,
      writes: new Map<string, Map<string, Value>>(),
    };
  });

  const flow = analyzeFlow(plan, (row) => liveSites(graph.outputs, sites, row));
  for (const call of flow) {
    call.row.forEach((name, s) => {
      const site = sites[s]!;
      for (const state of call.writes) {
        const write = name === undefined ? undefined : site.site.strategies[name]?.writes[state];
        if (!write || name === undefined) continue;
        const made = site.writes.get(name) ?? new Map<string, Value>();
        if (!made.has(state)) made.set(state, write(builder));
        site.writes.set(name, made);
      }
    });
  }
  const carried = new Set(flow.flatMap((call) => [...call.reads, ...call.writes]));
  for (const [id, info] of [...states]) {
    if (carried.has(id)) continue;
    states.delete(id);
    graph.removeInput(info.input);
  }
  const typeOf = typeLookup(map.values, shapes, sites);
  return { model, sites, states, typeOf, ...assignPrograms(plan, flow) };
}

/** Types inferred for the source hold for its copy; a value that stands in for another has its type. */
function typeLookup(
  copies: ReadonlyMap<Value, Value>,
  shapes: ShapeTable,
  sites: readonly InstrumentedSite[],
): (value: Value) => ValueType | undefined {
  const originals = new Map([...copies].map(([original, copy]) => [copy, original]));
  for (const site of sites)
    for (const values of site.produced.values())
      values.forEach((value, k) => {
        const original = originals.get(site.outputs[k]!);
        if (original && !originals.has(value)) originals.set(value, original);
      });
  return (value) => {
    const original = originals.get(value);
    const dtype = original && shapes.dtype(original);
    if (!original || !dtype) return value.type;
    return tensorType(
      dtype,
      shapes.shape(original)?.map((d) => d.constant ?? d.toString()),
    );
  };
}

/** Sites that the outputs depend on when each site is produced as the row says. */
function liveSites(
  outputs: readonly Value[],
  sites: readonly Omit<InstrumentedSite, 'writes'>[],
  row: readonly string[],
): Set<number> {
  const siteOf = new Map<Value, readonly [number, number]>();
  sites.forEach((site, s) => {
    site.outputs.forEach((v, k) => {
      siteOf.set(v, [s, k]);
    });
  });
  const live = new Set<number>();
  const seen = new Set<Value>();
  const stack = [...outputs];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    const at = siteOf.get(value);
    if (at) {
      live.add(at[0]);
      const instead = sites[at[0]]?.produced.get(row[at[0]] as string)?.[at[1]];
      if (instead) {
        stack.push(instead);
        continue;
      }
    }
    if (value.producer) stack.push(...nodeDependencies(value.producer));
  }
  return live;
}
