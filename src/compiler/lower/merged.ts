/**
 * `merged`: one model for all variants. Each site with more than one strategy becomes an ONNX `If`
 * on a strategy input; a branch holds only the nodes that no other branch and nothing outside
 * needs, and weights stay in the main graph, each stored once. States are inputs and outputs of the
 * one model: a branch that does not write a state passes it through.
 */

import { planNotMergeable } from '../../errors/index.js';
import { cloneModel } from '../../model/ir/clone.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { findCycle } from '../../model/ir/order.js';
import { removeDeadNodes, removeUnneeded } from '../../model/ir/prune.js';
import type { Value } from '../../model/ir/value.js';
import type { NamedVariant } from '../plan/index.js';
import { placesOf } from './beside.js';
import { GatedSite, innerFirst } from './gated-site.js';
import { Gating } from './gating.js';
import { ifName } from './if-node.js';
import type { Instrumented } from './instrumented.js';
import { Kept } from './kept.js';
import type { Lowered, Run } from './lowered.js';
import { addNamedOutput, dropUnusedInputs, unusedInputs } from './outputs.js';
import { type Choices, spareDeadCode } from './spare.js';
import { inputType, outputType, stateSymbols } from './state-sizes.js';
import { StrategyInputs } from './strategy-inputs.js';

const MODEL = 'merged';

export interface MergedOptions {
  /** Each site will be told by itself what to do, also what no variant does: nothing follows from what variants need. */
  readonly siteBySite?: boolean;
}

/** @throws PLAN_NOT_MERGEABLE when the values of a site cannot leave one If together */
export function lowerMerged(
  source: Instrumented,
  { siteBySite = false }: MergedOptions = {},
): Lowered {
  const keep = unusedInputs(source);
  const { model, map } = cloneModel(source.model);
  const { graph } = model;
  const mapped = (v: Value) => map.values.get(v) as Value;
  const input = (state: string) => mapped(source.states.get(state)!.input);
  const written = new Set(source.variants.flatMap((p) => p.writes));
  const writes = new Map(source.variants.map((p) => [p, new Set(p.writes)]));
  const place = placesOf(graph);
  const sites = source.sites
    .map((site, index) => new GatedSite(site, index, source, writes, mapped, place))
    .filter((site) => site.alternatives.length > 0);
  const ordered = innerFirst(graph, sites, place);
  const strategies = new StrategyInputs(graph, source.variants, source.names, ordered);

  const kept = new Kept([...written].map((state) => [state, input(state)]));
  for (const site of ordered) if (site.alternatives.length === 1) settle(graph, site, kept);
  const gated = ordered.filter((site) => site.alternatives.length > 1);
  // nodes of a strategy that no variant takes would hold on to what an If is to move inside
  removeUnneeded(graph, [
    ...graph.outputs,
    ...gated.flatMap((site) => site.values()),
    ...kept.values(),
  ]);
  const gating = new Gating(graph, gated, kept, input, strategies);
  for (const site of gated) gating.gate(site);
  removeUnneeded(graph, [...graph.outputs, ...kept.values()]);
  const cycle = findCycle(graph);
  if (cycle)
    throw planNotMergeable(
      siteOfCycle(cycle, gated),
      cycle.map((node) => node.label),
    );
  const told: Choices = (variant) => strategies.of(variant);
  const spared = siteBySite ? () => [] : spareDeadCode(model, source, kept, told, input);
  const symbols = stateSymbols(
    [...source.states.values()].map((info) => [source.names.stateInput(info.id), info]),
  );
  for (const info of source.states.values()) input(info.id).type = inputType(info, symbols);
  for (const state of [...written].sort())
    addNamedOutput(
      graph,
      source.names.stateOutput(state),
      kept.get(state)!,
      outputType(source.states.get(state)!),
    );
  removeDeadNodes(graph);
  dropUnusedInputs(graph, keep);

  const inputs = new Set(graph.inputs.map((v) => v.name));
  const programs = new Map(
    source.variants.map(
      (p) => [p.name, [run(p, source, [...told(p), ...spared(p)], inputs)]] as const,
    ),
  );
  return { emit: 'merged', models: new Map([[MODEL, model]]), programs, symbols };
}

/** A site that every variant produces in the same way needs no If. */
function settle(graph: Graph, site: GatedSite, kept: Kept): void {
  const [only] = site.alternatives;
  for (const [id, value] of only!.keeps) kept.set(id, value);
  only!.makes.forEach((value, k) => {
    if (value !== site.outputs[k]) graph.replaceUses(site.outputs[k]!, value);
  });
}

/** The site whose If lies on a cycle. */
function siteOfCycle(cycle: readonly Node[], sites: readonly GatedSite[]): string {
  const names = new Set(cycle.map((node) => node.name));
  return sites.find((site) => names.has(ifName(site.id, 0)))?.owner ?? '';
}

function run(
  variant: NamedVariant,
  source: Instrumented,
  choices: ReturnType<Choices>,
  inputs: ReadonlySet<string>,
): Run {
  const { names } = source;
  const constants: NonNullable<Run['constants']> = {};
  for (const [name, choice] of choices)
    if (inputs.has(name)) constants[name] = { type: 'int64', shape: [], data: [choice] };
  const states = [...source.states.keys()].filter((id) => inputs.has(names.stateInput(id)));
  const read = new Set(variant.reads);
  const pick = (wanted: boolean) =>
    Object.fromEntries(
      states.filter((id) => read.has(id) === wanted).map((id) => [names.stateInput(id), id]),
    );
  const reads = pick(true);
  const unused = pick(false);
  return {
    model: MODEL,
    ...(Object.keys(constants).length > 0 && { constants }),
    ...(Object.keys(reads).length > 0 && { reads }),
    ...(Object.keys(unused).length > 0 && { unused }),
    ...(variant.writes.length > 0 && {
      writes: Object.fromEntries(variant.writes.map((id) => [id, names.stateOutput(id)])),
    }),
  };
}
