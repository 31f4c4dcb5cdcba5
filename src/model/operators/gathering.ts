/** Operators that take elements by their indices, or put them there. */
import { type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import { elementAt, rearrange } from './rules/elements.js';
import { constantShape, type Facts, type Shape } from './rules/facts.js';
import { sameAsFirst } from './rules/same.js';

const gather: Rule = (c) => {
  const shape = c.shape(0);
  const indices = c.shape(1);
  const axis = c.axis(c.number('axis', 0), shape.length);
  const result = [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
  return {
    dtype: c.dtype(0),
    shape: result,
    contents: gatherContents(c, shape, indices, result, axis),
  };
};

function gatherContents(
  c: RuleContext,
  shape: Shape,
  indices: Shape,
  result: Shape,
  axis: number,
): Facts['contents'] {
  const elements = c.contents(0);
  const places = c.constants(1);
  const [from, at, to] = [constantShape(shape), constantShape(indices), constantShape(result)];
  if (!elements || !places || !from || !at || !to) return undefined;
  const length = from[axis]!;
  const rank = at.length;
  return rearrange(elements, from, to, (index) => {
    const place = elementAt(places, at, index.slice(axis, axis + rank));
    const wrapped = place < 0 ? place + length : place;
    return [...index.slice(0, axis), wrapped, ...index.slice(axis + rank)];
  });
}

const gatherElements: Rule = (c) => ({ dtype: c.dtype(0), shape: c.shape(1) });

const gatherNd: Rule = (c) => {
  const data = c.shape(0);
  const indices = c.shape(1);
  const batch = c.number('batch_dims', 0);
  const depth = indices.at(-1)?.constant ?? c.fail('the length of its index tuples is symbolic');
  return { dtype: c.dtype(0), shape: [...indices.slice(0, -1), ...data.slice(batch + depth)] };
};

export const GATHERING: Operators = {
  Gather: operator({
    required: 2,
    defaults: { axis: 0 },
    shape: gather,
    batch: 'gathered',
    elements: 'picked',
  }),
  GatherElements: operator({
    required: 2,
    defaults: { axis: 0 },
    shape: gatherElements,
    batch: 'unknown',
    elements: 'picked',
  }),
  GatherND: operator({
    required: 2,
    defaults: { batch_dims: 0 },
    shape: gatherNd,
    batch: 'unknown',
    elements: 'picked',
  }),
  Scatter: operator({
    required: 3,
    defaults: { axis: 0 },
    shape: sameAsFirst,
    batch: 'unknown',
    elements: 'computed',
  }),
  ScatterElements: operator({
    required: 3,
    defaults: { axis: 0, reduction: 'none' },
    shape: sameAsFirst,
    batch: 'unknown',
    elements: 'computed',
  }),
  ScatterND: operator({
    required: 3,
    defaults: { reduction: 'none' },
    shape: sameAsFirst,
    batch: 'written',
    elements: 'computed',
  }),
};
