/**
 * What can be proved about the sign of a symbolic size, from the least values of its symbols and
 * from `(n-d+1)/d <= floor(n/d) <= n/d`. Sound, not complete: false means "not proved".
 */
import {
  type Atom,
  add,
  atomsOf,
  constant,
  type DimExpr,
  type DimLike,
  type ExtremeAtom,
  type FloorAtom,
  fromAtom,
  fromTerms,
  makeTerm,
  multiply,
  NoSize,
  replaceAtoms,
  soleAtom,
  subtract,
  sum,
  type Term,
  toDim,
} from './dim.js';

/** Rounds of replacing one atom by its bounds; sizes of real graphs need one or two. */
const DEPTH = 6;
/** Expressions looked at in one proof: each round takes as many as a maximum has operands. */
const MOST_STEPS = 100;
/** Operands of a maximum, each of which is compared with every other. */
const MOST_OPERANDS = 16;
/** Factors of a term, each of which doubles the terms when it is written as its least value and more. */
const MOST_FACTORS = 10;

/** Is it proved that the value is at least 0 for all sizes? */
export function isNonNegative(value: DimLike): boolean {
  try {
    return proveNonNegative(toDim(value), DEPTH, { left: MOST_STEPS });
  } catch (error) {
    // an expression on the way grew too long: nothing is proved
    if (!(error instanceof NoSize)) throw error;
    return false;
  }
}

/** Is it proved that the value is at least 1 for all sizes? */
export function isPositive(value: DimLike): boolean {
  return isNonNegative(subtract(value, 1));
}

/** Is `a >= b` proved for all sizes? */
export function isAtLeast(a: DimLike, b: DimLike): boolean {
  return isNonNegative(subtract(a, b));
}

/** Is it proved that the two differ for all sizes? */
export function areDifferent(a: DimLike, b: DimLike): boolean {
  return isPositive(subtract(a, b)) || isPositive(subtract(b, a));
}

/** The largest: one of them where that can be proved, else a `max` atom. */
export function maximum(...values: readonly DimLike[]): DimExpr {
  return extreme('max', values);
}

/** The smallest: one of them where that can be proved, else a `min` atom. */
export function minimum(...values: readonly DimLike[]): DimExpr {
  return extreme('min', values);
}

function extreme(kind: 'max' | 'min', values: readonly DimLike[]): DimExpr {
  const operands = new Map<string, DimExpr>();
  for (const value of values) {
    const side = toDim(value);
    const atom = soleAtom(side);
    for (const part of atom?.kind === kind ? (atom as ExtremeAtom).operands : [side])
      operands.set(part.key, part);
  }
  if (operands.size > MOST_OPERANDS)
    throw new NoSize(`it is the ${kind} of ${operands.size} sizes`);
  const sorted = [...operands.values()].sort((x, y) => (x.key < y.key ? -1 : 1));
  const beats = (x: DimExpr, y: DimExpr) => (kind === 'max' ? isAtLeast(x, y) : isAtLeast(y, x));
  // Two that beat each other are equal for all sizes, though written differently: the first stays.
  const kept = sorted.filter(
    (x, i) => !sorted.some((y, j) => j !== i && beats(y, x) && (j < i || !beats(x, y))),
  );
  if (kept.length === 1) return kept[0] as DimExpr;
  const key = `${kind}(${kept.map((o) => o.key).join(',')})`;
  return fromAtom({ kind, operands: kept, key });
}

function proveNonNegative(value: DimExpr, depth: number, steps: { left: number }): boolean {
  const known = value.exactConstant;
  if (known !== undefined) return known >= 0n;
  if (steps.left-- <= 0 || value.terms.some((t) => t.factors.length > MOST_FACTORS)) return false;
  if (nonNegativeTermwise(value)) return true;
  if (depth === 0) return false;
  const composite = [...atomsOf(value)].find((a) => a.kind !== 'symbol');
  if (!composite) return false;
  if (composite.kind === 'floor') {
    const bounded = boundFloor(value, composite);
    return bounded !== undefined && proveNonNegative(bounded, depth - 1, steps);
  }
  // A maximum or minimum is always one of its operands, so all of them must do.
  return (composite as ExtremeAtom).operands.every((operand) =>
    proveNonNegative(
      replaceAtoms(value, (a) => (a.key === composite.key ? operand : undefined)),
      depth - 1,
      steps,
    ),
  );
}

/** Writes each atom as its least value plus something not negative: are all coefficients then so? */
function nonNegativeTermwise(value: DimExpr): boolean {
  const shifted = replaceAtoms(value, (atom) => {
    const least = leastOf(atom);
    return least === undefined || least === 0n ? undefined : add(fromAtom(atom), least);
  });
  return shifted.terms.every(
    (t) =>
      t.coefficient >= 0n && t.factors.every((a) => leastOf(a) !== undefined || isSquared(t, a)),
  );
}

function isSquared(term: Term, atom: Atom): boolean {
  return term.factors.filter((a) => a.key === atom.key).length % 2 === 0;
}

/** A number that the atom never falls below, if one is easily had. */
function leastOf(atom: Atom): bigint | undefined {
  switch (atom.kind) {
    case 'symbol':
      return atom.atLeast;
    case 'floor': {
      const least = leastOfSum(atom.numerator);
      const divisor = atom.denominator.exactConstant;
      if (least === undefined || least < 0n) return undefined;
      if (divisor !== undefined) return least / divisor;
      return (leastOfSum(atom.denominator) ?? 0n) > 0n ? 0n : undefined;
    }
    case 'max':
    case 'min': {
      const known = atom.operands.map(leastOfSum).filter((l) => l !== undefined);
      if (atom.kind === 'min' && known.length < atom.operands.length) return undefined;
      if (known.length === 0) return undefined;
      return known.reduce((a, b) => (a < b === (atom.kind === 'min') ? a : b));
    }
  }
}

function leastOfSum(value: DimExpr): bigint | undefined {
  let total = 0n;
  for (const term of value.terms) {
    let least = term.coefficient;
    if (term.factors.length > 0 && least < 0n) return undefined;
    for (const atom of term.factors) {
      const of = leastOf(atom);
      if (of === undefined || of < 0n) return undefined;
      least *= of;
    }
    total += least;
  }
  return total;
}

/**
 * A lower bound of `denominator * value` without the floor atom, or undefined when the atom stands
 * beside factors of unknown sign, or more than once in a term.
 */
function boundFloor(value: DimExpr, floor: FloorAtom): DimExpr | undefined {
  const divisor = floor.denominator.exactConstant;
  if (divisor === undefined) return undefined;
  const parts: DimExpr[] = [];
  for (const term of value.terms) {
    const others = term.factors.filter((a) => a.key !== floor.key);
    if (others.length === term.factors.length) {
      parts.push(multiply(fromTerms([term]), divisor));
      continue;
    }
    if (others.length < term.factors.length - 1) return undefined;
    if (!others.every((a) => isNonNegativeAtom(a))) return undefined;
    const beside = fromTerms([makeTerm(term.coefficient, others)]);
    const numerator =
      term.coefficient < 0n ? floor.numerator : subtract(floor.numerator, constant(divisor - 1n));
    parts.push(multiply(beside, numerator));
  }
  return sum(parts);
}

function isNonNegativeAtom(atom: Atom): boolean {
  return (leastOf(atom) ?? -1n) >= 0n;
}
