/**
 * `merged`: one model for all programs. Each site with more than one strategy becomes an ONNX `If`
 * on a strategy input; a branch holds only the nodes that no other branch and nothing outside
 * needs, and weights stay in the main graph, each stored once. States are inputs and outputs of the
 * one model: a branch that does not write a state passes it through.
 */

import { planNotMergeable } from '../errors/index.js';
import { withContents } from '../ir/attribute.js';
import { cloneModel } from '../ir/clone.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { findCycle } from '../ir/order.js';
import { removeDeadNodes } from '../ir/prune.js';
import { tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { ProgramFlow } from '../plan/index.js';
import { alternativesOf, GatedSite, innerFirst } from './gated-site.js';
import { buildIf, distinctColumns } from './if-node.js';
import type { Instrumented, StateInfo } from './instrument.js';
import type { Lowered, Run } from './lowered.js';
import { stateInputName, stateOutputName, strategyInputName } from './names.js';
import { addNamedOutput, dropUnusedInputs, unusedInputs } from './outputs.js';
import { strategyRegion } from './region.js';

const MODEL = 'merged';

/** @throws PLAN_NOT_MERGEABLE when the values of a site cannot leave one If together */
export function lowerMerged(source: Instrumented): Lowered {
  const keep = unusedInputs(source);
  const { model, map } = cloneModel(source.model);
  const { graph } = model;
  const mapped = (v: Value) => map.values.get(v) as Value;
  const input = (state: string) => mapped(source.states.get(state)!.input);
  const written = new Set(source.programs.flatMap((p) => p.writes));
  const sites = source.sites
    .map((site, index) => new GatedSite(site, index, source, mapped))
    .filter((site) => site.strategies.length > 0);
  const ordered = innerFirst(graph, sites);

  /** What leaves the graph as each state; starts as the state itself, passed through. */
  const kept = new Map<string, Value>();
  for (const [i, site] of ordered.entries()) {
    for (const state of site.statesWritten(written)) kept.set(state, input(state));
    gate(graph, site, ordered.slice(i + 1), kept, input);
  }
  for (const info of source.states.values()) input(info.id).type = looseType(info);
  for (const state of [...written].sort())
    addNamedOutput(
      graph,
      stateOutputName(state),
      kept.get(state)!,
      looseType(source.states.get(state)!),
    );
  removeDeadNodes(graph);
  dropUnusedInputs(graph, keep);

  const inputs = new Set(graph.inputs.map((v) => v.name));
  const programs = new Map(
    source.programs.map((p) => [p.name, [run(p, source, ordered, inputs)]] as const),
  );
  return { emit: 'merged', models: new Map([[MODEL, model]]), programs };
}

/**
 * A state's type with its symbols left open. A program that does not read the state is fed a
 * placeholder of another size, and onnxruntime fails where one symbol has two sizes in one run: it
 * plans to write one value into the memory of another ("Shape mismatch attempting to re-use buffer").
 */
const looseType = ({ type, shape }: StateInfo) =>
  tensorType(
    type,
    shape.map((d) => (typeof d === 'number' ? d : null)),
  );

/** Puts the If of one site into the graph and points everybody to its results. */
function gate(
  graph: Graph,
  site: GatedSite,
  waiting: readonly GatedSite[],
  kept: Map<string, Value>,
  input: (state: string) => Value,
): void {
  const ownStates = [...kept.keys()].filter((id) =>
    site.strategies.some((s) => site.write(s, id) !== undefined),
  );
  if (site.strategies.length < 2) {
    const only = site.strategies[0] as string;
    for (const id of ownStates) kept.set(id, site.write(only, id) ?? input(id));
    site.values(only).forEach((value, k) => {
      if (value !== site.outputs[k]) graph.replaceUses(site.outputs[k]!, value);
    });
    return;
  }
  const alternatives = alternativesOf(waiting, site);
  // sites still to be gated need their values outside of this If, to gate them there
  const roots = [...graph.outputs, ...waiting.flatMap((w) => w.outputs)];
  // states of inner sites that are made inside this site's region leave through this If as well
  const inner = [...kept].filter(([id]) => !ownStates.includes(id));
  const passing = new Map<string, string>();
  for (const strategy of site.strategies) {
    const region = site.region(strategy, roots, alternatives);
    for (const [id, value] of inner)
      if (value.producer && region.has(value.producer)) passing.set(id, strategy);
  }
  const staying = inner.filter(([id]) => !passing.has(id)).map(([, value]) => value);

  /** One row per strategy: outputs, own states, passing states. */
  const rows = site.strategies.map((strategy) => [
    ...site.values(strategy),
    ...ownStates.map((id) => site.write(strategy, id) ?? input(id)),
    ...[...passing].map(([id, inside]) => (strategy === inside ? kept.get(id)! : input(id))),
  ]);
  const columns = distinctColumns(rows);
  const branches = rows.map((row, i) => ({
    values: columns.map((c) => row[c.first]!),
    region: strategyRegion(
      site.outputs,
      { makes: row, keeps: [] },
      rows.filter((_, j) => j !== i).map((other) => ({ makes: other, keeps: [] })),
      [...roots, ...staying],
      alternatives,
    ),
  }));

  const choice = graph.addInput(strategyInputName(site.id), tensorType('int64', []));
  const results = buildIf(graph, site.id, choice, branches, 0);
  const resultOf = (column: number) => results[columns.findIndex((c) => c.all.includes(column))]!;
  const doomed = new Set(branches.flatMap((b) => [...b.region]));
  const inIf = withContents([...doomed, results[0]!.producer as Node]);
  site.outputs.forEach((output, k) => {
    graph.replaceUses(output, resultOf(k), (use) => !inIf.has(use.user));
  });
  [...ownStates, ...passing.keys()].forEach((id, k) => {
    kept.set(id, resultOf(site.outputs.length + k));
  });
  graph.removeNodes(doomed);
  const cycle = findCycle(graph);
  if (cycle)
    throw planNotMergeable(
      site.id,
      cycle.map((node) => node.label),
    );
}

function run(
  program: ProgramFlow,
  source: Instrumented,
  sites: readonly GatedSite[],
  inputs: ReadonlySet<string>,
): Run {
  const constants: NonNullable<Run['constants']> = {};
  for (const site of sites)
    if (inputs.has(strategyInputName(site.id)))
      constants[strategyInputName(site.id)] = {
        type: 'int64',
        shape: [],
        data: [site.choice(program.row[site.index])],
      };
  const states = [...source.states.keys()].filter((id) => inputs.has(stateInputName(id)));
  const pick = (wanted: boolean) =>
    Object.fromEntries(
      states
        .filter((id) => program.reads.includes(id) === wanted)
        .map((id) => [stateInputName(id), id]),
    );
  const reads = pick(true);
  const unused = pick(false);
  return {
    model: MODEL,
    ...(Object.keys(constants).length > 0 && { constants }),
    ...(Object.keys(reads).length > 0 && { reads }),
    ...(Object.keys(unused).length > 0 && { unused }),
    ...(program.writes.length > 0 && {
      writes: Object.fromEntries(program.writes.map((id) => [id, stateOutputName(id)])),
    }),
  };
}
