/** Operators that work on each element alone. */
import { dataTypeFromCode } from '../ir/types.js';
import {
  areDifferent,
  isAtLeast,
  isNonNegative,
  isPositive,
  maximum,
  minimum,
} from '../sizes/bounds.js';
import { constant, type DimExpr, equal, negate, subtract } from '../sizes/dim.js';
import { floorDivide } from '../sizes/divide.js';
import { broadcasting, computeAll } from './rules/broadcasting.js';
import type { Rule, RuleContext } from './rules/context.js';
import { type Facts, type Fraction, whole } from './rules/facts.js';
import {
  addFractions,
  type Compute,
  castContents,
  divideFractions,
  extremeOf,
  fits,
  moduloFractions,
  multiplyFractions,
  powerFractions,
  roundDown,
  squareRoot,
  subtractFractions,
  wholeOnly,
} from './rules/fractions.js';

/** Output of the first input's type and shape, elements unknown. */
export const sameAsFirst: Rule = (c) => ({ dtype: c.dtype(0), shape: c.shape(0) });

/** Output of the first input's shape, of booleans. */
const predicate: Rule = (c) => ({ dtype: 'bool', shape: c.shape(0) });

/** A comparison: what proves it, and what disproves it. */
const comparing = (
  holds: (a: DimExpr, b: DimExpr) => boolean,
  fails: (a: DimExpr, b: DimExpr) => boolean,
): Rule =>
  broadcasting(
    wholeOnly((a, b) => (holds(a, b) ? constant(1) : fails(a, b) ? constant(0) : undefined)),
    () => 'bool',
  );

const isGreater = (a: DimExpr, b: DimExpr) => isPositive(subtract(a, b));

const logical = (result: (a: boolean, b: boolean) => boolean): Rule =>
  broadcasting(
    (_, a, b) => {
      const [x, y] = [a!.over.constant, b!.over.constant];
      if (x === undefined || y === undefined) return undefined;
      return whole(result(x !== 0, y !== 0) ? 1 : 0);
    },
    () => 'bool',
  );

const firstType = (c: RuleContext) => c.dtype(0);
const arithmetic = (compute: Compute) => broadcasting(compute, firstType);

/** A rule of one input that also knows its small contents. */
const unary =
  (compute: (value: Fraction, c: RuleContext) => Fraction | undefined): Rule =>
  (c) => ({
    dtype: c.dtype(0),
    shape: c.shape(0),
    contents: c.contents(0)?.map((value) =>
      c.element(() => {
        const result = compute(value, c);
        return result && fits(result, c.dtype(0)) ? result : undefined;
      }),
    ),
  });

const where: Rule = (c) => {
  const inputs = [c.shape(0), c.shape(1), c.shape(2)];
  const shape = c.broadcast(...inputs);
  const pick: Compute = (_, condition, yes, no) => {
    const known = condition!.over.constant;
    if (known !== undefined) return known !== 0 ? yes : no;
    return equal(yes!.over, no!.over) && yes!.under === no!.under ? yes : undefined;
  };
  return { dtype: c.dtype(1), shape, contents: computeAll(c, pick, inputs, shape, c.dtype(1)) };
};

const cast: Rule = (c) => {
  const to = dataTypeFromCode(c.number('to', 0));
  return { dtype: to, shape: c.shape(0), contents: castContents(c, to) };
};

const castLike: Rule = (c) => ({
  dtype: c.dtype(1),
  shape: c.shape(0),
  contents: castContents(c, c.dtype(1)),
});

const identity: Rule = (c) => c.facts(0);

const dropout: Rule = (c) => [
  { dtype: c.dtype(0), shape: c.shape(0) },
  { dtype: 'bool', shape: c.shape(0) },
];

const clip: Rule = (c) => {
  const bound = (i: number) => {
    const found = c.has(i) ? c.contents(i)?.[0] : undefined;
    return found?.under === 1n ? found : undefined;
  };
  const [low, high] = [bound(1), bound(2)];
  const known = (!c.has(1) || low) && (!c.has(2) || high) && c.opset >= 11;
  const apply = unary((value) => {
    if (!known || value.under !== 1n) return undefined;
    let { over } = value;
    if (low) over = maximum(over, low.over);
    if (high) over = minimum(over, high.over);
    return whole(over);
  });
  return apply(c) as Facts;
};

const same = sameAsFirst;

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  Add: arithmetic(addFractions),
  Sub: arithmetic(subtractFractions),
  Mul: arithmetic(multiplyFractions),
  Div: arithmetic(divideFractions),
  Mod: arithmetic(moduloFractions),
  Pow: arithmetic(powerFractions),
  Min: arithmetic(extremeOf(minimum)),
  Max: arithmetic(extremeOf(maximum)),
  Sum: broadcasting(undefined, firstType),
  Mean: broadcasting(undefined, firstType),
  PRelu: broadcasting(undefined, firstType),
  BitShift: broadcasting(undefined, firstType),
  BitwiseAnd: broadcasting(undefined, firstType),
  BitwiseOr: broadcasting(undefined, firstType),
  BitwiseXor: broadcasting(undefined, firstType),
  Equal: comparing(equal, areDifferent),
  Greater: comparing(isGreater, (a, b) => isAtLeast(b, a)),
  GreaterOrEqual: comparing(isAtLeast, (a, b) => isGreater(b, a)),
  Less: comparing((a, b) => isGreater(b, a), isAtLeast),
  LessOrEqual: comparing((a, b) => isAtLeast(b, a), isGreater),
  And: logical((a, b) => a && b),
  Or: logical((a, b) => a || b),
  Xor: logical((a, b) => a !== b),
  Where: where,
  Cast: cast,
  CastLike: castLike,
  Identity: identity,
  Dropout: dropout,
  Clip: clip,
  Neg: unary((v) => ({ over: negate(v.over), under: v.under })),
  Abs: unary((v) => (isNonNegative(v.over) ? v : undefined)),
  Floor: unary(roundDown),
  Ceil: unary((v) => whole(negate(floorDivide(negate(v.over), v.under)))),
  Sqrt: unary(squareRoot),
  Not: unary((v) => {
    const known = v.over.constant;
    return known === undefined ? undefined : whole(known === 0 ? 1 : 0);
  }),
  IsNaN: predicate,
  IsInf: predicate,
  Round: same,
  Sign: same,
  Reciprocal: same,
  Exp: same,
  Log: same,
  Sin: same,
  Cos: same,
  Tan: same,
  Asin: same,
  Acos: same,
  Atan: same,
  Sinh: same,
  Cosh: same,
  Tanh: same,
  Asinh: same,
  Acosh: same,
  Atanh: same,
  Erf: same,
  Sigmoid: same,
  HardSigmoid: same,
  HardSwish: same,
  Relu: same,
  LeakyRelu: same,
  ThresholdedRelu: same,
  Elu: same,
  Selu: same,
  Celu: same,
  Gelu: same,
  Mish: same,
  Softplus: same,
  Softsign: same,
  Shrink: same,
  BitwiseNot: same,
  Softmax: same,
  LogSoftmax: same,
  Hardmax: same,
  CumSum: same,
  Trilu: same,
};
