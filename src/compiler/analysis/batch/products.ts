/** Operators of operands that meet axis by axis. */
import { attrNumber, attrString } from '../../../model/ir/attribute.js';
import type { Flow } from './step.js';

/**
 * Broadcasting aligns from the right; a side without the batch must not have a size there.
 * @param skipped the index of an input that does not broadcast
 */
export const aligned =
  (skipped?: number): Flow =>
  (step) => {
    const rank = step.outputShape?.length;
    if (rank === undefined) return 'the rank of its output is not known';
    const places = step.carrying.map((c) => {
      const own = step.shapeOf(c.index)?.length;
      return own === undefined ? undefined : rank - own + c.axis;
    });
    const axis = places[0];
    if (axis === undefined || places.some((p) => p !== axis))
      return 'the batch lies on different axes of its inputs';
    return step.perImage(axis, rank, skipped) ?? axis;
  };

export const matrixProduct: Flow = (step) => {
  const rank = step.outputShape?.length;
  const ranks = [step.shapeOf(0)?.length, step.shapeOf(1)?.length];
  if (rank === undefined || ranks.includes(undefined))
    return 'the ranks of its operands are not known';
  if (ranks.includes(1)) return 'one of its operands is a vector';
  for (const { index, axis } of step.carrying) {
    const fromRight = ranks[index]! - axis;
    if (fromRight > 2) continue;
    // rows of the left operand stay apart as well
    if (index === 0 && fromRight === 2 && step.carrying.length === 1) return rank - 2;
    return 'it sums over the batch, or pairs its images';
  }
  return aligned()(step);
};

export const generalProduct: Flow = (step) => {
  const { inputs } = step.node;
  const isRows = step.carrying.every((c) => c.axis === 0 && c.index !== 1);
  if (!isRows || step.first.index !== 0 || attrNumber(step.node, 'transA', 0))
    return 'the batch is not the rows of its first operand';
  const bias = step.shapeOf(2);
  const [rows] = bias?.length === 2 ? bias : [];
  const isApart = step.carrying.length === 2 ? bias?.length === 2 : !rows || rows.constant === 1;
  return !inputs[2] || (bias && isApart) ? 0 : 'its bias does not follow the batch';
};

export const einsum: Flow = (step) => {
  const equation = (attrString(step.node, 'equation') ?? '').replaceAll(' ', '');
  if (equation.includes('.')) return 'its axes are not all named';
  const [left = '', right = ''] = equation.split('->');
  const operands = left.split(',');
  const label = operands[step.first.index]?.[step.first.axis] ?? '?';
  const same = step.carrying.every((c) => operands[c.index]?.[c.axis] === label);
  const everywhere = operands.every((labels, i) => step.carries(i) || !labels.includes(label));
  const axis = right.indexOf(label);
  // twice in one operand, it takes a diagonal
  if (operands.some((labels) => labels.split(label).length > 2)) return 'it pairs images';
  return same && everywhere && axis >= 0 ? axis : 'it sums over the batch, or pairs its images';
};
