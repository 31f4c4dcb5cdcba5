/** Convolutions and pooling: (batch, channels, spatial axes...). */
import { minimum } from '../sizes/bounds.js';
import { add, constant, type DimExpr, multiply, subtract } from '../sizes/dim.js';
import { ceilDivide, floorDivide } from '../sizes/divide.js';
import { type Operator, type Operators, operator, product } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import type { Shape } from './rules/facts.js';
import { convolutionMacs, transposedConvolutionMacs } from './rules/macs.js';
import { firstThen } from './rules/types.js';

interface Window {
  readonly kernel: readonly DimExpr[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begin of each axis, then end of each axis. */
  readonly pads: readonly number[];
  readonly autoPad: string;
  readonly ceil: boolean;
}

/** @param axes spatial axes of the input */
function windowOf(c: RuleContext, kernel: readonly DimExpr[], axes: number): Window {
  if (kernel.length !== axes) c.fail(`its kernel has ${kernel.length} sizes for ${axes} axes`);
  const list = (name: string, length: number, fallback: number) => {
    const given = c.numbers(name) ?? new Array<number>(length).fill(fallback);
    return given.length === length
      ? given
      : c.fail(`its ${name} has ${given.length} entries, it needs ${length}`);
  };
  return {
    kernel,
    strides: list('strides', axes, 1),
    dilations: list('dilations', axes, 1),
    pads: list('pads', 2 * axes, 0),
    autoPad: c.text('auto_pad') ?? 'NOTSET',
    ceil: c.number('ceil_mode', 0) === 1,
  };
}

/** Spatial size after a sliding window: ONNX `Conv`, output shape formula. */
function slide(w: Window, axis: number, size: DimExpr): DimExpr {
  const stride = w.strides[axis] as number;
  if (w.autoPad.startsWith('SAME')) return ceilDivide(size, stride);
  // the engine takes no heed of a pool's pads beside VALID
  const [begin, end] =
    w.autoPad === 'VALID'
      ? [0, 0]
      : [w.pads[axis] as number, w.pads[axis + w.kernel.length] as number];
  const reach = add(
    multiply(subtract(w.kernel[axis] as DimExpr, 1), w.dilations[axis] as number),
    1,
  );
  const room = subtract(add(size, begin + end), reach);
  if (!w.ceil) return add(floorDivide(room, stride), 1);
  // A last window that would start in the padding at the end is left out.
  return minimum(add(ceilDivide(room, stride), 1), ceilDivide(add(size, begin), stride));
}

function spatial(c: RuleContext, shape: Shape): Shape {
  if (shape.length < 3) c.fail(`its input has rank ${shape.length}, it needs at least 3`);
  return shape.slice(2);
}

/** Shape of a convolution's output: (batch, output channels, spatial axes...). */
export function convolve(c: RuleContext, input: Shape, weight: Shape): Shape {
  const declared = c.numbers('kernel_shape')?.map((k) => constant(k));
  const axes = spatial(c, input);
  const window = windowOf(c, declared ?? weight.slice(2), axes.length);
  const sizes = axes.map((size, axis) => slide(window, axis, size));
  const channels = weight[0] ?? c.fail('its weight has rank 0');
  return [input[0] as DimExpr, channels, ...sizes];
}

export const conv: Rule = (c) => ({
  dtype: c.dtype(0),
  shape: convolve(c, c.shape(0), c.shape(1)),
});

const convTranspose: Rule = (c) => {
  const input = c.shape(0);
  const weight = c.shape(1);
  const axes = spatial(c, input);
  const w = windowOf(c, weight.slice(2), axes.length);
  const wanted = c.numbers('output_shape');
  const extra = c.numbers('output_padding');
  if (wanted && wanted.length < axes.length) c.fail('its output_shape is too short');
  const sizes = axes.map((size, axis) => {
    if (wanted) return constant(wanted.at(axis - axes.length) as number);
    const stride = w.strides[axis] as number;
    const reach = multiply(subtract(w.kernel[axis] as DimExpr, 1), w.dilations[axis] as number);
    const last = add(reach, 1 + (extra?.[axis] ?? 0));
    // of a kernel that does not reach from one place to the next, nothing is cut off
    if (w.autoPad.startsWith('SAME'))
      return add(multiply(size, stride), minimum(0, subtract(last, stride)));
    const pad = (w.pads[axis] as number) + (w.pads[axis + w.kernel.length] as number);
    return subtract(add(multiply(subtract(size, 1), stride), last), pad);
  });
  const channels = multiply(c.size(1, 1), c.number('group', 1));
  return { dtype: c.dtype(0), shape: [input[0] as DimExpr, channels, ...sizes] };
};

export const pool: Rule = (c) => {
  const input = c.shape(0);
  const kernel = c.numbers('kernel_shape') ?? c.fail('its kernel_shape is missing');
  const axes = spatial(c, input);
  const window = windowOf(
    c,
    kernel.map((k) => constant(k)),
    axes.length,
  );
  const sizes = axes.map((size, axis) => slide(window, axis, size));
  const shape = [...input.slice(0, 2), ...sizes];
  // The second output of MaxPool holds indices.
  return [
    { dtype: c.dtype(0), shape },
    { dtype: 'int64', shape },
  ];
};

export const globalPool: Rule = (c) => {
  const input = c.shape(0);
  const ones = spatial(c, input).map(() => constant(1));
  return { dtype: c.dtype(0), shape: [...input.slice(0, 2), ...ones] };
};

const WINDOW_DEFAULTS = { auto_pad: 'NOTSET', pads: [0], strides: [1], dilations: [1] } as const;

export const CONVOLUTION_DEFAULTS = { ...WINDOW_DEFAULTS, group: 1 } as const;

/** One number of each channel, or of each window over it. */
const pooling = (shape: Rule, facets: Partial<Operator> = {}) =>
  operator({ required: 1, shape, batch: 'outermost', elements: 'computed', ...facets });

export const CONVOLUTION: Operators = {
  Conv: product(convolutionMacs(), {
    required: 2,
    defaults: CONVOLUTION_DEFAULTS,
    shape: conv,
    batch: 'outermost',
  }),
  ConvTranspose: product(transposedConvolutionMacs, {
    required: 2,
    defaults: { ...CONVOLUTION_DEFAULTS, output_padding: [0] },
    shape: convTranspose,
    batch: 'outermost',
  }),
  AveragePool: pooling(pool, {
    defaults: { ...WINDOW_DEFAULTS, ceil_mode: 0, count_include_pad: 0 },
  }),
  MaxPool: pooling(pool, {
    defaults: { ...WINDOW_DEFAULTS, ceil_mode: 0, storage_order: 0 },
    types: firstThen('int64'),
  }),
  LpPool: pooling(pool, {
    defaults: { ...WINDOW_DEFAULTS, ceil_mode: 0, p: 2 },
  }),
  GlobalAveragePool: pooling(globalPool),
  GlobalMaxPool: pooling(globalPool),
  GlobalLpPool: pooling(globalPool, { defaults: { p: 2 } }),
};
