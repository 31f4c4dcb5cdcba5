/**
 * How much of the model a piece of it is, by multiply-accumulates; by nodes where a model has none.
 */
import type { Tensor } from 'onnxruntime-common';
import { concreteShapes, regionCost } from '../../model/cost/index.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { inferShapes, symbolsOf } from '../../model/shape/index.js';

/**
 * @param whole nodes that are one evaluation of the model
 * @param feeds settle the sizes
 */
export function shareOfWork(
  model: Model,
  whole: Iterable<Node>,
  feeds: Readonly<Record<string, Tensor>>,
): (nodes: Iterable<Node>) => number {
  const shapes = inferShapes(model);
  const sizes = concreteShapes(shapes, sizesOf(model.graph, shapes, feeds));
  const all = [...whole];
  const macs = (nodes: Iterable<Node>) => regionCost(nodes, sizes).macs.all;
  const total = macs(all);
  return total > 0 ? (nodes) => macs(nodes) / total : (nodes) => [...nodes].length / all.length;
}

/** Sizes of symbols that are the whole dimension of a fed input. */
function sizesOf(
  graph: Graph,
  shapes: ReturnType<typeof inferShapes>,
  feeds: Readonly<Record<string, Tensor>>,
): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const input of graph.inputs)
    for (const [axis, dim] of (shapes.shape(input) ?? []).entries()) {
      const [symbol] = symbolsOf(dim);
      const size = feeds[input.name]?.dims[axis];
      if (symbol !== undefined && dim.toString() === symbol && size !== undefined)
        sizes.set(symbol, size);
    }
  return sizes;
}
