/** A shape that takes sizes over with 0 is written in full, where all sizes are known. Exact. */
import { attrNumber } from '../../../../model/ir/attribute.js';
import { constantTensor } from '../../../../model/ir/constants.js';
import { isOp, type Node } from '../../../../model/ir/node.js';
import { int64Tensor, readBigInts } from '../../../../model/ir/tensor.js';
import { constantShape } from '../../../../model/shape/index.js';
import type { Rewrite, RuleContext } from '../../../canonicalize/rewrite.js';
import type { Miss, TargetRule } from '../../target.js';

export const fullReshape: TargetRule = {
  name: 'full-reshape',
  description: 'Shapes written in full, for engines that do not take sizes over with 0.',
  match(node: Node, { shapes }: RuleContext): Rewrite | Miss | undefined {
    if (!isOp(node, 'Reshape') || attrNumber(node, 'allowzero', 0) !== 0) return undefined;
    const target = constantTensor(node.inputs[1]);
    if (!target || !readBigInts(target).includes(0n)) return undefined;
    const shape = shapes.shape(node.output);
    const sizes = shape && constantShape(shape);
    if (!sizes) return { node, reason: 'its sizes are not all known' };
    return {
      rule: 'full-reshape',
      node,
      why: `to ${sizes.join('x')}`,
      operands: [{ index: 1, to: int64Tensor(sizes) }],
    };
  },
};
