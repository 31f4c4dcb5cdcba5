/**
 * `merged`: one model for all programs. Each site with more than one strategy becomes an ONNX `If`
 * on a strategy input; a branch holds only the nodes that no other branch and nothing outside
 * needs, and weights stay in the main graph, each stored once. States are inputs and outputs of the
 * one model: a branch that does not write a state passes it through.
 */

import { planNotMergeable } from '../errors/index.js';
import { graph as graphAttribute, tensor, withContents } from '../ir/attribute.js';
import { type CloneMap, cloneAttribute, cloneModel } from '../ir/clone.js';
import { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { findCycle, topologicalOrder } from '../ir/order.js';
import { removeDeadNodes } from '../ir/prune.js';
import { int64Tensor } from '../ir/tensor.js';
import { tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { COMPUTE, type ProgramFlow } from '../plan/index.js';
import type { Instrumented, InstrumentedSite, StateInfo } from './instrument.js';
import type { Lowered, Run } from './lowered.js';
import { stateInputName, stateOutputName, strategyInputName } from './names.js';
import { addNamedOutput, dropUnusedInputs, unusedInputs } from './outputs.js';
import { type Alternatives, type StrategyValues, strategyRegion } from './region.js';

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

/** Inner sites first: the If of an inner site then lies within the region of the outer one. */
function innerFirst(graph: Graph, sites: readonly GatedSite[]): GatedSite[] {
  const place = new Map(topologicalOrder(graph).map((node, i) => [node, i]));
  return sites
    .map((site) => ({
      site,
      size: site.region(COMPUTE, graph.outputs, alternativesOf(sites, site)).size,
      place: Math.max(0, ...site.outputs.map((v) => place.get(v.producer as Node) ?? 0)),
    }))
    .sort((a, b) => a.size - b.size || a.place - b.place)
    .map((entry) => entry.site);
}

/** What the values of sites can come from beside being computed, except for one site. */
function alternativesOf(sites: readonly GatedSite[], except: GatedSite): Alternatives {
  return new Map(
    sites
      .filter((site) => site !== except)
      .flatMap((site) =>
        site.outputs.map((v, k) => [
          v,
          site.strategies.flatMap((name) => {
            const { makes, keeps } = site.under(name);
            return [...(name === COMPUTE ? [] : [makes[k]!]), ...keeps];
          }),
        ]),
      ),
  );
}

/** A site as the merged graph sees it: the strategies that programs really use, in a fixed order. */
class GatedSite {
  readonly id: string;
  readonly outputs: readonly Value[];
  readonly strategies: readonly string[];

  constructor(
    private readonly instrumented: InstrumentedSite,
    readonly index: number,
    source: Instrumented,
    private readonly mapped: (v: Value) => Value,
  ) {
    this.id = instrumented.site.id;
    this.outputs = instrumented.outputs.map(mapped);
    const used = new Set(source.programs.map((p) => p.row[index]));
    this.strategies = Object.keys(instrumented.site.strategies).filter((name) => used.has(name));
  }

  statesWritten(needed: ReadonlySet<string>): string[] {
    return this.instrumented.site.states.map((s) => s.id).filter((id) => needed.has(id));
  }

  /** The site's values under a strategy. */
  values(strategy: string): readonly Value[] {
    return this.instrumented.produced.get(strategy)?.map(this.mapped) ?? this.outputs;
  }

  write(strategy: string, state: string): Value | undefined {
    const value = this.instrumented.writes.get(strategy)?.get(state);
    return value && this.mapped(value);
  }

  under(strategy: string): StrategyValues {
    const keeps = [...(this.instrumented.writes.get(strategy)?.values() ?? [])].map(this.mapped);
    return { makes: this.values(strategy), keeps };
  }

  /** Nodes of one strategy alone, given what else must be had. */
  region(strategy: string, roots: readonly Value[], alternatives: Alternatives): Set<Node> {
    const others = this.strategies.filter((name) => name !== strategy);
    return strategyRegion(
      this.outputs,
      this.under(strategy),
      others.map((name) => this.under(name)),
      roots,
      alternatives,
    );
  }

  /** The value of the strategy input that chooses a strategy. */
  choice(strategy: string | undefined): number {
    return Math.max(0, this.strategies.indexOf(strategy ?? COMPUTE));
  }
}

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

/** Columns that are the same value in every row need only one output of the If. */
function distinctColumns(rows: readonly (readonly Value[])[]): { first: number; all: number[] }[] {
  const found: { first: number; all: number[] }[] = [];
  for (let c = 0; c < (rows[0]?.length ?? 0); c++) {
    const same = found.find(({ first }) => rows.every((row) => row[first] === row[c]));
    if (same) same.all.push(c);
    else found.push({ first: c, all: [c] });
  }
  return found;
}

interface Branch {
  readonly values: readonly Value[];
  readonly region: ReadonlySet<Node>;
}

/** An If that takes branch `from` when the choice says so, else the rest; returns its outputs. */
function buildIf(
  into: Graph,
  site: string,
  choice: Value,
  branches: readonly Branch[],
  from: number,
): Value[] {
  const index = into.addNode({
    opType: 'Constant',
    inputs: [],
    outputs: [`stepfold.choice.${site}.${from}`],
    attributes: { value: tensor(int64Tensor([from], [])) },
  }).output;
  const chosen = into.addNode({
    opType: 'Equal',
    inputs: [choice, index],
    outputs: [`stepfold.chosen.${site}.${from}`],
  }).output;
  const last = from + 2 === branches.length;
  const otherwise = last
    ? branchGraph(into, `${site}.${from + 1}`, branches[from + 1]!)
    : new Graph(`${site}.else`, into);
  if (!last)
    for (const value of buildIf(otherwise, site, choice, branches, from + 1))
      otherwise.addOutput(value);
  const node = into.addNode({
    opType: 'If',
    name: `stepfold.if.${site}${from ? `.${from}` : ''}`,
    inputs: [chosen],
    outputs: branches[from]!.values.map((_, k) => `stepfold.${site}.${from}.${k}`),
    attributes: {
      then_branch: graphAttribute(branchGraph(into, `${site}.${from}`, branches[from]!)),
      else_branch: graphAttribute(otherwise),
    },
  });
  return node.outputs as Value[];
}

/** Copies a region into a branch. Its values leave as outputs; those from outside through Identity. */
function branchGraph(parent: Graph, name: string, branch: Branch): Graph {
  const inner = new Graph(name, parent);
  const map: CloneMap = { values: new Map(), nodes: new Map() };
  const ordered = topologicalOrder([...branch.region][0]?.graph ?? parent).filter((n) =>
    branch.region.has(n),
  );
  for (const node of ordered) {
    const copy = inner.addNode({
      opType: node.opType,
      domain: node.domain,
      name: node.name,
      inputs: node.inputs.map((v) => v && (map.values.get(v) ?? v)),
      outputs: [],
    });
    copy.docString = node.docString;
    copy.extra = node.extra;
    for (const [key, attribute] of node.attributes)
      copy.attributes.set(key, cloneAttribute(attribute, inner, map));
    for (const output of node.outputs) {
      const made = output && inner.newValue(output.name, copy, output.outputIndex);
      copy.outputList.push(made);
      if (output && made) {
        made.type = output.type;
        made.extra = output.extra;
        map.values.set(output, made);
      }
    }
  }
  branch.values.forEach((value, k) => {
    const made = map.values.get(value);
    const out =
      made && !made.isGraphOutput
        ? made
        : inner.addNode({
            opType: 'Identity',
            inputs: [made ?? value],
            outputs: [`stepfold.${name}.${k}`],
          }).output;
    inner.addOutput(out);
  });
  return inner;
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
