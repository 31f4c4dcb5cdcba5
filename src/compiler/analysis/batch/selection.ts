/** Operators that work along one axis, which must not be the batch's. */
import { attrNumber, attrString } from '../../../model/ir/attribute.js';
import { type Flow, fromFront, type Step } from './step.js';

function apart(step: Step, own: number | undefined, needsAll = false): number | string {
  const { carrying, first, node } = step;
  if (own === undefined) return 'the axis that it works along is not known';
  if (carrying.some((c) => c.axis !== first.axis))
    return 'the batch lies on different axes of its inputs';
  if (needsAll && carrying.length < node.inputs.length)
    return 'it joins what is the same for all images to what is not';
  return own === first.axis ? 'it works along the batch' : first.axis;
}

export const split: Flow = (step) => apart(step, step.attributeAxis(0));

export const joined: Flow = (step) => apart(step, step.attributeAxis(undefined), true);

export const sliced: Flow = (step) => {
  const rank = step.shapeOf(0)?.length;
  const given = step.axesFrom(3);
  if (rank === undefined || !given) return 'the axes that it slices are not known';
  const { axis } = step.first;
  return given.some((a) => fromFront(a, rank) === axis) ? 'it works along the batch' : axis;
};

export const gathered: Flow = (step) => {
  if (step.isCarriedBy([1])) return looked(step);
  if (!step.isCarriedBy([0])) return 'its table and its indices carry the batch both';
  const own = step.attributeAxis(0);
  const indices = step.shapeOf(1)?.length;
  if (own === undefined || indices === undefined) return 'its shapes are not known';
  const { axis } = step.first;
  if (own === axis) return 'it works along the batch';
  return axis < own ? axis : axis - 1 + indices;
};

/** A row of a table, which is the same for all images, for each index. */
function looked(step: Step): number | string {
  const rank = step.shapeOf(0)?.length;
  if (rank === undefined) return 'its shapes are not known';
  return fromFront(attrNumber(step.node, 'axis', 0), rank) + step.first.axis;
}

/** Along an axis that keeps its size nothing moves, unless what is taken of it is said. */
export const resized: Flow = (step) => {
  const { axis } = step.first;
  if (attrString(step.node, 'coordinate_transformation_mode') === 'tf_crop_and_resize')
    return 'it crops';
  const [before, after] = [step.shapeOf(0)?.[axis], step.outputShape?.[axis]];
  return before && after?.key === before.key ? axis : 'it may resize the batch';
};

export const padded: Flow = (step) => {
  const { axis } = step.first;
  const rank = step.shapeOf(0)?.length;
  const pads = step.padsOf();
  if (rank === undefined || pads?.length !== 2 * rank) return 'what it pads is not known';
  return pads[axis] === 0 && pads[axis + rank] === 0 ? axis : 'it pads the batch';
};
