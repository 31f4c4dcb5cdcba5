/** Lists of sizes that nodes read, with another size in the batch's place. */
import { int } from '../../../model/ir/attribute.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Node } from '../../../model/ir/node.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { DimExpr, ShapeTable } from '../../../model/shape/index.js';

export type Edit = () => void;

/** Puts another size into the list of sizes that an input is; undefined where it has none for the axis. */
export function replaceSize(
  node: Node,
  input: number,
  axis: number,
  instead: () => number | Value,
  shapes: ShapeTable,
): Edit | string | undefined {
  const sizes = node.inputs[input]!;
  const known = shapes.contents(sizes);
  if (!known) return 'the sizes of its result are not known';
  const at = axis - ((shapes.shape(node.output)?.length ?? known.length) - known.length);
  if (at < 0) return undefined;
  return () => {
    const { graph } = node;
    const parts = known.map((size, i) =>
      part(graph, sizes, size, i, i === at ? instead() : undefined),
    );
    node.setInput(
      input,
      graph.addNode({
        opType: 'Concat',
        inputs: parts,
        outputs: ['stepfold.sizes'],
        attributes: { axis: int(0) },
      }).output,
    );
  };
}

function part(
  graph: Graph,
  sizes: Value,
  size: DimExpr,
  place: number,
  instead: number | Value | undefined,
): Value {
  if (instead !== undefined && typeof instead !== 'number') return instead;
  const known = instead ?? size.constant;
  const written = graph.addInitializer('stepfold.sizes.part', int64Tensor([known ?? place]));
  if (known !== undefined) return written;
  return graph.addNode({
    opType: 'Gather',
    inputs: [sizes, written],
    outputs: ['stepfold.size'],
  }).output;
}
