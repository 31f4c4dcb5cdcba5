/** Operators that give the same elements other axes. */
import { attrNumber } from '../../../model/ir/attribute.js';
import { divideExactly, product } from '../../../model/shape/index.js';
import { permutation } from '../attention/axes.js';
import { type Flow, fromFront, type Step } from './step.js';

export const transposed: Flow = (step) => {
  const rank = step.shapeOf(0)?.length;
  if (rank === undefined) return 'the rank of its input is not known';
  return permutation(step.node, rank).indexOf(step.first.axis);
};

export const reshaped: Flow = (step) => {
  const before = step.shapeOf(0);
  const after = step.outputShape;
  if (!before || !after) return 'its shapes are not known';
  const { axis } = step.first;
  const ahead = product(before.slice(0, axis)).key;
  const places = after.flatMap((_, j) => (product(after.slice(0, j)).key === ahead ? [j] : []));
  // sizes of 1 make several places; the batch is the one that has a size
  const place = places.find((j) => after[j]!.constant !== 1) ?? places[0];
  if (place === undefined) return 'it folds other axes into the batch';
  // what lies ahead being the same, each image stays whole where as many parts fall to each, and where axes behind join it
  const isWhole =
    divideExactly(after[place]!, before[axis]!) ||
    (step.images && divideExactly(after[place]!, step.images));
  return isWhole ? place : 'it takes the batch apart';
};

export const tiled: Flow = (step) => {
  const { axis } = step.first;
  const times = step.contentsOf(1)?.[axis];
  if (!times) return 'it is not known how often it repeats the batch';
  return times.constant === 1 ? axis : 'it repeats the batch';
};

export const flattened: Flow = ({ node, first }) =>
  first.axis === 0 && attrNumber(node, 'axis', 1) >= 1 ? 0 : 'it folds other axes into the batch';

const NO_AXES = 'its axes are not known';

const ranksOf = (step: Step) => [step.shapeOf(0)?.length, step.outputShape?.length] as const;

export const squeezed: Flow = (step) => {
  const [before, after] = ranksOf(step);
  const given = step.axesFrom(1);
  if (before === undefined || after === undefined || !given) return NO_AXES;
  const { axis } = step.first;
  const gone = given.map((a) => fromFront(a, before));
  return gone.includes(axis) ? 'it drops the batch' : axis - gone.filter((a) => a < axis).length;
};

export const unsqueezed: Flow = (step) => {
  const [before, after] = ranksOf(step);
  const given = step.axesFrom(1);
  if (before === undefined || after === undefined || !given) return NO_AXES;
  const fresh = new Set(given.map((a) => fromFront(a, after)));
  const kept = Array.from({ length: after }, (_, i) => i).filter((i) => !fresh.has(i));
  return kept[step.first.axis] ?? 'its axes do not fit its input';
};
