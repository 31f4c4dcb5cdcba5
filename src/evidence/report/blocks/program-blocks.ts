/**
 * What a program does with each block of the source: found by looking which of the block's nodes are
 * still in what the program runs, and where some are not, or others stand beside them, by the strategies of
 * the sites there.
 */
import { concreteShapes, nodeMacs } from '../../../model/cost/index.js';
import { diffModels, type ModelDifference, type SameFile } from '../../../model/diff/index.js';
import { subgraphs } from '../../../model/ir/attribute.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Model } from '../../../model/ir/model.js';
import type { Node } from '../../../model/ir/node.js';
import { branchTaken, inferShapes } from '../../../model/shape/index.js';
import { callsOf, type Schedule } from '../../../runtime/schedule/index.js';
import type { BlockModel, ModelBlock } from './block-model.js';

export interface BlockUse {
  readonly block: ModelBlock;
  /** `compute`, the strategies of the sites in it, or `removed` where no program has any of it. */
  readonly does: string;
  /** MACs of the block's nodes that run, as a part of all of them. */
  readonly share: number;
  /** The model of the bundle that holds most of it, by id; undefined where none does. */
  readonly model: string | undefined;
}

export interface ProgramBlocks {
  readonly program: string;
  /** In the order of the blocks. */
  readonly uses: readonly BlockUse[];
}

export interface BundleModels {
  readonly source: Model;
  readonly models: ReadonlyMap<string, Model>;
}

/** Differences of the source and each model of the bundle, by id. */
export const bundleDifferences = ({ source, models }: BundleModels, sameFile?: SameFile) =>
  new Map(
    [...models].map(([id, model]) => [id, diffModels(source, model, sameFile && { sameFile })]),
  );

export function programBlocks(
  schedule: Schedule,
  blockModel: BlockModel,
  models: ReadonlyMap<string, Model>,
  differences: ReadonlyMap<string, ModelDifference>,
): ProgramBlocks[] {
  const sizes = new Map(Object.entries(schedule.cost?.macs?.bindings ?? {}));
  const shapeOf = concreteShapes(blockModel.shapes, sizes);
  const macsOf = (node: Node) => nodeMacs(node, shapeOf)?.all ?? 0;
  const sites = sitesByBlock(schedule, blockModel);
  const active = Object.entries(schedule.programs).map(([program, { runs }]) => {
    /** Nodes of the source that the program runs, and in which model. */
    const where = new Map<Node, string>();
    for (const { model, constants = {} } of runs) {
      const { matching } = differences.get(model)!;
      for (const node of takenNodes(models.get(model)!, constants)) {
        const original = matching.by(node);
        if (original) where.set(original, model);
      }
    }
    return { program, where };
  });
  const touched = new Map(
    [...differences].map(([id, difference]) => [id, changedBlocks(difference, blockModel)]),
  );
  return active.map(({ program, where }) => {
    const { runs } = schedule.programs[program]!;
    const call = callsOf(schedule).firstOf(program);
    const uses = blockModel.blocks.map((block, order): BlockUse => {
      const running = [...block.nodes].filter((node) => where.has(node));
      const macs = running.reduce((sum, node) => sum + macsOf(node), 0);
      const share = block.macs > 0 ? macs / block.macs : running.length / block.nodes.size;
      const isGone = active.every((other) => ![...block.nodes].some((n) => other.where.has(n)));
      const isTouched = share < 1 || runs.some(({ model }) => touched.get(model)!.has(block));
      const does = isGone ? 'removed' : strategyOf({ order, share, isTouched, call }, sites);
      const counts = new Map<string, number>();
      for (const node of block.nodes)
        for (const [id, { matching }] of differences)
          if (matching.of(node)) counts.set(id, (counts.get(id) ?? 0) + 1);
      const inProgram = new Set(runs.map(({ model }) => model));
      const [model] = [...counts]
        .filter(([id]) => inProgram.has(id))
        .sort(([, a], [, b]) => b - a)
        .map(([id]) => id);
      return { block, does, share, model: model ?? [...inProgram][0] };
    });
    return { program, uses };
  });
}

interface SiteBlocks {
  /** Blocks, by place, that the values of a site are made in. */
  readonly last: number;
  readonly strategies: readonly string[];
}

function sitesByBlock(schedule: Schedule, { blocks, blockOf }: BlockModel): SiteBlocks[] {
  const producers = new Map<string, Node>();
  for (const node of blockOf.keys())
    for (const value of node.outputs) if (value) producers.set(value.name, node);
  const places = new Map(blocks.map((block, i) => [block, i]));
  return Object.values(schedule.sites ?? {}).flatMap(({ values = [], strategies }) => {
    const found = values.flatMap((name) => {
      const block = blockOf.get(producers.get(name)!);
      return block ? [places.get(block)!] : [];
    });
    return found.length > 0 ? [{ last: Math.max(...found), strategies }] : [];
  });
}

/** Blocks of which some node is another, or reads something else. */
const changedBlocks = ({ kept }: ModelDifference, { blockOf }: BlockModel): Set<ModelBlock> =>
  new Set(
    kept.flatMap(({ before, changes, rewired }) => {
      const block = changes.length + rewired.length > 0 ? blockOf.get(before) : undefined;
      return block ? [block] : [];
    }),
  );

/** Sites in the block itself say what is done to it; what lies deeper than a site goes with the next one. */
function strategyOf(
  at: { order: number; share: number; isTouched: boolean; call: number },
  sites: readonly SiteBlocks[],
): string {
  const { order, share, isTouched, call } = at;
  const other = (site: SiteBlocks) => (site.strategies[call] ?? 'compute') !== 'compute';
  const own = isTouched ? sites.filter((site) => site.last === order && other(site)) : [];
  const deeper = sites.filter((site) => site.last > order && other(site));
  const next = deeper.sort((a, b) => a.last - b.last).slice(0, 1);
  const those = own.length > 0 ? own : share === 0 ? next : [];
  const names = new Set(those.map(({ strategies }) => strategies[call]!));
  return names.size === 0 ? 'compute' : [...names].sort().join(' and ');
}

/** Nodes of a model that run, given what a program feeds its strategy inputs. */
function takenNodes(
  model: Model,
  constants: NonNullable<Schedule['programs'][string]['runs'][number]['constants']>,
): Node[] {
  const contents = Object.fromEntries(
    Object.entries(constants).map(([input, { data }]) => [input, data]),
  );
  const choose = branchTaken(inferShapes(model, { contents }));
  const found: Node[] = [];
  const visit = (graph: Graph) => {
    for (const node of graph.nodes) {
      found.push(node);
      const chosen = choose(node);
      for (const inner of chosen ? [chosen] : subgraphs(node)) visit(inner);
    }
  };
  visit(model.graph);
  return found;
}
