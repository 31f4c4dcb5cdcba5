/**
 * `chain`: the graph cut at the borders of its sites into segments that run one after another; each
 * node, and so each weight, lies in exactly one. A program runs the segments it needs; a reused
 * value enters the next segment from its state instead of from the segment that makes it.
 */
import { cloneModel } from '../ir/clone.js';
import { constantTensor } from '../ir/constants.js';
import { extract } from '../ir/extract.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { nodeDependencies, predecessors, topologicalOrder } from '../ir/order.js';
import { liveNodes } from '../ir/prune.js';
import type { Value } from '../ir/value.js';
import { COMPUTE, type ProgramFlow } from '../plan/index.js';
import type { Instrumented } from './instrument.js';
import type { Lowered, Run } from './lowered.js';
import { exclusiveRegion } from './region.js';
import { writtenValue } from './split.js';

/** Under which strategies of which sites a node runs: all of them must hold. */
interface Gate {
  readonly key: string;
  readonly conditions: readonly { readonly site: number; readonly strategy: string }[];
}

interface Segment {
  readonly id: string;
  readonly gate: Gate;
  readonly nodes: ReadonlySet<Node>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export function lowerChain(instrumented: Instrumented): Lowered {
  const source = freeGraphOutputs(instrumented);
  const { graph } = source.model;
  const written = source.programs.flatMap((p) =>
    p.writes.flatMap((state) => writtenValue(source, p, state) ?? []),
  );
  const roots = [
    ...graph.outputs,
    ...written,
    ...source.sites.flatMap((s) => [...s.produced.values()].flat()),
  ];
  const live = liveNodes(roots);
  const gates = nodeGates(source, roots, live);
  const segments = makeSegments(source, live, gates, new Set([...graph.outputs, ...written]));

  const models = new Map<string, Model>();
  for (const segment of segments) {
    for (const value of [...segment.inputs, ...segment.outputs])
      value.type ??= source.typeOf(value);
    const { model } = extract(source.model, {
      name: `${graph.name || 'graph'}.${segment.id}`,
      inputs: segment.inputs,
      outputs: segment.outputs,
    });
    models.set(segment.id, model);
  }
  const programs = new Map(
    source.programs.map((p) => [p.name, programRuns(source, segments, p)] as const),
  );
  return { emit: 'chain', models, programs };
}

/** A graph output that is itself a site's value gets a node of its own, which no site claims. */
function freeGraphOutputs(source: Instrumented): Instrumented {
  const claimed = new Set(source.sites.flatMap((s) => s.outputs));
  if (!source.model.graph.outputs.some((v) => claimed.has(v))) return source;
  const { model, map } = cloneModel(source.model);
  const mapped = (v: Value) => map.values.get(v) as Value;
  const sites = source.sites.map((site) => ({
    ...site,
    outputs: site.outputs.map(mapped),
    produced: new Map([...site.produced].map(([k, vs]) => [k, vs.map(mapped)])),
    writes: new Map(
      [...site.writes].map(([k, w]) => [k, new Map([...w].map(([id, v]) => [id, mapped(v)]))]),
    ),
  }));
  for (const [i, output] of [...model.graph.outputs].entries()) {
    if (!sites.some((s) => s.outputs.includes(output))) continue;
    const { name } = output;
    model.graph.rename(output, model.graph.scope.fresh(`${name}.computed`));
    model.graph.scope.release(name);
    const out = model.graph.addNode({
      opType: 'Identity',
      inputs: [output],
      outputs: [name],
    }).output;
    out.type = output.type;
    model.graph.setOutput(i, out);
  }
  const states = new Map(
    [...source.states].map(([id, info]) => [id, { ...info, input: mapped(info.input) }]),
  );
  const originals = new Map([...map.values].map(([original, copy]) => [copy, original]));
  const typeOf = (value: Value) => source.typeOf(originals.get(value) ?? value);
  return { ...source, model, sites, states, typeOf };
}

const FREE: Gate = { key: '', conditions: [] };

/** Nodes of a site's region run when the site is computed; a strategy's own nodes when it is chosen. */
function nodeGates(
  source: Instrumented,
  roots: readonly Value[],
  live: ReadonlySet<Node>,
): Map<Node, Gate> {
  const { graph } = source.model;
  const regions: { site: number; strategy: string; nodes: Set<Node> }[] = [];
  source.sites.forEach((site, s) => {
    const writes = [...site.writes.values()].flatMap((w) => [...w.values()]);
    const others = (own: readonly Value[]) => roots.filter((v) => !own.includes(v));
    const own = [...site.outputs, ...writes];
    regions.push({ site: s, strategy: COMPUTE, nodes: exclusiveRegion(graph, own, others(own)) });
    for (const [strategy, values] of site.produced)
      regions.push({ site: s, strategy, nodes: exclusiveRegion(graph, values, others(values)) });
  });
  // outermost first, so that keys of nested gates begin alike
  regions.sort((a, b) => b.nodes.size - a.nodes.size);
  const known = new Map<string, Gate>([['', FREE]]);
  const result = new Map<Node, Gate>();
  for (const node of live) {
    const inside = regions.filter((r) => r.nodes.has(node));
    const key = inside.map((r) => `${source.sites[r.site]!.site.id}-${r.strategy}`).join('.');
    const gate = known.get(key) ?? { key, conditions: inside };
    known.set(key, gate);
    result.set(node, gate);
  }
  return result;
}

/**
 * Groups nodes into segments: takes everything that can run under one gate, then goes to the next,
 * preferring a gate whose nodes can all run without leaving it, then the outermost.
 */
function makeSegments(
  source: Instrumented,
  live: ReadonlySet<Node>,
  gates: ReadonlyMap<Node, Gate>,
  final: ReadonlySet<Value>,
): Segment[] {
  const order = topologicalOrder(source.model.graph).filter((n) => live.has(n));
  const needs = dependenciesOnAll(source);
  const done = new Set<Node>();
  const groups: { gate: Gate; nodes: Set<Node> }[] = [];
  const runnable = (gate: Gate): Set<Node> => {
    const taken = new Set<Node>();
    for (const node of order)
      if (
        !done.has(node) &&
        gates.get(node) === gate &&
        needs(node).every((p) => done.has(p) || taken.has(p))
      )
        taken.add(node);
    return taken;
  };
  while (done.size < order.length) {
    const waiting = new Map<Gate, number>();
    for (const node of order)
      if (!done.has(node)) waiting.set(gates.get(node)!, (waiting.get(gates.get(node)!) ?? 0) + 1);
    const options = [...waiting]
      .map(([gate, total]) => ({ gate, nodes: runnable(gate), total }))
      .filter((o) => o.nodes.size > 0)
      .sort(
        (a, b) =>
          Number(b.gate === FREE) - Number(a.gate === FREE) ||
          Number(b.nodes.size === b.total) - Number(a.nodes.size === a.total) ||
          a.gate.conditions.length - b.gate.conditions.length,
      );
    const best = options[0]!;
    for (const node of best.nodes) done.add(node);
    groups.push({ gate: best.gate, nodes: best.nodes });
  }
  return groups.map(({ gate, nodes }, i) => ({
    id: segmentName(gate, groups, i),
    gate,
    nodes,
    ...border(source, nodes, final),
  }));
}

/** What must run before a node in some program: who reads a site's value waits for every strategy. */
function dependenciesOnAll(source: Instrumented): (node: Node) => Node[] {
  const instead = new Map<Value, Node[]>();
  for (const site of source.sites)
    site.outputs.forEach((output, k) => {
      const others = [...site.produced.values()].flatMap((values) => values[k]?.producer ?? []);
      instead.set(output, others);
    });
  return (node) => [
    ...predecessors(node),
    ...nodeDependencies(node).flatMap((value) => instead.get(value) ?? []),
  ];
}

function segmentName(gate: Gate, groups: readonly { gate: Gate }[], index: number): string {
  const word = gate === FREE ? 'shared' : gate.key.replaceAll(`-${COMPUTE}`, '');
  const same = groups.filter((g) => g.gate === gate);
  const nth = groups.slice(0, index).filter((g) => g.gate === gate).length;
  return same.length > 1 ? `${word}-${nth + 1}` : word;
}

function border(source: Instrumented, nodes: ReadonlySet<Node>, final: ReadonlySet<Value>) {
  const inputs = new Set<Value>();
  const outputs = new Set<Value>();
  const siteValues = new Set(
    source.sites.flatMap((s) => [...s.outputs, ...[...s.produced.values()].flat()]),
  );
  for (const node of nodes) {
    for (const value of nodeDependencies(node)) {
      const outside = value.producer ? !nodes.has(value.producer) : value.isGraphInput;
      // small constants made by Constant nodes of other segments are copied, not handed on
      if (outside && !(value.producer && constantTensor(value))) inputs.add(value);
    }
    for (const output of node.outputs) {
      if (!output) continue;
      const leaves = [...output.users].some((u) => u.graph === node.graph && !nodes.has(u));
      if (leaves || final.has(output) || siteValues.has(output)) outputs.add(output);
    }
  }
  return { inputs: [...inputs], outputs: [...outputs] };
}

function programRuns(
  source: Instrumented,
  segments: readonly Segment[],
  program: ProgramFlow,
): Run[] {
  const active = segments.filter((segment) =>
    segment.gate.conditions.every((c) => program.row[c.site] === c.strategy),
  );
  const stateOf = new Map([...source.states.values()].map((info) => [info.input, info.id]));
  /** What really stands for a value in this program. */
  const actual = (value: Value): Value => {
    for (const [s, site] of source.sites.entries()) {
      const k = site.outputs.indexOf(value);
      const instead = k < 0 ? undefined : site.produced.get(program.row[s] ?? '')?.[k];
      if (instead) return actual(instead);
    }
    return value;
  };
  const needed = neededSegments(source, active, program, actual);
  const wanted = new Set<Value>();
  const runs: Run[] = [];
  for (const segment of [...needed].reverse()) {
    const reads: Record<string, string> = {};
    const takes: Record<string, string> = {};
    for (const input of segment.inputs) {
      const value = actual(input);
      const state = stateOf.get(value);
      if (state !== undefined) reads[input.name] = state;
      else if (value.producer) {
        takes[input.name] = value.name;
        wanted.add(value);
      }
    }
    const gives = Object.fromEntries(
      segment.outputs.filter((v) => wanted.has(v)).map((v) => [v.name, v.name]),
    );
    const writes = Object.fromEntries(
      program.writes.flatMap((state) => {
        const value = writtenValue(source, program, state);
        return value && segment.outputs.includes(value) ? [[state, value.name]] : [];
      }),
    );
    const some = (record: Record<string, string>) => Object.keys(record).length > 0;
    runs.unshift({
      model: segment.id,
      ...(some(reads) && { reads }),
      ...(some(takes) && { takes }),
      ...(some(gives) && { gives }),
      ...(some(writes) && { writes }),
    });
  }
  return runs;
}

/** Active segments whose results the program uses. */
function neededSegments(
  source: Instrumented,
  active: readonly Segment[],
  program: ProgramFlow,
  actual: (value: Value) => Value,
): Segment[] {
  const goals = new Set<Value>(source.model.graph.outputs);
  for (const state of program.writes) {
    const value = writtenValue(source, program, state);
    if (value) goals.add(value);
  }
  const needed: Segment[] = [];
  for (const segment of [...active].reverse()) {
    if (!segment.outputs.some((v) => goals.has(v))) continue;
    needed.unshift(segment);
    for (const input of segment.inputs) goals.add(actual(input));
  }
  return needed;
}
