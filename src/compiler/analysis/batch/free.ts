/**
 * Makes a region run at any batch: sizes that an exporter baked into Reshape targets, or took from
 * outside of the region, follow the tensor instead. What the region computes stays the same.
 */
import { int } from '../../../model/ir/attribute.js';
import { constantTensor } from '../../../model/ir/constants.js';
import type { Graph } from '../../../model/ir/graph.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { int64Tensor, readNumbers } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import type { BatchAxes } from './follow.js';
import { type Edit, replaceSize } from './sizes.js';

/** The edit that does so, to be applied by calling it, or why there is none. */
export function freeBatch(
  region: ReadonlySet<Node>,
  axes: BatchAxes,
  shapes: ShapeTable,
): Refusal | Edit {
  return editsOf(region, axes, (node, from, axis) => editOf(node, from, axis, shapes));
}

/**
 * One edit of all nodes from which and to which a batch goes, or why one of them has none.
 * @param editOf the edit of a node, none where it needs none, or why there is none
 */
export function editsOf(
  nodes: Iterable<Node>,
  axes: BatchAxes,
  editOf: (node: Node, from: number, axis: number) => Edit | string | undefined,
): Refusal | Edit {
  const edits: Edit[] = [];
  for (const node of nodes) {
    const [data, result] = [node.inputs[0], node.outputs[0]];
    const from = data ? axes.get(data) : undefined;
    const axis = result ? axes.get(result) : undefined;
    if (from === undefined || axis === undefined) continue;
    const edit = editOf(node, from, axis);
    if (typeof edit === 'string') return { reason: edit, node: node.label };
    if (edit) edits.push(edit);
  }
  return () => {
    for (const edit of edits) edit();
  };
}

function editOf(
  node: Node,
  from: number,
  axis: number,
  shapes: ShapeTable,
): Edit | string | undefined {
  if (isOp(node, 'Reshape')) return freeTarget(node, from, axis, shapes);
  if (!isOp(node, 'Expand')) return undefined;
  // a 1 broadcasts to whatever the tensor has
  return isOneAt(node, axis, shapes) ? undefined : replaceSize(node, 1, axis, () => 1, shapes);
}

/** Has the target of an Expand a 1 for an axis of the result, or was one put there? */
function isOneAt(node: Node, axis: number, shapes: ShapeTable): boolean {
  const target = node.inputs[1]!;
  const rank = shapes.shape(node.output)?.length ?? 0;
  const known = shapes.contents(target);
  if (known) return known[axis - rank + known.length]?.constant === 1;
  const put = isOp(target.producer, 'Concat') ? target.producer.inputs[axis] : undefined;
  const written = put && constantTensor(put);
  return !!written && readNumbers(written).join() === '1';
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
): Edit | string | undefined {
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
