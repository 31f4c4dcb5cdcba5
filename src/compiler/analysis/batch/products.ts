/** Operators of operands that meet axis by axis. */
import { attrNumber, attrString } from '../../../model/ir/attribute.js';
import type { Node } from '../../../model/ir/node.js';
import { operatorOf } from '../../../model/operators/index.js';
import type { Flow, Step } from './step.js';

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

/** Of the last two axes of its left operand, which holds the rows, counted from the right. */
const rowsOf = ({ node }: Step): number => (attrNumber(node, 'transA', 0) === 1 ? 1 : 2);

export const matrixProduct: Flow = (step) => {
  const { node, carrying } = step;
  const [left, right] = factorsOf(node);
  const rank = step.outputShape?.length;
  const ranks = new Map([left, right].map((index) => [index, step.shapeOf(index)?.length]));
  if (rank === undefined || [...ranks.values()].includes(undefined))
    return 'the ranks of its operands are not known';
  if ([...ranks.values()].includes(1)) return 'one of its operands is a vector';
  if (attrNumber(node, 'transBatchA', 0) === 1 || attrNumber(node, 'transBatchB', 0) === 1)
    return 'it exchanges axes of the batch';
  for (const { index, axis } of carrying) {
    const own = ranks.get(index);
    if (own === undefined) return 'another of its inputs than its operands carries the batch';
    const fromRight = own - axis;
    if (fromRight > 2) continue;
    // rows of the left operand stay apart as well
    if (index === left && fromRight === rowsOf(step) && carrying.length === 1)
      return hasOnlyNumbersBeside(step, [left, right])
        ? rank - 2
        : 'a scale or zero point of it may be of a row';
    return 'it sums over the batch, or pairs its images';
  }
  return aligned()(step);
};

const factorsOf = (node: Node): readonly [number, number] => {
  const work = operatorOf(node)?.work;
  return typeof work === 'object' && work.kind === 'product' ? work.factors : [0, 1];
};

/** Is each input beside the operands one number? */
const hasOnlyNumbersBeside = (step: Step, operands: readonly number[]): boolean =>
  step.node.inputs.every(
    (value, index) =>
      !value ||
      operands.includes(index) ||
      step.shapeOf(index)?.every((dim) => dim.constant === 1) === true,
  );

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
