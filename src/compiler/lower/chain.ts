/**
 * `chain`: the graph cut into segments that run one after another; each node, and so each weight,
 * lies in exactly one. Nodes that the same variants need share a segment, so a variant runs exactly
 * what it needs; a reused value enters the next segment from its state instead of from the segment
 * that makes it.
 */

import { planNotChainable, planWireType } from '../../errors/index.js';
import { constantTensor } from '../../model/ir/constants.js';
import { extract } from '../../model/ir/extract.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { nodeDependencies, predecessors, topologicalOrder } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import { tensorType, type ValueType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import { COMPUTE, type NamedVariant } from '../plan/index.js';
import type { Instrumented } from './instrumented.js';
import type { Lowered, Run } from './lowered.js';
import { writtenValues } from './split.js';

/** A variant with the nodes it runs. */
interface VariantView {
  readonly variant: NamedVariant;
  readonly nodes: ReadonlySet<Node>;
  /** What really stands for a value in this variant. */
  readonly actual: (value: Value) => Value;
  /** By state: the value to keep. */
  readonly written: ReadonlyMap<string, Value>;
}

/** Nodes that run together: the variants that need them are the same. */
interface Segment {
  readonly id: string;
  readonly users: ReadonlySet<VariantView>;
  readonly nodes: ReadonlySet<Node>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Values of sites that a strategy inside the segment makes, for everybody who runs it. */
  readonly replaced: ReadonlyMap<Value, Value>;
}

/**
 * @throws PLAN_NOT_CHAINABLE when variants need the same nodes in different orders, or segments would have
 *   to hand on what is no tensor of a known type
 */
export function lowerChain(source: Instrumented): Lowered {
  const views = source.variants.map((variant) => viewOf(source, variant));
  const segments = makeSegments(source, views);
  const models = new Map<string, Model>();
  const { inputs, outputs } = source.model.graph;
  const ports = new Set([...inputs, ...outputs]);
  for (const segment of segments) {
    for (const value of [...segment.inputs, ...segment.outputs]) {
      // what the source declares of a value holds for all of its rows
      if (!ports.has(value) && isFixed(value.type)) value.type = looseRows(source, value.type);
      value.type ??= looseRows(source, source.typeOf(value));
      // no engine takes an input without a type, and none hands sequences to JavaScript
      if (value.type?.kind !== 'tensor')
        throw planWireType(value.name, segment.id, source.whyUntyped(value));
    }
    const { model, map } = extract(source.model, {
      name: `${source.model.graph.name || 'graph'}.${segment.id}`,
      inputs: [...segment.inputs, ...segment.replaced.keys()],
      outputs: segment.outputs,
    });
    for (const [value, instead] of segment.replaced) {
      const input = map.values.get(value) as Value;
      model.graph.replaceUses(input, map.values.get(instead) as Value);
      model.graph.removeInput(input);
    }
    models.set(segment.id, model);
  }
  const programs = new Map(
    views.map((view) => [view.variant.name, runsOf(source, segments, view)] as const),
  );
  return { emit: 'chain', models, programs };
}

/**
 * A type whose first size is left open where sites choose rows: a variant that computes half of a
 * guidance pair hands on fewer of them than the source has.
 */
function looseRows({ sites }: Instrumented, type: ValueType | undefined): ValueType | undefined {
  // where all of the model runs on half of the rows, they may lie on any axis, or be folded into one
  if (type?.kind === 'tensor' && type.shape && sites.some(({ site }) => site.leaves))
    return tensorType(
      type.elem,
      type.shape.map(() => null),
    );
  if (!sites.some(({ site }) => site.within) || type?.kind !== 'tensor' || !type.shape?.length)
    return type;
  return tensorType(type.elem, [null, ...type.shape.slice(1)]);
}

const isFixed = (type: ValueType | undefined): boolean =>
  type?.kind === 'tensor' && (type.shape ?? []).every((dim) => typeof dim === 'number');

function viewOf(source: Instrumented, variant: NamedVariant): VariantView {
  const instead = new Map<Value, Value>();
  source.sites.forEach((site, s) => {
    const produced = site.produced.get(variant.row[s] ?? '');
    produced?.forEach((value, k) => {
      instead.set(site.outputs[k]!, value);
    });
  });
  const actual = (value: Value) => instead.get(value) ?? value;
  const kept = writtenValues(source, variant);
  const written = new Map(
    variant.writes.flatMap((state) => {
      const value = kept.get(state);
      return value ? [[state, value] as const] : [];
    }),
  );
  const nodes = new Set<Node>();
  const stack = [...source.model.graph.outputs, ...written.values()];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = actual(value).producer;
    if (!node || nodes.has(node)) continue;
    nodes.add(node);
    pushAll(stack, nodeDependencies(node));
  }
  return { variant, nodes, actual, written };
}

interface Group {
  readonly users: ReadonlySet<VariantView>;
  /** In an order that suits every variant. */
  readonly nodes: readonly Node[];
}

/**
 * Groups nodes into segments: takes everything that can run for one set of variants, then goes to
 * the next, preferring what all variants need, then a set whose nodes can all run without leaving it,
 * then the one that most variants need.
 */
function makeSegments(source: Instrumented, views: readonly VariantView[]): Segment[] {
  const needs = neededInAnyProgram(source, views);
  const groups = groupByUsers(orderForAll(source, needs), views);
  const done = new Set<Node>();
  const parts: { group: Group; nodes: ReadonlySet<Node> }[] = [];
  for (;;) {
    const [best] = groups
      .map((group) => ({ group, ...runnable(group, done, needs) }))
      .filter((part) => part.nodes.size > 0)
      .sort(
        (a, b) =>
          Number(b.group.users.size === views.length) -
            Number(a.group.users.size === views.length) ||
          Number(b.whole) - Number(a.whole) ||
          b.group.users.size - a.group.users.size,
      );
    if (!best) break;
    for (const node of best.nodes) done.add(node);
    parts.push(best);
  }
  const readers = readersOf(groups);
  const names = parts.map(({ group }) => groupName(source, views, group));
  return parts.map(({ group, nodes }, i) => ({
    id: numbered(names, i),
    users: group.users,
    nodes,
    ...border(source, views, group.users, nodes, readers),
  }));
}

/** What must run before a node in some variant: who reads a site's value waits for every strategy. */
function neededInAnyProgram(
  source: Instrumented,
  views: readonly VariantView[],
): (node: Node) => Node[] {
  const live = new Set(views.flatMap((view) => [...view.nodes]));
  const instead = new Map<Value, Node[]>();
  for (const site of source.sites)
    site.outputs.forEach((output, k) => {
      const others = [...site.produced.values()].flatMap((values) => values[k]?.producer ?? []);
      instead.set(output, others);
    });
  return (node) =>
    [
      ...predecessors(node),
      ...nodeDependencies(node).flatMap((value) => instead.get(value) ?? []),
    ].filter((needed) => live.has(needed));
}

function orderForAll(source: Instrumented, needs: (node: Node) => Node[]): Node[] {
  try {
    return topologicalOrder(source.model.graph, needs);
  } catch (error) {
    if ((error as { code?: string }).code !== 'GRAPH_CYCLE') throw error;
    throw planNotChainable(source.sites.map((s) => s.site.id));
  }
}

function groupByUsers(order: readonly Node[], views: readonly VariantView[]): Group[] {
  const groups = new Map<string, { users: Set<VariantView>; nodes: Node[] }>();
  for (const node of order) {
    const users = views.filter((view) => view.nodes.has(node));
    if (users.length === 0) continue;
    const key = users.map((view) => view.variant.name).join('\n');
    const group = groups.get(key) ?? { users: new Set(users), nodes: [] };
    group.nodes.push(node);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Nodes of a group that can run now, and whether they are all that is left of it. */
function runnable(
  group: Group,
  done: ReadonlySet<Node>,
  needs: (node: Node) => Node[],
): { nodes: Set<Node>; whole: boolean } {
  const left = group.nodes.filter((node) => !done.has(node));
  const nodes = new Set<Node>();
  for (const node of left)
    if (needs(node).every((p) => done.has(p) || nodes.has(p))) nodes.add(node);
  return { nodes, whole: nodes.size === left.length };
}

/** Named by the site and strategy that decide whether it runs. */
function groupName(source: Instrumented, views: readonly VariantView[], { users }: Group): string {
  if (users.size === views.length) return 'shared';
  const names = [COMPUTE, undefined].flatMap((wanted) =>
    source.sites.flatMap(({ site }, s) => {
      const strategies = new Set(views.map((view) => view.variant.row[s]));
      return [...strategies].flatMap((strategy) => {
        if (strategy === undefined || (wanted === COMPUTE) !== (strategy === COMPUTE)) return [];
        const same = views.every((v) => users.has(v) === (v.variant.row[s] === strategy));
        return same ? [strategy === COMPUTE ? site.id : `${site.id}-${strategy}`] : [];
      });
    }),
  );
  return (names[0] ?? 'part').replaceAll(/[^\w.-]+/g, '_');
}

function numbered(names: readonly string[], index: number): string {
  const name = names[index] as string;
  const nth = names.slice(0, index + 1).filter((other) => other === name).length;
  return names.indexOf(name) === names.lastIndexOf(name) ? name : `${name}-${nth}`;
}

/** Who reads each value, graphs inside nodes included. */
function readersOf(groups: readonly Group[]): Map<Value, Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const { nodes } of groups)
    for (const node of nodes)
      for (const value of nodeDependencies(node))
        readers.set(value, [...(readers.get(value) ?? []), node]);
  return readers;
}

function border(
  source: Instrumented,
  views: readonly VariantView[],
  users: ReadonlySet<VariantView>,
  nodes: ReadonlySet<Node>,
  readers: ReadonlyMap<Value, readonly Node[]>,
) {
  const [anyUser] = users as Set<VariantView>;
  const final = new Set([
    ...source.model.graph.outputs,
    ...views.flatMap((view) => [...view.written.values()]),
    ...source.sites.flatMap((site) => [...site.produced.values()].flat()),
  ]);
  const inputs = new Set<Value>();
  const outputs = new Set<Value>();
  const replaced = new Map<Value, Value>();
  for (const node of nodes) {
    for (const value of nodeDependencies(node)) {
      // an input with a default stays an input of the source, and the segment keeps the default
      const outside = value.producer ? !nodes.has(value.producer) : !value.initializer;
      // small constants made by Constant nodes of other segments are copied, not handed on
      if (!outside || (value.producer && constantTensor(value))) continue;
      // whoever needs a strategy's nodes uses that strategy, so one user speaks for all
      const instead = anyUser!.actual(value);
      if (instead.producer && nodes.has(instead.producer)) replaced.set(value, instead);
      else inputs.add(value);
    }
    for (const output of node.outputs) {
      if (!output) continue;
      const leaves = (readers.get(output) ?? []).some((reader) => !nodes.has(reader));
      if (leaves || final.has(output)) outputs.add(output);
    }
  }
  return { inputs: [...inputs], outputs: [...outputs], replaced };
}

function runsOf(
  source: Instrumented,
  segments: readonly Segment[],
  { variant, actual, written }: VariantView,
): Run[] {
  const stateOf = new Map([...source.states.values()].map((info) => [info.input, info.id]));
  const wanted = new Set<Value>();
  const runs: Run[] = [];
  const mine = segments.filter((s) => [...s.users].some((view) => view.variant === variant));
  for (const segment of mine.reverse()) {
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
      [...written].flatMap(([state, value]) =>
        segment.outputs.includes(value) ? [[state, value.name]] : [],
      ),
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
