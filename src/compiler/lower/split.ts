/**
 * `split`: one self-contained model per variant. Variants that differ only in the names of
 * their states share a model; so do those that differ only in what they write, as long as writing costs
 * no product: the runtime fetches just the outputs it needs.
 */
import { cloneModel } from '../../model/ir/clone.js';
import { groupBy } from '../../model/ir/group-by.js';
import type { Model } from '../../model/ir/model.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import { tensorType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import { type NamedVariant, rowKey } from '../plan/index.js';
import { costsNothing, isMadeFor, placesOf } from './beside.js';
import type { Instrumented } from './instrumented.js';
import type { Lowered, Run } from './lowered.js';
import type { InterfaceNames } from './names.js';
import { addNamedOutput, dropUnusedInputs, unusedInputs } from './outputs.js';
import { sameModel } from './same-model.js';

export function lowerSplit(source: Instrumented): Lowered {
  const models = new Map<string, Model>();
  const programs = new Map<string, readonly Run[]>();
  for (const group of byRow(source.variants)) {
    const union = [...new Set(group.flatMap((p) => p.writes))].sort();
    // a variant of other loops alone may write more than any of this one, and has no plain name
    const plain = group.find(({ name }) => source.calls.includes(name)) ?? group[0]!;
    const shared = variantModel(source, plain, union, group[0]!);
    const free = group.length === 1 || keepsForNothing(shared, source.names, union);
    for (const variant of group) {
      const own = free ? shared : variantModel(source, variant, variant.writes);
      const { id, names } = takenUp(models, own, source.names) ?? {
        id: free ? plain.name : variant.name,
        names: undefined,
      };
      if (!names) models.set(id, own);
      programs.set(variant.name, [run(id, own, variant, source.names, names)]);
    }
  }
  return { emit: 'split', models, programs };
}

/** The model that does the same already, and what its inputs and outputs are called. */
function takenUp(
  models: ReadonlyMap<string, Model>,
  model: Model,
  own: InterfaceNames,
): { id: string; names: ReadonlyMap<string, string> } | undefined {
  for (const [id, other] of models) {
    const names = sameModel(other, model, (name) => own.isState(name));
    if (names) return { id, names };
  }
  return undefined;
}

/** Beside products, element-wise work is nothing: a second copy of the weights costs more. */
function keepsForNothing(
  { graph }: Model,
  names: InterfaceNames,
  states: readonly string[],
): boolean {
  const kept = new Set(states.map((state) => names.stateOutput(state)));
  const others = graph.outputs.filter((v) => !kept.has(v.name));
  const place = placesOf(graph);
  return graph.outputs.every(
    (value) =>
      !kept.has(value.name) ||
      isMadeFor(others, value, place) ||
      costsNothing(value, others, place),
  );
}

/** The one that writes most names the model that all of a group may share. */
const byRow = (variants: readonly NamedVariant[]): NamedVariant[][] =>
  [...groupBy(variants, ({ row }) => rowKey(row)).values()].map((group) =>
    group.sort((a, b) => b.writes.length - a.writes.length),
  );

function variantModel(
  source: Instrumented,
  variant: NamedVariant,
  writes: readonly string[],
  keeping: NamedVariant = variant,
): Model {
  const keep = unusedInputs(source);
  const { model, map } = cloneModel(source.model);
  const { graph } = model;
  const mapped = (v: Value) => map.values.get(v) as Value;
  source.sites.forEach((site, s) => {
    const produced = site.produced.get(variant.row[s] ?? '');
    produced?.forEach((value, k) => {
      graph.replaceUses(mapped(site.outputs[k]!), mapped(value));
    });
  });
  const values = writtenValues(source, keeping);
  for (const state of writes) {
    const { type, shape } = source.states.get(state)!;
    addNamedOutput(
      graph,
      source.names.stateOutput(state),
      mapped(values.get(state)!),
      tensorType(type, shape),
    );
  }
  for (const node of source.standIns) {
    const copy = map.nodes.get(node);
    if (copy && !copy.output.isGraphOutput) graph.replaceUses(copy.output, copy.inputs[0]!);
  }
  removeDeadNodes(graph);
  dropUnusedInputs(graph, keep);
  graph.name = `${graph.name || 'graph'}.${variant.name}`;
  return model;
}

/** The values that a variant keeps, by state. */
export function writtenValues(source: Instrumented, variant: NamedVariant): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [s, site] of source.sites.entries())
    for (const [state, value] of site.writes.get(variant.row[s] ?? '') ?? [])
      values.set(state, value);
  return values;
}

/** @param names of the model that is run in place of the variant's own */
function run(
  id: string,
  { graph }: Model,
  variant: NamedVariant,
  own: InterfaceNames,
  names: ReadonlyMap<string, string> = new Map(),
): Run {
  const inputs = new Set(graph.inputs.map((v) => v.name));
  const reads = variant.reads.filter((state) => inputs.has(own.stateInput(state)));
  const named = (name: string) => names.get(name) ?? name;
  return {
    model: id,
    ...(reads.length > 0 && {
      reads: Object.fromEntries(reads.map((state) => [named(own.stateInput(state)), state])),
    }),
    ...(variant.writes.length > 0 && {
      writes: Object.fromEntries(
        variant.writes.map((state) => [state, named(own.stateOutput(state))]),
      ),
    }),
  };
}
