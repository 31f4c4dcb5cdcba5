/** Operators that keep images apart by what they are: they work within each, or along axes that are told. */
import { attrNumber } from '../../../model/ir/attribute.js';
import { isStandard, MICROSOFT } from '../../../model/ir/node.js';
import { type AttentionInputs, attentionInputs } from '../../../model/operators/index.js';
import { type Flow, fromFront, type Step } from './step.js';

const NOT_FIRST = 'the batch does not lie on its first axis';
const NOT_ALL = 'not all of its operands carry the batch, or others do';

const onFirstAxis = (step: Step): number | string =>
  step.carrying.every((c) => c.axis === 0) ? 0 : NOT_FIRST;

export const outermost: Flow = (step) => {
  if (!step.isCarriedBy([0])) return NOT_ALL;
  const { node } = step;
  if (attrNumber(node, 'training_mode', 0)) return 'it works across the batch';
  // places that a pool counts through all images, statistics of all of them
  if (node.outputs.slice(1).some(Boolean)) return 'its further results are of all images together';
  return onFirstAxis(step);
};

export const attention: Flow = (step) => {
  const inputs = attentionInputs(step.node);
  if (!inputs) return unknown(step);
  if (!step.isCarriedBy(inputs.operands)) return NOT_ALL;
  return perImageOfAttention(step, inputs) ?? onFirstAxis(step);
};

/** An input beside q, k and v that may not be the same for all images, as a reason. */
function perImageOfAttention(
  step: Step,
  { parameters, bias }: AttentionInputs,
): string | undefined {
  for (const [index, value] of step.node.inputs.entries()) {
    if (!value || parameters.includes(index) || step.carries(index)) continue;
    const shape = step.shapeOf(index);
    // broadcasts to (batch, heads, queries, keys)
    const isForAll = shape && (shape.length < 4 || shape[0]!.constant === 1);
    if (index !== bias || !isForAll) return `"${value.name}" may have a value for each image`;
  }
  return undefined;
}

const alongAxes =
  (missing: (rank: number) => number): Flow =>
  (step) => {
    const { axis } = step.first;
    const rank = step.shapeOf(0)?.length;
    if (rank === undefined) return 'the rank of its input is not known';
    const own = attrNumber(step.node, 'axis', missing(rank));
    if (axis >= fromFront(own, rank)) return 'it works across the batch';
    return step.perImage(axis, rank) ?? axis;
  };

export const normalized = alongAxes(() => -1);

/** Before opset 13 a Softmax without an axis works across all but the first. */
export const softmax = alongAxes((rank) => Math.min(1, rank - 1));

export const reduced: Flow = (step) => {
  const rank = step.shapeOf(0)?.length;
  const given = step.axesFrom(1);
  if (rank === undefined || !given) return 'the axes that it reduces are not known';
  const along = given.map((a) => fromFront(a, rank));
  const { axis } = step.first;
  if (along.includes(axis)) return 'it works across the batch';
  if (attrNumber(step.node, 'keepdims', 1)) return axis;
  return axis - along.filter((a) => a < axis).length;
};

export const unknown: Flow = ({ node }) => {
  const isWritten = isStandard(node) || node.domain === MICROSOFT;
  const name = isWritten ? node.opType : `${node.domain}.${node.opType}`;
  return `it is not known how ${name} treats the batch`;
};
