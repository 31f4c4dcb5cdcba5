/** What each skip branch of a U-Net would save: the table that `inspect` prints. */
import {
  concreteShapes,
  exclusiveCosts,
  graphCost,
  type Macs,
  valueBytes,
} from '../../model/cost/index.js';
import { Dominance } from '../../model/ir/dominance.js';
import type { Graph } from '../../model/ir/graph.js';
import type { ShapeTable } from '../../model/shape/index.js';
import type { SkipJoin } from './skip-join.js';

export interface BranchInfo {
  /** DeepCache's number, 1 = outermost. */
  readonly branch: number;
  /** The Concat or sum where the skip joins the main branch. */
  readonly join: string;
  /** The value that would be cached: mostly the join's main-branch input. */
  readonly value: string;
  /** Its shape, symbols kept. */
  readonly shape: readonly (number | string)[] | undefined;
  readonly stateBytes: number | undefined;
  /** MACs of a shallow call. */
  readonly shallowMacs: Macs;
  /** Parameters of the shallow model. */
  readonly shallowParameters: number;
  /** `--branch` of the DDPM code that came with the paper; null where it cannot express the cut. */
  readonly ddpmBranch: number | null;
  /** `cache_branch_id` of the DeepCache plug-in for diffusers; null where it cannot express the cut. */
  readonly cacheBranchId: number | null;
}

export interface BranchTable {
  readonly fullMacs: Macs;
  readonly parameters: number;
  readonly branches: readonly BranchInfo[];
  /** Nodes whose MACs are unknown, by name; empty when every figure is whole. */
  readonly unknownNodes: readonly string[];
}

/** @param bindings a size for each symbol of the inputs' shapes */
export function branchTable(
  graph: Graph,
  shapes: ShapeTable,
  joins: readonly SkipJoin[],
  bindings: ReadonlyMap<string, number>,
): BranchTable {
  const shapeOf = concreteShapes(shapes, bindings);
  const full = graphCost(graph, shapeOf);
  const exclusive = exclusiveCosts(new Dominance(graph), shapeOf);
  const needed = exclusive();
  const branches = joins.map((join): BranchInfo => {
    const deep = exclusive(join.main);
    return {
      branch: join.branch,
      join: join.node.label,
      value: join.main.name,
      shape: shapes.stated(join.main),
      stateBytes: valueBytes(join.main, shapes, shapeOf),
      shallowMacs: {
        all: needed.macs.all - deep.macs.all,
        layers: needed.macs.layers - deep.macs.layers,
      },
      shallowParameters: needed.parameters - deep.parameters,
      ddpmBranch: ddpmBranch(join),
      cacheBranchId: cacheBranchId(join),
    };
  });
  return {
    fullMacs: full.macs,
    parameters: full.parameters,
    branches,
    unknownNodes: full.unknown.map((n) => n.label),
  };
}

/** Both programs count three joins a level, which is two layers a block. */
const THEIR_JOINS = 3;

/**
 * The DDPM code counts from 0 and cannot reach the outermost branch: its 0 is the paper's 2. (Its
 * README advises 2 for the paper's branch 3; by the published MACs that is `--branch 1`.) It is for
 * U-Nets of three joins a level alone.
 */
const ddpmBranch = ({ branch, perLevel }: SkipJoin): number | null =>
  branch >= 2 && perLevel === THEIR_JOINS ? branch - 2 : null;

/**
 * The plug-in takes its number apart into a level and a place in it, by three, whatever the U-Net: with
 * fewer joins a level some numbers mean nothing, with more some joins have none.
 */
function cacheBranchId({ branch, perLevel }: SkipJoin): number | null {
  if (perLevel === undefined) return null;
  const place = (branch - 1) % perLevel;
  return place < THEIR_JOINS ? THEIR_JOINS * Math.floor((branch - 1) / perLevel) + place : null;
}
