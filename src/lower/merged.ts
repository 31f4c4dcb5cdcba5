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
import { removeDeadNodes, removeUnneeded } from '../ir/prune.js';
import { tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { ProgramFlow } from '../plan/index.js';
import { alternativesOf, GatedSite, innerFirst } from './gated-site.js';
import { buildIf, distinctColumns, ifName } from './if-node.js';
import type { Instrumented, StateInfo } from './instrument.js';
import type { Lowered, Run } from './lowered.js';
import { stateInputName, stateOutputName } from './names.js';
import { addNamedOutput, dropUnusedInputs, unusedInputs } from './outputs.js';
import { Needs, reachNodes, regionsOf } from './region.js';
import { StrategyInputs } from './strategy-inputs.js';

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
    .filter((site) => site.alternatives.length > 0);
  const ordered = innerFirst(graph, sites);
  const strategies = new StrategyInputs(graph, source.programs, ordered);

  /** What leaves the graph as each state; starts as the state itself, passed through. */
  const kept = new Map([...written].map((state) => [state, input(state)]));
  for (const site of ordered) if (site.alternatives.length === 1) settle(graph, site, kept);
  const gated = ordered.filter((site) => site.alternatives.length > 1);
  // nodes of a strategy that no program takes would hold on to what an If is to move inside
  const drop = (waiting: readonly GatedSite[]) =>
    removeUnneeded(graph, [
      ...graph.outputs,
      ...waiting.flatMap((site) => site.values()),
      ...kept.values(),
    ]);
  drop(gated);
  const needs = new Needs();
  for (const [i, site] of gated.entries()) {
    const waiting = gated.slice(i + 1);
    gate(graph, site, waiting, { kept, input, strategies, needs });
    if (!site.isComputed) drop(waiting);
  }
  const cycle = findCycle(graph);
  if (cycle)
    throw planNotMergeable(
      siteOfCycle(cycle, gated),
      cycle.map((node) => node.label),
    );
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
    source.programs.map((p) => [p.name, [run(p, source, strategies, inputs)]] as const),
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

/** A site that every program produces in the same way needs no If. */
function settle(graph: Graph, site: GatedSite, kept: Map<string, Value>): void {
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

/** What the Ifs of all sites have in common. */
interface Gating {
  /** What leaves the graph as each state, so far. */
  readonly kept: Map<string, Value>;
  /** The input that carries a state. */
  readonly input: (state: string) => Value;
  readonly strategies: StrategyInputs;
  readonly needs: Needs;
}

/** Puts the If of one site into the graph and points everybody to its results. */
function gate(
  graph: Graph,
  site: GatedSite,
  waiting: readonly GatedSite[],
  { kept, input, strategies, needs }: Gating,
): void {
  const others = alternativesOf(waiting, site);
  // sites still to be gated need their values outside of this If, to gate them there
  const roots = [...graph.outputs, ...waiting.flatMap((w) => w.outputs)];
  const given = new Set(site.outputs);
  const outside = reachNodes({ from: roots, given, alternatives: others, needs: needs.of });
  const regions = site.regions(outside, others, needs);
  // a state leaves through this If when the site keeps it, or an inner site's is made in its region
  const leaving = new Map<string, readonly Value[]>();
  const staying: Value[] = [];
  for (const [id, before] of kept) {
    const inside = regions.map((nodes) => !!before.producer && nodes.has(before.producer));
    const own = site.alternatives.some(({ keeps }) => keeps.has(id));
    if (!inside.includes(true)) staying.push(before);
    if (!own && !inside.includes(true)) continue;
    const passed = (index: number) =>
      inside[index] || !inside.includes(true) ? before : input(id);
    leaving.set(
      id,
      site.alternatives.map(({ keeps }, index) => keeps.get(id) ?? passed(index)),
    );
  }

  /** One row per alternative: the site's values, then the states. */
  const rows = site.alternatives.map(({ makes }, index) => [
    ...makes,
    ...[...leaving.values()].map((values) => values[index]!),
  ]);
  const columns = distinctColumns(rows);
  const settled = reachNodes({
    from: staying,
    given,
    alternatives: others,
    known: outside,
    needs: needs.of,
  });
  const inBranches = regionsOf(
    site.outputs,
    rows.map((row) => ({ makes: row, keeps: [] })),
    new Set([...outside, ...settled]),
    others,
    needs.of,
  );
  const branches = rows.map((row, i) => ({
    values: columns.map((c) => row[c.first]!),
    region: inBranches[i]!,
    instead: new Map(site.outputs.map((v, k) => [v, row[k]!])),
  }));

  const results = buildIf(graph, site.id, strategies.choiceOf(site), branches, 0);
  const resultOf = (column: number) => results[columns.findIndex((c) => c.all.includes(column))]!;
  const doomed = new Set(branches.flatMap((b) => [...b.region]));
  const inIf = withContents([...doomed, results[0]!.producer as Node]);
  site.outputs.forEach((output, k) => {
    graph.replaceUses(output, resultOf(k), (use) => !inIf.has(use.user));
  });
  [...leaving.keys()].forEach((id, k) => {
    kept.set(id, resultOf(site.outputs.length + k));
  });
  graph.removeNodes(doomed);
  needs.forget(site.outputs);
}

function run(
  program: ProgramFlow,
  source: Instrumented,
  strategies: StrategyInputs,
  inputs: ReadonlySet<string>,
): Run {
  const constants: NonNullable<Run['constants']> = {};
  for (const [name, choice] of strategies.of(program))
    if (inputs.has(name)) constants[name] = { type: 'int64', shape: [], data: [choice] };
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
