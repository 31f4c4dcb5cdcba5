/** `Resize` and `Upsample`: sizes given outright, or as floor(size * scale). */

import { constant, type DimExpr, multiply } from '../sizes/dim.js';
import { floorDivide } from '../sizes/divide.js';
import { type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import { type Fraction, fromFloat, type Shape } from './rules/facts.js';
import { isExact } from './rules/fractions.js';

/** Scales as fractions where they are exact, and as plain numbers where the tensor is constant. */
interface Scales {
  readonly exact: readonly (Fraction | undefined)[];
  readonly numbers: readonly number[] | undefined;
}

function scalesOf(c: RuleContext, input: number): Scales | undefined {
  const numbers = c.tensorNumbers(input);
  if (numbers) return { exact: numbers.map(fromFloat), numbers };
  const exact = c.contents(input);
  return exact && { exact, numbers: undefined };
}

function scaled(c: RuleContext, shape: Shape, axes: readonly number[], scales: Scales): Shape {
  const result = [...shape];
  axes.forEach((axis, i) => {
    const size = shape[axis] as DimExpr;
    const exact = scales.exact[i];
    // The engine multiplies in single precision.
    const rounded = Math.floor(Math.fround((size.constant ?? NaN) * (scales.numbers?.[i] ?? NaN)));
    if (exact && isExact(exact))
      result[axis] = floorDivide(multiply(size, exact.over), exact.under);
    else result[axis] = Number.isFinite(rounded) ? constant(rounded) : c.freshSize(axis);
  });
  return result;
}

const resize: Rule = (c) => {
  const shape = c.shape(0);
  const dtype = c.dtype(0);
  const all = shape.map((_, i) => i);
  const axes = c.numbers('axes')?.map((a) => c.axis(a, shape.length)) ?? all;
  const unknown = () => ({
    dtype,
    shape: shape.map((size, i) => (axes.includes(i) ? c.freshSize(i) : size)),
  });
  const scalesInput = c.opset < 11 ? 1 : 2;
  if (c.has(3)) {
    const sizes = c.integers(3);
    const policy = c.text('keep_aspect_ratio_policy') ?? 'stretch';
    if (!sizes || policy !== 'stretch') return unknown();
    const result = [...shape];
    axes.forEach((axis, i) => {
      result[axis] = sizes[i] as DimExpr;
    });
    return { dtype, shape: result };
  }
  // scales of a cropped part of the input
  if (c.text('coordinate_transformation_mode') === 'tf_crop_and_resize') return unknown();
  const scales = c.has(scalesInput) ? scalesOf(c, scalesInput) : undefined;
  return scales ? { dtype, shape: scaled(c, shape, axes, scales) } : unknown();
};

const upsample: Rule = (c) => {
  const shape = c.shape(0);
  const all = shape.map((_, i) => i);
  const listed = c.floats('scales');
  const scales = listed ? { exact: listed.map(fromFloat), numbers: listed } : scalesOf(c, 1);
  if (!scales) return { dtype: c.dtype(0), shape: shape.map((_, i) => c.freshSize(i)) };
  return { dtype: c.dtype(0), shape: scaled(c, shape, all, scales) };
};

export const RESIZE: Operators = {
  Resize: operator({
    required: 1,
    defaults: {
      antialias: 0,
      coordinate_transformation_mode: 'half_pixel',
      cubic_coeff_a: -0.75,
      exclude_outside: 0,
      extrapolation_value: 0,
      keep_aspect_ratio_policy: 'stretch',
      mode: 'nearest',
      nearest_mode: 'round_prefer_floor',
    },
    shape: resize,
    batch: 'resized',
    elements: 'computed',
  }),
  Upsample: operator({
    required: 1,
    defaults: { mode: 'nearest' },
    shape: upsample,
    batch: 'resized',
    elements: 'computed',
  }),
};
