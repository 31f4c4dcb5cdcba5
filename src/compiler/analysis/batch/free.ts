/**
 * Makes a region run at any batch: sizes that an exporter baked into Reshape targets, or took from
 * outside of the region, follow the tensor instead. What the region computes stays the same.
 */
import { int } from '../../../model/ir/attribute.js';
import type { Graph } from '../../../model/ir/graph.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import type { BatchAxes } from './follow.js';

/** The edit that does so, to be applied by calling it, or why there is none. */
export function freeBatch(
  region: ReadonlySet<Node>,
  axes: BatchAxes,
  shapes: ShapeTable,
): Refusal | (() => void) {
  const edits: (() => void)[] = [];
  for (const node of region) {
    if (isOp(node, 'Expand') && axes.has(node.output))
      return { reason: 'its target has the batch in it', node: node.label };
    if (!isOp(node, 'Reshape')) continue;
    const axis = axes.get(node.output);
    const from = node.inputs[0] ? axes.get(node.inputs[0]) : undefined;
    if (axis === undefined || from === undefined) continue;
    const edit = freeTarget(node, from, axis, shapes);
    if (typeof edit === 'string') return { reason: edit, node: node.label };
    if (edit) edits.push(edit);
  }
  return () => {
    for (const edit of edits) edit();
  };
}

/**
 * The edit that lets the batch of a Reshape be whatever remains; undefined when it is so already.
 * @param from the batch's axis in the input
 * @param axis that in the output
 */
export function freeTarget(
  node: Node,
  from: number,
  axis: number,
  shapes: ShapeTable,
): (() => void) | string | undefined {
  const [data, target] = node.inputs as [Value, Value];
  const written = shapes.contents(target)?.map((d) => d.constant);
  // no size is 0 (see canonicalize), so a 0 is a copy, whatever `allowzero` says
  if (written?.[axis] === -1 || written?.[axis] === 0) return undefined;
  const before = shapes.shape(data);
  const after = shapes.shape(node.output);
  if (!before || !after) return 'its shapes are not known';
  const entries = after.map((dim, i): number | undefined => {
    if (i === axis) return -1;
    // 0 takes the size of the input's dimension at that place, which as the batch's will be another
    return dim.constant ?? (i !== from && before[i]?.key === dim.key ? 0 : undefined);
  });
  if (entries.some((entry, i) => entry === undefined && written?.[i] === -1)) {
    if (from !== axis || before[axis]?.key !== after[axis]?.key)
      return 'it infers another size than the batch';
    entries[axis] = 0;
  }
  return () => {
    const { graph } = node;
    node.attributes.delete('allowzero');
    node.setInput(
      1,
      entries.every((e) => e !== undefined)
        ? graph.addInitializer('stepfold.target', int64Tensor(entries as number[]))
        : mixedTarget(graph, target, entries),
    );
  };
}

/** A target that takes from the one before what is not known when compiling. */
function mixedTarget(graph: Graph, target: Value, entries: readonly (number | undefined)[]): Value {
  const parts = entries.map((entry, i) => {
    const index = graph.addInitializer('stepfold.target.part', int64Tensor([entry ?? i]));
    return entry !== undefined
      ? index
      : graph.addNode({ opType: 'Gather', inputs: [target, index], outputs: ['stepfold.size'] })
          .output;
  });
  return graph.addNode({
    opType: 'Concat',
    inputs: parts,
    outputs: ['stepfold.target'],
    attributes: { axis: int(0) },
  }).output;
}
