/** Reductions along axes, and operators that pick the largest along one. */
import { maximum, minimum } from '../sizes/bounds.js';
import { add, constant, type DimExpr, multiply } from '../sizes/dim.js';
import { type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import { constantShape, type Fraction, whole } from './rules/facts.js';
import { fits, isExactAsDouble } from './rules/fractions.js';
import { sameAsFirst } from './rules/same.js';
import { always, firstThen } from './rules/types.js';

type Fold = (a: DimExpr, b: DimExpr) => DimExpr;

/** `fold` also follows the elements of small integer tensors. */
function reduction(axesBecameInput: number, fold?: Fold): Rule {
  return (c) => {
    const shape = c.shape(0);
    const keep = c.number('keepdims', 1) === 1;
    const fromInput = c.opset >= axesBecameInput;
    const listed = fromInput ? (c.has(1) ? c.constants(1) : []) : c.numbers('axes');
    if (!listed && fromInput) return unknownAxes(c, keep);
    if (!listed?.length && c.number('noop_with_empty_axes', 0) === 1)
      return { dtype: c.dtype(0), shape, contents: fold && c.contents(0) };
    const axes = listed?.length
      ? listed.map((a) => c.axis(a, shape.length))
      : shape.map((_, i) => i);
    const result = shape.flatMap((size, i) =>
      axes.includes(i) ? (keep ? [constant(1)] : []) : [size],
    );
    return { dtype: c.dtype(0), shape: result, contents: fold && foldAll(c, fold, axes.length) };
  };
}

function unknownAxes(c: RuleContext, keep: boolean) {
  if (!keep) c.fail(`the axes "${c.value(1).name}" are not known`);
  return { dtype: c.dtype(0), shape: c.shape(0).map((_, i) => c.freshSize(i)) };
}

/** Contents of a reduction over every axis of a small tensor of whole numbers. */
function foldAll(c: RuleContext, fold: Fold, axes: number): readonly Fraction[] | undefined {
  const elements = c.integers(0);
  const sizes = constantShape(c.shape(0));
  if (!elements?.length || !sizes || axes !== sizes.length) return undefined;
  return [
    c.element(() => {
      let made: DimExpr | undefined;
      // each step, since what the engine holds on the way must be exact as well
      for (const element of elements) {
        made = made ? fold(made, element) : element;
        if (!fits(whole(made), c.dtype(0)) || !isExactAsDouble(made)) return undefined;
      }
      return made && whole(made);
    }),
  ];
}

const argument: Rule = (c) => {
  const shape = c.shape(0);
  const axis = c.axis(c.number('axis', 0), shape.length);
  const keep = c.number('keepdims', 1) === 1;
  const result = shape.flatMap((size, i) => (i === axis ? (keep ? [constant(1)] : []) : [size]));
  return { dtype: 'int64', shape: result };
};

const topK: Rule = (c) => {
  const shape = c.shape(0);
  const axis = c.axis(c.number('axis', -1), shape.length);
  const count =
    c.opset < 10 ? constant(c.number('k', 1)) : (c.integers(1)?.[0] ?? c.freshSize(axis));
  const result = shape.with(axis, count);
  return [
    { dtype: c.dtype(0), shape: result },
    { dtype: 'int64', shape: result },
  ];
};

const reducing = (shape: Rule) =>
  operator({
    required: 1,
    defaults: { keepdims: 1, noop_with_empty_axes: 0 },
    shape,
    batch: 'reduced',
    elements: 'computed',
  });

const largest = () =>
  operator({
    required: 1,
    defaults: { axis: 0, keepdims: 1, select_last_index: 0 },
    shape: argument,
    types: always('int64'),
    batch: 'unknown',
    elements: 'computed',
  });

/** ReduceSum takes its axes as an input from opset 13 on, the others from 18 on. */
export const REDUCTION: Operators = {
  ReduceSum: reducing(reduction(13, add)),
  ReduceProd: reducing(reduction(18, multiply)),
  ReduceMax: reducing(reduction(18, maximum)),
  ReduceMin: reducing(reduction(18, minimum)),
  ReduceMean: reducing(reduction(18)),
  ReduceL1: reducing(reduction(18)),
  ReduceL2: reducing(reduction(18)),
  ReduceLogSum: reducing(reduction(18)),
  ReduceLogSumExp: reducing(reduction(18)),
  ReduceSumSquare: reducing(reduction(18)),
  ArgMax: largest(),
  ArgMin: largest(),
  TopK: operator({
    required: 1,
    defaults: { axis: -1, largest: 1, sorted: 1 },
    shape: topK,
    types: firstThen('int64'),
    batch: 'unknown',
    elements: 'computed',
  }),
  CumSum: operator({
    required: 2,
    defaults: { exclusive: 0, reverse: 0 },
    shape: sameAsFirst,
    batch: 'along-axis',
    elements: 'computed',
  }),
  Unique: operator({
    required: 1,
    defaults: { sorted: 1 },
    shape: undefined,
    types: firstThen('int64'),
    batch: 'unknown',
    elements: 'computed',
  }),
  NonMaxSuppression: operator({
    required: 2,
    defaults: { center_point_box: 0 },
    shape: undefined,
    types: always('int64'),
    batch: 'unknown',
    elements: 'computed',
  }),
};
