/** What each module is and costs: the table that `inspect` prints, as plain data. */
import { concreteShapes, type Macs } from '../../../model/cost/index.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { moduleCosts } from './costs.js';
import type { ModuleAnalysis, ModuleKind } from './module.js';

export interface ModuleInfo {
  /** The site that a pass makes of it. */
  readonly id: string;
  readonly kind: ModuleKind;
  /** The number of its block; null where it lies in none. */
  readonly block: number | null;
  /** What is kept of it: names and shapes, symbols kept. */
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly (number | string)[] | null;
  }[];
  /** What falls away where it is not computed. */
  readonly macs: Macs;
  /** MACs as a fraction of all of the model's, attention products included. */
  readonly share: number;
}

/**
 * Costs what `moduleCosts` does.
 * @param bindings a size for each symbol of the inputs' shapes
 * @param model MACs of the whole model at these sizes
 */
export function moduleTable(
  graph: Graph,
  { found }: ModuleAnalysis,
  shapes: ShapeTable,
  bindings: ReadonlyMap<string, number>,
  model: Macs,
): ModuleInfo[] {
  const macsOf = moduleCosts(graph, concreteShapes(shapes, bindings));
  return found.map((module): ModuleInfo => {
    const macs = macsOf(module);
    return {
      id: module.id,
      kind: module.kind,
      block: module.block ?? null,
      outputs: module.outputs.map((value) => ({
        name: value.name,
        shape: shapes.stated(value) ?? null,
      })),
      macs,
      share: macs.all / model.all,
    };
  });
}
