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
import { elementwise, type Operators } from './operator.js';
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
import { sameAsFirst } from './rules/same.js';
import { always, byAttribute, firstThen, like, untold } from './rules/types.js';

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

const joined = broadcasting(undefined, firstType);
const BOOL = { types: always('bool') };
const compared = (rule: Rule) => elementwise(2, rule, BOOL);

export const ELEMENTWISE: Operators = {
  Add: elementwise(2, arithmetic(addFractions)),
  Sub: elementwise(2, arithmetic(subtractFractions)),
  Mul: elementwise(2, arithmetic(multiplyFractions)),
  Div: elementwise(2, arithmetic(divideFractions)),
  Mod: elementwise(2, arithmetic(moduloFractions), { defaults: { fmod: 0 } }),
  Pow: elementwise(2, arithmetic(powerFractions)),
  Min: elementwise(1, arithmetic(extremeOf(minimum))),
  Max: elementwise(1, arithmetic(extremeOf(maximum))),
  Sum: elementwise(1, joined),
  Mean: elementwise(1, joined),
  PRelu: elementwise(2, joined),
  BitShift: elementwise(2, joined),
  BitwiseAnd: elementwise(2, joined),
  BitwiseOr: elementwise(2, joined),
  BitwiseXor: elementwise(2, joined),
  Equal: compared(comparing(equal, areDifferent)),
  Greater: compared(comparing(isGreater, (a, b) => isAtLeast(b, a))),
  GreaterOrEqual: compared(comparing(isAtLeast, (a, b) => isGreater(b, a))),
  Less: compared(comparing((a, b) => isGreater(b, a), isAtLeast)),
  LessOrEqual: compared(comparing((a, b) => isAtLeast(b, a), isGreater)),
  And: compared(logical((a, b) => a && b)),
  Or: compared(logical((a, b) => a || b)),
  Xor: compared(logical((a, b) => a !== b)),
  Where: elementwise(3, where, { types: like(1) }),
  Cast: elementwise(1, cast, {
    defaults: { saturate: 1, round_mode: 'up' },
    types: byAttribute('to', untold),
    elements: 'retyped',
  }),
  CastLike: elementwise(2, castLike, {
    defaults: { saturate: 1, round_mode: 'up' },
    types: like(1),
    elements: 'retyped',
  }),
  Identity: elementwise(1, identity, { elements: 'renamed' }),
  Dropout: elementwise(1, dropout, { types: firstThen('bool'), random: 'in training' }),
  Clip: elementwise(1, clip),
  Neg: elementwise(
    1,
    unary((v) => ({ over: negate(v.over), under: v.under })),
  ),
  Abs: elementwise(
    1,
    unary((v) => (isNonNegative(v.over) ? v : undefined)),
  ),
  Floor: elementwise(1, unary(roundDown)),
  Ceil: elementwise(
    1,
    unary((v) => whole(negate(floorDivide(negate(v.over), v.under)))),
  ),
  Sqrt: elementwise(1, unary(squareRoot)),
  Not: elementwise(
    1,
    unary((v) => {
      const known = v.over.constant;
      return known === undefined ? undefined : whole(known === 0 ? 1 : 0);
    }),
    BOOL,
  ),
  IsNaN: elementwise(1, predicate, BOOL),
  IsInf: elementwise(1, predicate, {
    ...BOOL,
    defaults: { detect_negative: 1, detect_positive: 1 },
  }),
  BitwiseNot: elementwise(1, sameAsFirst),
};
