/** Operators that join tensors or take parts of them. */
import { isNonNegative, maximum, minimum } from '../sizes/bounds.js';
import { add, constant, type DimExpr, multiply, negate, subtract, sum } from '../sizes/dim.js';
import { ceilDivide } from '../sizes/divide.js';
import { type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import { countOf, elementAt, indicesOf, rearrange } from './rules/elements.js';
import { constantShape, type Fraction, MAX_CONTENTS, type Shape } from './rules/facts.js';
import { sameAsFirst } from './rules/same.js';

const concat: Rule = (c) => {
  const shapes = Array.from({ length: c.inputCount }, (_, i) => c.shape(i));
  const [first = c.fail('it has no inputs')] = shapes;
  const axis = c.axis(c.number('axis', 1), first.length);
  if (shapes.some((s) => s.length !== first.length)) c.fail('its inputs differ in rank');
  const shape = first.map((size, i) =>
    i === axis
      ? sum(shapes.map((s) => s[i] as DimExpr))
      : shapes.slice(1).reduce((a, s) => c.same(a, s[i] as DimExpr), size),
  );
  return { dtype: c.dtype(0), shape, contents: joinContents(c, shapes, shape, axis) };
};

function joinContents(
  c: RuleContext,
  shapes: readonly Shape[],
  shape: Shape,
  axis: number,
): readonly Fraction[] | undefined {
  const sizes = constantShape(shape);
  if (!sizes || sizes.reduce((n, d) => n * d, 1) > MAX_CONTENTS) return undefined;
  // One list of which nothing is known need not hide the others.
  const parts = shapes.map((s, i) => {
    const from = constantShape(s);
    return from && { from, elements: c.contents(i), count: countOf(from) };
  });
  // symbols may cancel in the sum
  if (!parts.every((part) => part !== undefined)) return undefined;
  if (parts.every((p) => p.elements === undefined)) return undefined;
  const filled = parts.map(
    (p) => p.elements ?? Array.from({ length: p.count }, () => c.freshNumber()),
  );
  const joined: Fraction[] = [];
  for (const index of indicesOf(sizes)) {
    let at = index[axis] as number;
    let part = 0;
    while (at >= (parts[part]?.from[axis] as number)) at -= parts[part++]?.from[axis] as number;
    joined.push(
      elementAt(filled[part] as Fraction[], parts[part]?.from as number[], index.with(axis, at)),
    );
  }
  return joined;
}

const split: Rule = (c) => {
  const shape = c.shape(0);
  const axis = c.axis(c.number('axis', 0), shape.length);
  const size = shape[axis] as DimExpr;
  const sizes =
    (c.has(1) ? c.integers(1) : c.numbers('split')?.map(constant)) ?? evenParts(c, size);
  let from = constant(0);
  return sizes.map((part) => {
    const start = from;
    from = add(from, part);
    return {
      dtype: c.dtype(0),
      shape: shape.with(axis, part),
      contents: sliceContents(c, shape, shape.with(axis, part), [{ axis, start, step: 1 }]),
    };
  });
};

function evenParts(c: RuleContext, size: DimExpr): DimExpr[] {
  const count = c.outputCount;
  if (c.has(1)) return Array.from({ length: count }, (_, i) => c.freshSize(i));
  // From opset 18 the last part may be smaller; before it the size has to divide evenly.
  const part = ceilDivide(size, count);
  const last = subtract(size, multiply(part, count - 1));
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : part));
}

interface Cut {
  readonly axis: number;
  readonly start: DimExpr;
  readonly step: number;
}

const slice: Rule = (c) => {
  const shape = c.shape(0);
  const fromAttributes = c.opset < 10;
  const list = (input: number, name: string) =>
    fromAttributes ? c.numbers(name)?.map(constant) : c.has(input) ? c.integers(input) : undefined;
  const missing = (input: number) => !fromAttributes && c.has(input);
  const axesList = list(3, 'axes');
  if (!axesList && missing(3)) c.fail(`its axes "${c.value(3).name}" are not known`);
  const starts = list(1, 'starts');
  const ends = list(2, 'ends');
  const steps = list(4, 'steps');
  const short = () => c.fail('its bounds are fewer than its axes');
  const count = axesList?.length ?? starts?.length ?? ends?.length ?? shape.length;
  const result = [...shape];
  const cuts: Cut[] = [];
  for (let i = 0; i < count; i++) {
    const axis = c.axis(
      axesList ? (axesList[i]?.constant ?? c.fail('an axis is symbolic')) : i,
      shape.length,
    );
    const step = steps ? steps[i]?.constant : missing(4) ? undefined : 1;
    const range =
      starts && ends && step
        ? bounds(shape[axis] as DimExpr, starts[i] ?? short(), ends[i] ?? short(), step)
        : undefined;
    if (!range || !step) {
      result[axis] = c.freshSize(axis);
      continue;
    }
    result[axis] = range.size;
    cuts.push({ axis, start: range.start, step });
  }
  return { dtype: c.dtype(0), shape: result, contents: sliceContents(c, shape, result, cuts) };
};

/** Exporters write "to the end" as the largest 64- or 32-bit integer. */
const TO_THE_END = [2n ** 31n - 1n, 2n ** 63n - 1n] as const;
const [HUGE] = TO_THE_END;

/** First element and number of elements of a slice; undefined when a bound's sign is not known. */
function bounds(
  size: DimExpr,
  start: DimExpr,
  end: DimExpr,
  step: number,
): { start: DimExpr; size: DimExpr } | undefined {
  const [low, high] = step > 0 ? [constant(0), size] : [constant(-1), subtract(size, 1)];
  const first = clampBound(start, size, constant(0), high);
  // the engine goes to the end in either direction
  const goesOn = step < 0 && TO_THE_END.some((n) => n === end.exactConstant);
  const last = goesOn ? low : clampBound(end, size, low, high);
  if (!first || !last) return undefined;
  const span = step > 0 ? subtract(last, first) : subtract(first, last);
  return { start: first, size: maximum(0, ceilDivide(span, Math.abs(step))) };
}

function clampBound(
  bound: DimExpr,
  size: DimExpr,
  low: DimExpr,
  high: DimExpr,
): DimExpr | undefined {
  const known = bound.exactConstant ?? 0n;
  if (known >= HUGE) return high;
  if (known <= -HUGE) return low;
  if (isNonNegative(bound)) return minimum(bound, high);
  if (!isNonNegative(subtract(negate(bound), 1))) return undefined;
  return minimum(maximum(add(bound, size), low), high);
}

function sliceContents(
  c: RuleContext,
  shape: Shape,
  result: Shape,
  cuts: readonly Cut[],
): readonly Fraction[] | undefined {
  const elements = c.contents(0);
  const [from, to] = [constantShape(shape), constantShape(result)];
  if (!elements || !from || !to) return undefined;
  return rearrange(elements, from, to, (index) => {
    const source = [...index];
    for (const { axis, start, step } of cuts)
      source[axis] = (start.constant as number) + (index[axis] as number) * step;
    return source;
  });
}

const pad: Rule = (c) => {
  const shape = c.shape(0);
  const pads = c.opset < 11 ? c.numbers('pads')?.map(constant) : c.integers(1);
  const listed = c.has(3)
    ? (c.constants(3) ?? c.fail(`its axes "${c.value(3).name}" are not known`))
    : shape.map((_, i) => i);
  const axes = listed.map((a) => c.axis(a, shape.length));
  const short = () => c.fail(`its pads are too few for ${axes.length} axes`);
  const result = [...shape];
  axes.forEach((axis, i) => {
    result[axis] = pads
      ? sum([shape[axis], pads[i], pads[i + axes.length]].map((size) => size ?? short()))
      : c.freshSize(axis);
  });
  return { dtype: c.dtype(0), shape: result };
};

export const SELECTION: Operators = {
  Concat: operator({ required: 1, shape: concat, batch: 'joined', elements: 'joined' }),
  Split: operator({
    required: 1,
    defaults: { axis: 0 },
    shape: split,
    batch: 'split',
    elements: 'picked',
  }),
  Slice: operator({ required: 1, shape: slice, batch: 'sliced', elements: 'picked' }),
  Pad: operator({
    required: 1,
    defaults: { mode: 'constant' },
    shape: pad,
    batch: 'padded',
    elements: 'computed',
  }),
  Trilu: operator({
    required: 1,
    defaults: { upper: 1 },
    shape: sameAsFirst,
    batch: 'unknown',
    elements: 'computed',
  }),
};
