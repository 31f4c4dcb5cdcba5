/**
 * PyTorch's `baddbmm` with beta 0 leaves `scores + 0 * zeros(shape)` before the softmax of attention.
 * `x + 0` is x to the bit except that it turns -0 into +0. A softmax cannot tell the two: it takes
 * exp(x - max), and both exp(+0) and exp(-0) are 1. So the addition goes only where softmaxes,
 * perhaps behind a `Cast`, are all that reads the sum.
 */
import { attrTensor } from '../../../model/ir/attribute.js';
import { isOp, isStandard, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { operatorOf } from '../../../model/operators/index.js';
import type { Rewrite, Rule } from '../rewrite.js';
import { uniformConstant, uniformElement } from '../tensors.js';
import { sameShape } from './no-operation.js';

export const zeroAdd: Rule = (node, { shapes }): Rewrite | undefined => {
  if (!isOp(node, 'Add') || !endsInSoftmax(node.output)) return undefined;
  for (const [kept, other] of [[0, 1] as const, [1, 0] as const]) {
    const value = node.inputs[kept];
    if (!value || !isZero(node.inputs[other]) || !sameShape(shapes, value, node.output)) continue;
    const why = 'it adds zeros, and softmax cannot tell -0 from +0';
    return { rule: 'zero-add', node, why, replace: [{ from: node.output, to: { value } }] };
  }
  return undefined;
};

function endsInSoftmax(value: Value): boolean {
  if (value.isGraphOutput || value.uses.size === 0) return false;
  return [...value.users].every((user) => {
    if (!isStandard(user)) return false;
    return user.opType === 'Softmax' || (user.opType === 'Cast' && endsInSoftmax(user.output));
  });
}

/** Is every element +0 or -0, whatever the shape? */
function isZero(value: Value | null | undefined): boolean {
  if (!value) return false;
  const constant = uniformConstant(value);
  if (constant !== undefined) return constant === 0;
  const { producer } = value;
  return producer !== undefined && isStandard(producer) && makesZeros(producer);
}

function makesZeros(node: Node): boolean {
  const [a, b] = node.inputs;
  switch (node.opType) {
    case 'ConstantOfShape': {
      const fill = attrTensor(node, 'value');
      return fill === undefined || uniformElement(fill) === 0;
    }
    case 'Mul':
      return (isZero(a) && isFiniteNumber(b)) || (isZero(b) && isFiniteNumber(a));
    default:
      return givesZerosOn(node);
  }
}

/** What is put elsewhere, picked, repeated or written in another type stays zero. */
function givesZerosOn(node: Node): boolean {
  switch (operatorOf(node)?.elements) {
    case 'renamed':
    case 'moved':
    case 'picked':
    case 'repeated':
    case 'retyped':
      return isZero(node.inputs[0]);
    default:
      return false;
  }
}

/** Zero times a number is zero only where that is finite. */
function isFiniteNumber(value: Value | null | undefined): boolean {
  const constant = uniformConstant(value);
  return (constant !== undefined && Number.isFinite(constant)) || isZero(value);
}
