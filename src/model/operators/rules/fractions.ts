/**
 * Arithmetic on single elements, as the engine does it: undefined wherever the symbolic result might
 * differ from the engine's, by rounding, by overflow, or by the sign of what is divided.
 */
import type { DataType } from '../../ir/types.js';
import { areDifferent, isNonNegative, isPositive } from '../../sizes/bounds.js';
import { add, constant, type DimExpr, multiply, negate } from '../../sizes/dim.js';
import { floorDivide, modulo } from '../../sizes/divide.js';
import type { RuleContext } from './context.js';
import { type Fraction, isFloat, whole } from './facts.js';

/** Makes one element of a result; undefined when it is not known. */
export type Compute = (c: RuleContext, ...elements: Fraction[]) => Fraction | undefined;

/** Largest magnitudes that are held exactly; symbolic sizes are taken to stay below 2^24. */
const RANGES: Partial<Record<DataType, readonly [bigint, bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  float64: [-(2n ** 53n), 2n ** 53n],
  float32: [-(2n ** 24n), 2n ** 24n],
};
/** Every other type holds these, be it small integers, unsigned ones, or half precision. */
const SAFE: readonly [bigint, bigint] = [0n, 127n];

/**
 * Does the engine hold this number exactly in that type? Of a symbolic one the coefficients are looked
 * at: whatever the sizes are, they are at least 1.
 */
export function fits({ over }: Fraction, type: DataType | undefined): boolean {
  const range = type && RANGES[type];
  if (over.exactConstant === undefined && !range) return false;
  const [low, high] = range ?? SAFE;
  return over.terms.every(({ coefficient: n }) => n >= low && n <= high);
}

/** Some operators compute integers in double precision, as onnxruntime implements them. */
export const isExactAsDouble = (value: DimExpr): boolean => fits(whole(value), 'float64');

/**
 * Is float arithmetic on this number exact? So it is for powers of two below, as sizes stay far
 * under 2^24. Thirds and the like are rounded, and only `Floor`, `Ceil` and `Cast` may follow them.
 */
export function isExact(value: Fraction): boolean {
  return (value.under & (value.under - 1n)) === 0n;
}

export const addFractions: Compute = (_, a, b) =>
  isExact(a!) && isExact(b!)
    ? reduced(add(multiply(a!.over, b!.under), multiply(b!.over, a!.under)), a!.under * b!.under)
    : undefined;

export const subtractFractions: Compute = (c, a, b) =>
  addFractions(c, a!, { over: negate(b!.over), under: b!.under });

export const multiplyFractions: Compute = (_, a, b) =>
  isExact(a!) && isExact(b!) ? reduced(multiply(a!.over, b!.over), a!.under * b!.under) : undefined;

export const divideFractions: Compute = (c, a, b) => {
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

export const moduloFractions: Compute = (c, a, b) => {
  if (isFloat(c.dtype(0)) || !isPositive(b!.over)) return undefined;
  // fmod follows the sign of the dividend.
  if (c.number('fmod', 0) === 1 && !(isNonNegative(a!.over) && isExactAsDouble(a!.over)))
    return undefined;
  return whole(modulo(a!.over, b!.over));
};

export const powerFractions: Compute = (_, a, b) => {
  const exponent = b!.over.constant;
  if (b!.under !== 1n || a!.under !== 1n || exponent === undefined) return undefined;
  if (exponent < 0 || exponent > 4) return undefined;
  let result = constant(1);
  for (let i = 0; i < exponent; i++) result = multiply(result, a!.over);
  return isExactAsDouble(result) ? whole(result) : undefined;
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

/** Arithmetic that is followed on whole numbers only. */
export const wholeOnly =
  (compute: (a: DimExpr, b: DimExpr) => DimExpr | undefined): Compute =>
  (_, a, b) => {
    if (a!.under !== 1n || b!.under !== 1n) return undefined;
    const result = compute(a!.over, b!.over);
    return result && whole(result);
  };

/** `Min` and `Max` of any number of inputs. */
export function extremeOf(pick: (...values: DimExpr[]) => DimExpr): Compute {
  return (_, ...elements) =>
    elements.every((e) => e.under === 1n) ? whole(pick(...elements.map((e) => e.over))) : undefined;
}

export const roundDown = (value: Fraction): Fraction => whole(floorDivide(value.over, value.under));

/**
 * Of a root that is not whole only between which whole numbers it lies is told: by thirds. Up to 2^24 in float32 and
 * 2^52 in float64 rounding does not reach them: half a step of the type at k is no more than what the root of
 * k^2 - 1 lacks to k.
 */
export function squareRoot({ over, under }: Fraction): Fraction | undefined {
  const square = under === 1n ? over.constant : undefined;
  if (square === undefined || square < 0 || square > 2 ** 52) return undefined;
  const root = Math.floor(Math.sqrt(square));
  return root * root === square ? whole(root) : { over: constant(3 * root + 1), under: 3n };
}

/** Elements after a cast. */
export function castContents(
  c: RuleContext,
  to: DataType | undefined,
): readonly Fraction[] | undefined {
  return c.contents(0)?.map((value) =>
    c.element(() => {
      if (to === 'bool') {
        if (value.over.constant === 0) return value;
        return areDifferent(value.over, 0) ? whole(1) : undefined;
      }
      const cast = isFloat(to) || value.under === 1n ? value : truncated(value);
      return cast && fits(cast, to) ? cast : undefined;
    }),
  );
}

/** Casting to an integer truncates, which is rounding down only where nothing is negative. */
function truncated(value: Fraction): Fraction | undefined {
  return isNonNegative(value.over) ? roundDown(value) : undefined;
}
