/** Operators that work on each element alone, with numpy-style broadcasting. */
import { type DataType, dataTypeFromCode } from '../../ir/types.js';
import { areDifferent, isAtLeast, isNonNegative, isPositive, maximum, minimum } from '../bounds.js';
import type { Rule, RuleContext } from '../context.js';
import { add, constant, type DimExpr, equal, multiply, negate, subtract } from '../dim.js';
import { floorDivide, modulo } from '../divide.js';
import { broadcastIndex, elementAt, indicesOf } from '../elements.js';
import {
  constantShape,
  type Facts,
  type Fraction,
  isFloat,
  MAX_CONTENTS,
  type Shape,
  whole,
} from '../facts.js';

/** One element of the result; undefined when it is not known. */
type Compute = (c: RuleContext, ...elements: Fraction[]) => Fraction | undefined;

/** Output of the first input's type and shape, elements unknown. */
export const sameAsFirst: Rule = (c) => ({ dtype: c.dtype(0), shape: c.shape(0) });

/** Output of the first input's shape, of booleans. */
const predicate: Rule = (c) => ({ dtype: 'bool', shape: c.shape(0) });

/** Broadcasts all inputs from `first` on; computes small contents where every input has them. */
function broadcasting(
  compute: Compute | undefined,
  dtype: (c: RuleContext) => DataType | undefined,
): Rule {
  return (c) => {
    const inputs = Array.from({ length: c.inputCount }, (_, i) => c.shape(i));
    const shape = c.broadcast(...inputs);
    return { dtype: dtype(c), shape, contents: compute && computeAll(c, compute, inputs, shape) };
  };
}

function computeAll(
  c: RuleContext,
  compute: Compute,
  inputs: readonly Shape[],
  shape: Shape,
): readonly Fraction[] | undefined {
  const contents = inputs.map((_, i) => c.contents(i));
  const sizes = constantShape(shape);
  if (!sizes || sizes.reduce((n, d) => n * d, 1) > MAX_CONTENTS) return undefined;
  if (contents.some((e) => e === undefined)) return undefined;
  const from = inputs.map((s) => constantShape(s) as number[]);
  const results: Fraction[] = [];
  for (const index of indicesOf(sizes)) {
    const elements = contents.map((e, i) =>
      elementAt(
        e as readonly Fraction[],
        from[i] as number[],
        broadcastIndex(index, from[i] as number[]),
      ),
    );
    results.push(checked(compute(c, ...elements)) ?? c.freshNumber());
  }
  return results.every((r) => isMadeUp(r)) ? undefined : results;
}

/** Numbers beyond 64 bits wrap around in the engine; they are no sizes. */
function checked(value: Fraction | undefined): Fraction | undefined {
  const known = value?.over.exactConstant;
  if (known === undefined || BigInt.asIntN(64, known) === known) return value;
  return undefined;
}

function isMadeUp(value: Fraction): boolean {
  const [term] = value.over.terms;
  const atom = term?.factors[0];
  return value.over.terms.length === 1 && atom?.kind === 'symbol' && atom.atLeast === undefined;
}

/**
 * Is float arithmetic on this number exact? So it is for powers of two below, as sizes stay far
 * under 2^24. Thirds and the like are rounded, and only `Floor`, `Ceil` and `Cast` may follow them.
 */
function isExact(value: Fraction): boolean {
  return (value.under & (value.under - 1n)) === 0n;
}

const addFractions: Compute = (_, a, b) =>
  isExact(a!) && isExact(b!)
    ? reduced(add(multiply(a!.over, b!.under), multiply(b!.over, a!.under)), a!.under * b!.under)
    : undefined;

const subtractFractions: Compute = (c, a, b) =>
  addFractions(c, a!, { over: negate(b!.over), under: b!.under });

const multiplyFractions: Compute = (_, a, b) =>
  isExact(a!) && isExact(b!) ? reduced(multiply(a!.over, b!.over), a!.under * b!.under) : undefined;

const divideFractions: Compute = (c, a, b) => {
  if (isFloat(c.dtype(0))) {
    const by = b!.over.exactConstant;
    if (!isExact(a!) || !isExact(b!) || by === undefined || by <= 0n) return undefined;
    return reduced(multiply(a!.over, b!.under), a!.under * by);
  }
  const [over, under] = [a!.over, b!.over];
  const [x, y] = [over.exactConstant, under.exactConstant];
  if (y === 0n) return undefined;
  // Integer division truncates: the same as rounding down only where nothing is negative.
  if (x !== undefined && y !== undefined) return whole(x / y);
  return isNonNegative(over) && isPositive(under) ? whole(floorDivide(over, under)) : undefined;
};

const moduloFractions: Compute = (c, a, b) => {
  if (isFloat(c.dtype(0)) || !isPositive(b!.over)) return undefined;
  // fmod follows the sign of the dividend.
  if (c.number('fmod', 0) === 1 && !isNonNegative(a!.over)) return undefined;
  return whole(modulo(a!.over, b!.over));
};

const powerFractions: Compute = (_, a, b) => {
  const exponent = b!.over.constant;
  if (b!.under !== 1n || a!.under !== 1n || exponent === undefined) return undefined;
  if (exponent < 0 || exponent > 4) return undefined;
  let result = constant(1);
  for (let i = 0; i < exponent; i++) result = multiply(result, a!.over);
  return whole(result);
};

function reduced(over: DimExpr, under: bigint): Fraction {
  let [numerator, denominator] = [over, under];
  while (denominator > 1n && denominator % 2n === 0n) {
    if (numerator.terms.some((t) => t.coefficient % 2n !== 0n)) break;
    numerator = floorDivide(numerator, 2);
    denominator /= 2n;
  }
  return { over: numerator, under: denominator };
}

const wholeOnly =
  (compute: (a: DimExpr, b: DimExpr) => DimExpr | undefined): Compute =>
  (_, a, b) => {
    if (a!.under !== 1n || b!.under !== 1n) return undefined;
    const result = compute(a!.over, b!.over);
    return result && whole(result);
  };

function extremeOf(pick: (...values: DimExpr[]) => DimExpr): Compute {
  return (_, ...elements) =>
    elements.every((e) => e.under === 1n) ? whole(pick(...elements.map((e) => e.over))) : undefined;
}

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
    contents: c.contents(0)?.map((value) => compute(value, c) ?? c.freshNumber()),
  });

const roundDown = (value: Fraction): Fraction => whole(floorDivide(value.over, value.under));

const where: Rule = (c) => {
  const inputs = [c.shape(0), c.shape(1), c.shape(2)];
  const shape = c.broadcast(...inputs);
  const pick: Compute = (_, condition, yes, no) => {
    const known = condition!.over.constant;
    if (known !== undefined) return known !== 0 ? yes : no;
    return equal(yes!.over, no!.over) && yes!.under === no!.under ? yes : undefined;
  };
  return { dtype: c.dtype(1), shape, contents: computeAll(c, pick, inputs, shape) };
};

function castContents(c: RuleContext, to: DataType | undefined): readonly Fraction[] | undefined {
  return c.contents(0)?.map((value) => {
    if (to === 'bool') {
      const { over } = value;
      if (over.constant === 0) return value;
      return areDifferent(over, 0) ? whole(1) : c.freshNumber();
    }
    // Half precision holds integers exactly up to 2048 (float16) or 256 (bfloat16) only.
    if (to === 'float16' || to === 'bfloat16') {
      const size = value.under === 1n ? value.over.constant : undefined;
      return size !== undefined && Math.abs(size) <= 256 ? value : c.freshNumber();
    }
    if (isFloat(to) || value.under === 1n) return value;
    // Casting to an integer truncates.
    return isNonNegative(value.over) ? roundDown(value) : c.freshNumber();
  });
}

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
  const bound = (i: number) => (c.has(i) ? c.contents(i)?.[0] : undefined);
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
  Not: unary((v) => {
    const known = v.over.constant;
    return known === undefined ? undefined : whole(known === 0 ? 1 : 0);
  }),
  IsNaN: predicate,
  IsInf: predicate,
  Round: same,
  Sign: same,
  Reciprocal: same,
  Sqrt: same,
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
