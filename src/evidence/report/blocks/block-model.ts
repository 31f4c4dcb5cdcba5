/**
 * A model as its blocks: a U-Net between its skip joins, a transformer by its residual blocks, anything
 * else as one. Every node belongs to one block: to the first, in the order of the computation, that needs
 * it. What does not depend on the latent is a block of its own.
 */

import {
  analyzeUnet,
  findAttention,
  findBlocks,
  findInputRoles,
} from '../../../compiler/analysis/index.js';
import { concreteShapes, nodeMacs } from '../../../model/cost/index.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Model } from '../../../model/ir/model.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { nodeDependencies, predecessors, topologicalOrder } from '../../../model/ir/order.js';
import { pushAll } from '../../../model/ir/push-all.js';
import type { Value } from '../../../model/ir/value.js';
import { inferShapes, type ShapeTable } from '../../../model/shape/index.js';

export interface ModelBlock {
  /** What it is, such as `down 2`. */
  readonly name: string;
  readonly arm: 'beside' | 'down' | 'middle' | 'up' | 'stack';
  /** Of a U-Net: the skip branch at its level, 1 the outermost. */
  readonly level: number;
  readonly nodes: ReadonlySet<Node>;
  readonly macs: number;
  /** What is in it: `4 Conv, 1 attention`. */
  readonly holds: string;
  /** Of what it hands on. */
  readonly shape: readonly (number | string)[] | undefined;
}

export interface BlockModel {
  readonly kind: 'unet' | 'transformer' | 'plain';
  /** In the order of the computation. */
  readonly blocks: readonly ModelBlock[];
  readonly blockOf: ReadonlyMap<Node, ModelBlock>;
  readonly shapes: ShapeTable;
}

/** What a block ends with. */
type Plan = Pick<ModelBlock, 'name' | 'arm' | 'level'> & { readonly ends: readonly Value[] };

/** @param sizes for the symbols of the model's shapes */
export function blockModel(model: Model, sizes: ReadonlyMap<string, number>): BlockModel {
  const { graph } = model;
  const shapes = inferShapes(model);
  const attention = findAttention(graph, shapes).found;
  const { kind, plans } = planBlocks(graph, shapes, attention);
  const shapeOf = concreteShapes(shapes, sizes);
  const mixes = new Set(attention.map(({ mix }) => mix));
  const taken = new Set<Node>();
  const blocks: ModelBlock[] = [];
  const add = ({ ends, ...plan }: Plan, nodes: ReadonlySet<Node>) => {
    if (nodes.size === 0) return;
    let macs = 0;
    for (const node of nodes) macs += nodeMacs(node, shapeOf)?.all ?? 0;
    const shape = ends[0] && shapes.stated(ends[0]);
    blocks.push({ ...plan, nodes, macs, holds: holds(nodes, mixes), shape });
  };
  add(
    { name: 'conditions', arm: 'beside', level: 0, ends: [] },
    take(besideLatent(graph, shapes), taken),
  );
  for (const plan of plans) add(plan, take(behind(plan.ends, taken), taken));
  const rest = new Set([...graph.nodes].filter((node) => !taken.has(node)));
  const last = { unet: 'up 1', transformer: 'out', plain: 'model' }[kind];
  add(
    {
      name: last,
      arm: kind === 'unet' ? 'up' : 'stack',
      level: kind === 'unet' ? 1 : 0,
      ends: [...graph.outputs],
    },
    rest,
  );
  const blockOf = new Map(blocks.flatMap((block) => [...block.nodes].map((node) => [node, block])));
  return { kind, blocks, blockOf, shapes };
}

type Attentions = ReturnType<typeof findAttention>['found'];

function planBlocks(
  graph: Graph,
  shapes: ShapeTable,
  attention: Attentions,
): { kind: BlockModel['kind']; plans: Plan[] } {
  const unet = analyzeUnet(graph, shapes);
  if (unet.isUnet && unet.joins.length > 0) {
    const { joins } = unet;
    const down = joins.map(
      ({ branch, skip }): Plan => ({
        name: `down ${branch}`,
        arm: 'down',
        level: branch,
        ends: [skip],
      }),
    );
    const deepest = joins.at(-1)!;
    const middle: Plan = {
      name: 'middle',
      arm: 'middle',
      level: deepest.branch + 1,
      ends: [deepest.main],
    };
    const up = joins
      .slice(1)
      .reverse()
      .map(
        ({ branch }): Plan => ({
          name: `up ${branch}`,
          arm: 'up',
          level: branch,
          ends: [joins.find((join) => join.branch === previous(joins, branch))!.main],
        }),
      );
    return { kind: 'unet', plans: [...down, middle, ...up] };
  }
  const { stages } = findBlocks(graph, shapes, attention);
  const blocks = stages.flat();
  if (blocks.length === 0) return { kind: 'plain', plans: [] };
  const starts: Plan = {
    name: 'in',
    arm: 'stack',
    level: 0,
    ends: blocks[0]!.streams.map(({ input }) => input),
  };
  return {
    kind: 'transformer',
    plans: [
      starts,
      ...blocks.map(
        ({ index, streams }): Plan => ({
          name: `block ${index}`,
          arm: 'stack',
          level: index,
          ends: streams.map(({ output }) => output),
        }),
      ),
    ],
  };
}

/** The branch next further out; some may be missing. */
const previous = (joins: readonly { readonly branch: number }[], branch: number): number =>
  Math.max(...joins.map((join) => join.branch).filter((other) => other < branch));

/** Nodes that do not depend on the latent, though on something that is fed. */
function besideLatent(graph: Graph, shapes: ShapeTable): Set<Node> {
  const { latent } = findInputRoles(graph, shapes);
  const depends = new Set<Value>(graph.inputs.filter(({ name }) => name === latent));
  const beside = new Set<Node>();
  if (depends.size === 0) return beside;
  for (const node of topologicalOrder(graph)) {
    if (nodeDependencies(node).some((value) => depends.has(value)))
      for (const value of node.outputs) if (value) depends.add(value);
    if (!node.outputs.some((value) => value && depends.has(value))) beside.add(node);
  }
  return beside;
}

/** Everything that values are made from, but for what is taken. */
function behind(ends: readonly Value[], taken: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  const open = ends.flatMap(({ producer }) => (producer ? [producer] : []));
  for (let node = open.pop(); node; node = open.pop()) {
    if (taken.has(node) || found.has(node)) continue;
    found.add(node);
    pushAll(open, predecessors(node));
  }
  return found;
}

function take(nodes: ReadonlySet<Node>, taken: Set<Node>): ReadonlySet<Node> {
  for (const node of nodes) taken.add(node);
  return nodes;
}

/** Operators that people know blocks by, most telling first. */
const TOLD = ['Conv', 'ConvTranspose', 'Resize', 'Gemm', 'MatMul'];

function holds(nodes: ReadonlySet<Node>, mixes: ReadonlySet<Node>): string {
  const all = [...nodes];
  const attentions = all.filter((node) => mixes.has(node)).length;
  const counts = TOLD.map((op) => [op, all.filter((node) => isOp(node, op)).length] as const);
  return [
    ...counts.filter(([, count]) => count > 0).map(([op, count]) => `${count} ${op}`),
    ...(attentions > 0 ? [`${attentions} attention`] : []),
  ].join(', ');
}
