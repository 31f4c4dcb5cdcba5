/** What each transformer block is and costs: the table that `inspect` prints, as plain data. */
import { concreteShapes, type Macs, regionCost } from '../../../model/cost/index.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { BlockAnalysis, LayerKind } from './blocks.js';
import { nodesOfRange } from './range.js';

export interface BlockInfo {
  readonly index: number;
  readonly stage: number;
  readonly layers: readonly LayerKind[];
  /** The streams that it adds to: names of where the block begins and ends, and the shape, symbols kept. */
  readonly streams: readonly {
    readonly input: string;
    readonly output: string;
    readonly shape: readonly (number | string)[] | null;
  }[];
  /** What would fall away without the block. */
  readonly macs: Macs;
  /** MACs as a fraction of all of the model's, attention products included. */
  readonly share: number;
  readonly parameters: number;
}

/**
 * Costs a walk over each block.
 * @param bindings a size for each symbol of the inputs' shapes
 * @param model MACs of the whole model at these sizes
 */
export function blockTable(
  graph: Graph,
  analysis: BlockAnalysis,
  shapes: ShapeTable,
  bindings: ReadonlyMap<string, number>,
  model: Macs,
): BlockInfo[] {
  const shapeOf = concreteShapes(shapes, bindings);
  return analysis.stages.flat().map((block): BlockInfo => {
    const { macs, parameters } = regionCost(nodesOfRange(graph, block), shapeOf);
    return {
      index: block.index,
      stage: block.stage,
      layers: block.layers.map((layer) => layer.kind),
      streams: block.streams.map(({ input, output }) => ({
        input: input.name,
        output: output.name,
        shape: shapes.stated(output) ?? null,
      })),
      macs,
      share: macs.all / model.all,
      parameters,
    };
  });
}
