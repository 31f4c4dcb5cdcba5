/**
 * Division of symbolic sizes: exact where the polynomial divides, else a `floor` atom brought to one
 * form, so that the many ways in which exporters and operators write "half, rounded up" come out equal.
 */
import {
  type Atom,
  add,
  constant,
  type DimExpr,
  type DimLike,
  fromAtom,
  fromTerms,
  makeTerm,
  multiply,
  NoSize,
  negate,
  soleAtom,
  subtract,
  type Term,
  toDim,
} from './dim.js';

/**
 * `a / b` when it is a polynomial again, else undefined: `batch*320*h*w` by `batch*h*w` is 320.
 * Division by zero gives undefined.
 */
export function divideExactly(a: DimLike, b: DimLike): DimExpr | undefined {
  let rest = toDim(a);
  const divisor = toDim(b);
  const [lead] = divisor.terms;
  if (!lead) return undefined;
  const quotient: Term[] = [];
  while (rest.terms.length > 0) {
    const step = divideTerms(rest.terms[0] as Term, lead);
    if (!step) return undefined;
    quotient.push(step);
    rest = subtract(rest, multiply(fromTerms([step]), divisor));
  }
  return fromTerms(quotient);
}

/**
 * The largest integer not above `a / b`. `b` must not be zero, nor a symbolic `b` for any size that is
 * put in. Over a constant `b` these identities, all exact, lead to the canonical form:
 * whole multiples of `b` come out, common factors cancel, and `floor((floor(x/c)+p)/b)` becomes
 * `floor((x+c*p)/(b*c))`.
 */
export function floorDivide(a: DimLike, b: DimLike): DimExpr {
  const numerator = toDim(a);
  const denominator = toDim(b);
  const divisor = denominator.exactConstant;
  if (divisor === undefined) return floorBySymbols(numerator, denominator);
  if (divisor === 0n) throw new NoSize('a size is divided by zero');
  if (divisor < 0n) return floorDivide(negate(numerator), -divisor);
  return floorByConstant(numerator, divisor);
}

/** The smallest integer not below `a / b`. */
export function ceilDivide(a: DimLike, b: DimLike): DimExpr {
  const divisor = toDim(b).exactConstant;
  if (divisor !== undefined && divisor > 0n) return floorDivide(add(a, divisor - 1n), divisor);
  return negate(floorDivide(negate(a), b));
}

/** `a - b*floor(a/b)`, which has the sign of `b`. */
export function modulo(a: DimLike, b: DimLike): DimExpr {
  return subtract(a, multiply(b, floorDivide(a, b)));
}

function floorByConstant(numerator: DimExpr, divisor: bigint): DimExpr {
  const whole: Term[] = [];
  let rest: Term[] = [];
  for (const term of numerator.terms) {
    const remainder = ((term.coefficient % divisor) + divisor) % divisor;
    const quotient = (term.coefficient - remainder) / divisor;
    if (quotient !== 0n) whole.push({ ...term, coefficient: quotient });
    if (remainder !== 0n) rest.push({ ...term, coefficient: remainder });
  }
  const outside = fromTerms(whole);
  const symbolic = rest.filter((t) => t.factors.length > 0);
  // What is left is a constant below the divisor, so its floor is 0.
  if (symbolic.length === 0) return outside;
  const common = symbolic.reduce((g, t) => gcd(g, t.coefficient), divisor);
  if (common > 1n) {
    rest = rest.map((t) => ({ ...t, coefficient: t.coefficient / common }));
    return add(outside, floorByConstant(fromTerms(rest), divisor / common));
  }
  const inside = fromTerms(rest);
  const nested = rest.find((t) => isFloorByConstant(t));
  if (nested) {
    const inner = nested.factors[0] as Atom & { kind: 'floor' };
    const others = subtract(inside, fromTerms([nested]));
    const scaled = add(inner.numerator, multiply(others, inner.denominator));
    return add(outside, floorDivide(scaled, multiply(inner.denominator, divisor)));
  }
  return add(outside, floorAtom(inside, constant(divisor)));
}

function isFloorByConstant(term: Term): boolean {
  const [atom] = term.factors;
  return (
    term.coefficient === 1n &&
    term.factors.length === 1 &&
    atom?.kind === 'floor' &&
    atom.denominator.exactConstant !== undefined
  );
}

function floorBySymbols(numerator: DimExpr, denominator: DimExpr): DimExpr {
  const exact = divideExactly(numerator, denominator);
  if (exact) return exact;
  const common = commonFactors([...numerator.terms, ...denominator.terms]);
  if (common.length > 0) {
    const strip = (e: DimExpr) => divideExactly(e, fromTerms([makeTerm(1n, common)])) as DimExpr;
    return floorDivide(strip(numerator), strip(denominator));
  }
  return floorAtom(numerator, denominator);
}

/** Atoms that every term holds: a quotient of two products stays the same without a factor of both. */
function commonFactors(terms: readonly Term[]): Atom[] {
  const [first, ...others] = terms;
  let common = first ? [...first.factors] : [];
  for (const term of others) {
    const available = [...term.factors];
    common = common.filter((atom) => {
      const at = available.findIndex((a) => a.key === atom.key);
      if (at >= 0) available.splice(at, 1);
      return at >= 0;
    });
  }
  return common;
}

function floorAtom(numerator: DimExpr, denominator: DimExpr): DimExpr {
  const wrap = (e: DimExpr) =>
    soleAtom(e) || e.exactConstant !== undefined ? e.key : `(${e.key})`;
  const key = `floor(${wrap(numerator)}/${wrap(denominator)})`;
  return fromAtom({ kind: 'floor', numerator, denominator, key });
}

function divideTerms(a: Term, b: Term): Term | undefined {
  if (a.coefficient % b.coefficient !== 0n) return undefined;
  const factors = [...a.factors];
  for (const atom of b.factors) {
    const at = factors.findIndex((f) => f.key === atom.key);
    if (at < 0) return undefined;
    factors.splice(at, 1);
  }
  return makeTerm(a.coefficient / b.coefficient, factors);
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}
