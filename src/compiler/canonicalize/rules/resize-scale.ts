/**
 * `Resize` to computed sizes that are whole multiples of the input's becomes a `Resize` by constant
 * scales. The engine divides sizes to get scales anyway, and quotients of whole multiples are exact.
 */
import { attrString } from '../../../model/ir/attribute.js';
import { constantTensor } from '../../../model/ir/constants.js';
import { isOp } from '../../../model/ir/node.js';
import { float32Tensor } from '../../../model/ir/tensor.js';
import { divideExactly } from '../../../model/shape/index.js';
import type { Rewrite, Rule } from '../rewrite.js';

export const resizeScale: Rule = (node, { shapes }): Rewrite | undefined => {
  if (!isOp(node, 'Resize') || node.attributes.has('axes')) return undefined;
  const [data, , , sizes] = node.inputs;
  if (!data || !sizes || constantTensor(sizes)) return undefined;
  if ((attrString(node, 'keep_aspect_ratio_policy') ?? 'stretch') !== 'stretch') return undefined;
  const from = shapes.shape(data);
  const to = shapes.shape(node.output);
  if (!from || !to) return undefined;
  const scales = to.map((size, axis) => divideExactly(size, from[axis]!)?.constant);
  if (scales.some((s) => s === undefined || s < 1)) return undefined;
  return {
    rule: 'resize-scale',
    node,
    why: `(${from.join(', ')}) to (${to.join(', ')})`,
    operands: [
      { index: 2, to: float32Tensor(scales as number[]) },
      { index: 3, to: null },
    ],
  };
};
