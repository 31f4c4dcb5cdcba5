/**
 * `Reshape` targets computed from shapes become constants: sizes that stand in the same place in the
 * input are copied (0), and one that is left is inferred (-1). Where two are left, a unit axis put
 * before the input, or taken off the result, often brings the others into place: folding heads into
 * the batch, (batch, heads, tokens, width) to (batch*heads, tokens, width), is a Reshape to
 * (1, -1, 0, 0) and a Squeeze. Such targets hold for any batch, also for half of one.
 */
import { attrNumber, ints } from '../../../model/ir/attribute.js';
import { constantTensor } from '../../../model/ir/constants.js';
import { isOp } from '../../../model/ir/node.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import { constant, type DimExpr, equal } from '../../../model/shape/index.js';
import { chain, type NodeStep, type Rewrite, type Rule } from '../rewrite.js';

export const reshapeTarget: Rule = (node, { shapes, opset }): Rewrite | undefined => {
  if (!isOp(node, 'Reshape')) return undefined;
  const [data, target] = node.inputs;
  if (!data || !target || constantTensor(target)) return undefined;
  const from = shapes.shape(data);
  const to = shapes.shape(node.output);
  if (!from || !to) return undefined;
  const direct = relativeTarget(from, to);
  const why = `(${from.join(', ')}) to (${to.join(', ')})`;
  // With allowzero, as the dynamo exporter writes it, a 0 does not copy: that takes another node.
  if (direct?.includes(0) && attrNumber(node, 'allowzero', 0) !== 0) {
    const step = { opType: 'Reshape', inputs: [data, int64Tensor(direct)] };
    return {
      rule: 'reshape-target',
      node,
      why,
      replace: [{ from: node.output, to: { steps: [step] } }],
    };
  }
  if (direct)
    return {
      rule: 'reshape-target',
      node,
      why,
      operands: [{ index: 1, to: int64Tensor(direct) }],
    };
  const steps = byUnitAxis(data, from, to, opset);
  if (!steps) return undefined;
  return {
    rule: 'reshape-by-unit-axis',
    node,
    why,
    replace: [{ from: node.output, to: { steps: chain(...steps) } }],
  };
};

/** The target in constants, 0 and at most one -1; undefined where more than one size is left. */
function relativeTarget(from: readonly DimExpr[], to: readonly DimExpr[]): number[] | undefined {
  let left = 0;
  const target = to.map((size, axis) => {
    const known = size.constant;
    if (known !== undefined) return known;
    const input = from[axis];
    if (input && equal(size, input)) return 0;
    left++;
    return -1;
  });
  // A size of zero would be read as a copy, and leaves -1 without an answer.
  if (left > 1 || to.some((size) => size.constant === 0)) return undefined;
  return target;
}

/** Puts one axis of size 1 before some other so that all sizes but one stay in place. */
function byUnitAxis(
  data: Value,
  from: readonly DimExpr[],
  to: readonly DimExpr[],
  opset: number,
): NodeStep[] | undefined {
  const one = constant(1);
  const axisStep = (opType: string, axis: number): NodeStep =>
    opset < 13
      ? { opType, inputs: [], attributes: { axes: ints([axis]) } }
      : { opType, inputs: [int64Tensor([axis])] };
  const reshape = (target: readonly number[]): NodeStep => ({
    opType: 'Reshape',
    inputs: [int64Tensor(target)],
  });
  for (let axis = 0; axis < from.length; axis++) {
    const target = relativeTarget(from.toSpliced(axis, 0, one), to);
    if (!target) continue;
    const unsqueeze = axisStep('Unsqueeze', axis);
    return [{ ...unsqueeze, inputs: [data, ...unsqueeze.inputs] }, reshape(target)];
  }
  for (let axis = 0; axis < to.length; axis++) {
    const target = relativeTarget(from, to.toSpliced(axis, 0, one));
    if (!target) continue;
    const first = reshape(target);
    return [{ ...first, inputs: [data, ...first.inputs] }, axisStep('Squeeze', axis)];
  }
  return undefined;
}
