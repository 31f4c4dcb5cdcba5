/** Constant indices that count from the end become such that count from the start, where the size is known. Exact. */
import { attrNumber } from '../../../../model/ir/attribute.js';
import { constantTensor } from '../../../../model/ir/constants.js';
import { isOp, type Node } from '../../../../model/ir/node.js';
import { readBigInts } from '../../../../model/ir/tensor.js';
import type { Rewrite, RuleContext } from '../../../canonicalize/rewrite.js';
import { integerTensor } from '../../../canonicalize/tensors.js';
import type { Miss, TargetRule } from '../../target.js';

export const positiveIndices: TargetRule = {
  name: 'positive-indices',
  description: 'Constant indices counted from the start, for engines that take no others.',
  match(node: Node, { shapes }: RuleContext): Rewrite | Miss | undefined {
    if (!isOp(node, 'Gather')) return undefined;
    const [data, indices] = node.inputs;
    const tensor = constantTensor(indices);
    if (!data || !tensor) return undefined;
    const numbers = readBigInts(tensor);
    if (numbers.every((x) => x >= 0n)) return undefined;
    const shape = shapes.shape(data);
    const axis = attrNumber(node, 'axis', 0);
    const size = shape?.[axis < 0 ? axis + shape.length : axis]?.constant;
    if (size === undefined) return { node, reason: `the size of axis ${axis} is not known` };
    const to = integerTensor(
      tensor.dtype,
      numbers.map((x) => (x < 0n ? x + BigInt(size) : x)),
      tensor.dims,
    )!;
    return {
      rule: 'positive-indices',
      node,
      why: `indices below 0 along an axis of ${size}`,
      operands: [{ index: 1, to }],
    };
  },
};
