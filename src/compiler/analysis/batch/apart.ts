/** Operators that keep images apart by what they are: they work within each, or along axes that are told. */
import { attrNumber } from '../../../model/ir/attribute.js';
import { isStandard, MICROSOFT } from '../../../model/ir/node.js';
import { type AttentionInputs, attentionInputs } from '../../../model/operators/index.js';
import { aligned } from './products.js';
import { type Flow, fromFront, type Step } from './step.js';

const ACROSS = 'it works across the batch';
const RANK = 'the rank of its input is not known';
const NOT_FIRST = 'the batch does not lie on its first axis';
const NOT_ALL = 'not all of its operands carry the batch, or others do';

const onFirstAxis = (step: Step): number | string =>
  step.carrying.every((c) => c.axis === 0) ? 0 : NOT_FIRST;

export const outermost: Flow = (step) => (step.isCarriedBy([0]) ? onItsOwn(step) : NOT_ALL);

/** What is added: the fourth input of each operator that has one. */
const ADDED = 3;

export const outermostAdded: Flow = (step) =>
  step.isCarriedBy(step.node.inputs[ADDED] ? [0, ADDED] : [0]) ? onItsOwn(step) : NOT_ALL;

export const outermostSummed: Flow = (step) => {
  const axis = step.carries(0) ? aligned()(step) : NOT_ALL;
  return typeof axis === 'string' || axis === 0 ? axis : NOT_FIRST;
};

function onItsOwn(step: Step): number | string {
  const { node } = step;
  if (attrNumber(node, 'training_mode', 0)) return ACROSS;
  // places that a pool counts through all images, statistics of all of them
  if (node.outputs.slice(1).some(Boolean)) return 'its further results are of all images together';
  return onFirstAxis(step);
}

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
    if (rank === undefined) return RANK;
    const own = attrNumber(step.node, 'axis', missing(rank));
    if (axis >= fromFront(own, rank)) return ACROSS;
    return step.perImage(axis, rank) ?? axis;
  };

/** The input that says the axis where no attribute does, as early operator sets have it. */
const AXIS_INPUT: Readonly<Record<string, number>> = { CumSum: 1, DFT: 2 };

export const alongAxis: Flow = (step) => {
  const { node } = step;
  const rank = step.shapeOf(0)?.length;
  if (rank === undefined) return RANK;
  const own = attrNumber(node, 'axis') ?? step.contentsOf(AXIS_INPUT[node.opType]!)?.[0]?.constant;
  if (own === undefined) return 'the axis along which it works is not known';
  return step.first.axis === fromFront(own, rank) ? ACROSS : step.first.axis;
};

export const normalized = alongAxes(() => -1);

/** Before opset 13 a Softmax without an axis works across all but the first. */
export const softmax = alongAxes((rank) => Math.min(1, rank - 1));

/** Of all results of the operators in question: each has the axes of the sum. */
export const normalizedSum: Flow = (step) => {
  const axis = step.carries(0) ? aligned()(step) : NOT_ALL;
  return axis === (step.outputShape?.length ?? 0) - 1 ? ACROSS : axis;
};

export const rows: Flow = (step) => {
  const rank = step.shapeOf(0)?.length;
  if (!step.isCarriedBy([0])) return NOT_ALL;
  if (rank === undefined) return RANK;
  return step.first.axis === rank - 1 ? ACROSS : step.first.axis;
};

/** Scales are one for all elements, or lie along one axis of them. */
export const scaled: Flow = (step) => {
  const [scale, rank] = [step.shapeOf(1), step.shapeOf(0)?.length];
  if (!step.isCarriedBy([0])) return NOT_ALL;
  if (!scale || rank === undefined) return 'the shapes of its input and scale are not known';
  const { axis } = step.first;
  if (scale.every((dim) => dim.constant === 1)) return axis;
  const own = fromFront(attrNumber(step.node, 'axis', 1), rank);
  return scale.length === 1 && own !== axis ? axis : 'its scales may differ from image to image';
};

export const together: Flow = () => 'its steps are those of all images together';

export const reduced: Flow = (step) => {
  const rank = step.shapeOf(0)?.length;
  const given = step.axesFrom(1);
  if (rank === undefined || !given) return 'the axes that it reduces are not known';
  const along = given.map((a) => fromFront(a, rank));
  const { axis } = step.first;
  if (along.includes(axis)) return ACROSS;
  if (attrNumber(step.node, 'keepdims', 1)) return axis;
  return axis - along.filter((a) => a < axis).length;
};

export const unknown: Flow = ({ node }) => {
  const isWritten = isStandard(node) || node.domain === MICROSOFT;
  const name = isWritten ? node.opType : `${node.domain}.${node.opType}`;
  return `it is not known how ${name} treats the batch`;
};
