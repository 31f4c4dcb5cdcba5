/**
 * Symbolic sizes: integer polynomials in symbols (`batch`, `height`) and in opaque atoms
 * (`floor(a/b)`, `max`, `min`), kept in one canonical form so that equal keys mean equal sizes.
 * Symbols stand for sizes and are taken to be at least 1 unless they say otherwise. Every operation
 * is O(terms), and the polynomials of real graphs have one to four terms.
 */

/** What a polynomial is made of: a symbol, or a function of other polynomials that has no simpler form. */
export type Atom = SymbolAtom | FloorAtom | ExtremeAtom;

export interface SymbolAtom {
  readonly kind: 'symbol';
  readonly name: string;
  /** The least value it can take; undefined when even its sign is not known. */
  readonly atLeast: bigint | undefined;
  /** Made up by inference for something it could not find out. */
  readonly fresh: boolean;
  readonly key: string;
}

export interface FloorAtom {
  readonly kind: 'floor';
  readonly numerator: DimExpr;
  readonly denominator: DimExpr;
  readonly key: string;
}

export interface ExtremeAtom {
  readonly kind: 'max' | 'min';
  readonly operands: readonly DimExpr[];
  readonly key: string;
}

/** `coefficient` times the atoms of `factors`, each as often as it stands there, sorted by key. */
export interface Term {
  readonly coefficient: bigint;
  readonly factors: readonly Atom[];
  /** Key of the factors alone; terms with equal keys are added up. */
  readonly key: string;
}

/** An immutable symbolic size. Terms are sorted, none is zero, and no two have the same factors. */
export class DimExpr {
  /** Canonical text: equal keys, equal expressions. */
  readonly key: string;
  /** How much there is of it: terms, factors and long coefficients, those inside atoms included. */
  readonly weight: number;

  /** @internal use the functions of this folder */
  constructor(
    /** @internal */
    readonly terms: readonly Term[],
  ) {
    this.key = printTerms(terms);
    this.weight = terms.reduce((n, term) => n + weightOf(term), 0);
  }

  /** The size as a number, or undefined when it holds a symbol. */
  get constant(): number | undefined {
    const exact = this.exactConstant;
    return exact === undefined ? undefined : Number(exact);
  }

  /** As a file states it: a number, or the expression as text. */
  get stated(): number | string {
    return this.constant ?? this.toString();
  }

  get exactConstant(): bigint | undefined {
    if (this.terms.length === 0) return 0n;
    const [only] = this.terms;
    return this.terms.length === 1 && only?.factors.length === 0 ? only.coefficient : undefined;
  }

  /** The name when the expression is one bare symbol. */
  get symbolName(): string | undefined {
    const atom = soleAtom(this);
    return atom?.kind === 'symbol' ? atom.name : undefined;
  }

  /** As a `dim_param`: `batch*8`, `floor((height+1)/2)`. `parseDim` reads it back. */
  toString(): string {
    return this.symbolName ?? this.key;
  }
}

export type DimLike = DimExpr | number | bigint;

/** @internal Thrown where there is no size to give: only malformed models lead there. */
export class NoSize extends Error {}

/** Sizes of real graphs have a handful of terms; products of long sums would take for ever to make. */
const MOST_TERMS = 1024;

/**
 * Expressions that weigh more are not followed from node to node. What exporters write for a U-Net of
 * six levels weighs below a hundred; a size that is added to or multiplied by itself over and over
 * doubles each time, in terms, factors or digits.
 */
const MOST_WEIGHT = 512;

/** Is the expression too long to go on with? */
export function isUnwieldy(value: DimExpr): boolean {
  return value.weight > MOST_WEIGHT;
}

const smallConstants = new Map<bigint, DimExpr>();

export function constant(value: number | bigint): DimExpr {
  const exact = BigInt(value);
  let known = smallConstants.get(exact);
  if (!known) {
    known = new DimExpr(exact === 0n ? [] : [{ coefficient: exact, factors: [], key: '' }]);
    if (exact >= -1n && exact <= 4096n) smallConstants.set(exact, known);
  }
  return known;
}

/** A size that a model declares by name, at least 1. Two symbols of one name are the same symbol. */
export function symbol(name: string): DimExpr {
  return fromAtom({ kind: 'symbol', name, atLeast: 1n, fresh: false, key: symbolKey(name) });
}

/**
 * A symbol that inference makes up for what it could not find out.
 * @param atLeast the least value it can take; undefined when not even its sign is known
 */
export function madeUp(name: string, atLeast: bigint | undefined): DimExpr {
  return fromAtom({ kind: 'symbol', name, atLeast, fresh: true, key: symbolKey(name) });
}

/** Names that would read as something else stand in backticks, with their own backticks doubled. */
function symbolKey(name: string): string {
  return /^[A-Za-z_][\w.:]*$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}

/** @internal */
export function fromAtom(atom: Atom): DimExpr {
  return new DimExpr([{ coefficient: 1n, factors: [atom], key: atom.key }]);
}

export function toDim(value: DimLike): DimExpr {
  return value instanceof DimExpr ? value : constant(value);
}

export function add(a: DimLike, b: DimLike): DimExpr {
  const [left, right] = [toDim(a), toDim(b)];
  const [x, y] = [left.exactConstant, right.exactConstant];
  // most sizes of most models are numbers
  if (x !== undefined && y !== undefined) return constant(x + y);
  if (x === 0n) return right;
  if (y === 0n) return left;
  return fromTerms([...left.terms, ...right.terms]);
}

export function subtract(a: DimLike, b: DimLike): DimExpr {
  return add(a, negate(b));
}

export function negate(a: DimLike): DimExpr {
  return new DimExpr(toDim(a).terms.map((t) => ({ ...t, coefficient: -t.coefficient })));
}

export function multiply(a: DimLike, b: DimLike): DimExpr {
  const [left, right] = [toDim(a), toDim(b)];
  const [x, y] = [left.exactConstant, right.exactConstant];
  if (x !== undefined && y !== undefined) return constant(x * y);
  if (x === 1n) return right;
  if (y === 1n) return left;
  if (left.terms.length * right.terms.length > MOST_TERMS)
    throw new NoSize(`a size has more than ${MOST_TERMS} terms`);
  return fromTerms(left.terms.flatMap((s) => right.terms.map((t) => multiplyTerms(s, t))));
}

export function sum(values: Iterable<DimLike>): DimExpr {
  let total = constant(0);
  for (const value of values) total = add(total, value);
  return total;
}

export function product(values: Iterable<DimLike>): DimExpr {
  let total = constant(1);
  for (const value of values) total = multiply(total, value);
  return total;
}

/** Are they equal for all sizes? False also when that is only not known. */
export function equal(a: DimLike, b: DimLike): boolean {
  return toDim(a).key === toDim(b).key;
}

/** Names of the symbols in an expression, those inside `floor`, `max` and `min` included. */
export function symbolsOf(value: DimExpr, into = new Set<string>()): Set<string> {
  for (const atom of atomsOf(value)) {
    if (atom.kind === 'symbol') into.add(atom.name);
    else for (const part of partsOf(atom)) symbolsOf(part, into);
  }
  return into;
}

/** Does the expression hold a symbol that inference made up? */
export function hasFreshSymbol(value: DimExpr): boolean {
  for (const atom of atomsOf(value))
    if (atom.kind === 'symbol' ? atom.fresh : partsOf(atom).some(hasFreshSymbol)) return true;
  return false;
}

/** @internal Rebuilds an expression with some of its own atoms replaced; undefined keeps an atom. */
export function replaceAtoms(
  value: DimExpr,
  replacement: (atom: Atom) => DimExpr | undefined,
): DimExpr {
  return sum(
    value.terms.map((term) =>
      product([term.coefficient, ...term.factors.map((a) => replacement(a) ?? fromAtom(a))]),
    ),
  );
}

/** How hard an expression is to read: made-up symbols weigh most, then `floor`, then terms. */
export function complexity(value: DimExpr): number {
  let total = 0;
  for (const term of value.terms) {
    total += term.coefficient === 1n ? 1 : 2;
    for (const atom of term.factors) {
      if (atom.kind === 'symbol') total += atom.fresh ? 1000 : 1;
      else total += 10 + partsOf(atom).reduce((n, part) => n + complexity(part), 0);
    }
  }
  return total;
}

/** @internal The atom when the expression is nothing else. */
export function soleAtom(value: DimExpr): Atom | undefined {
  const [only] = value.terms;
  return value.terms.length === 1 && only?.coefficient === 1n && only.factors.length === 1
    ? only.factors[0]
    : undefined;
}

/** @internal */
export function* atomsOf(value: DimExpr): Generator<Atom> {
  for (const term of value.terms) yield* term.factors;
}

function weightOf({ coefficient, factors }: Term): number {
  // numbers that 64 bits hold weigh nothing: most are small
  const digits = BigInt.asIntN(64, coefficient) === coefficient ? 0 : coefficient.toString().length;
  return factors.reduce(
    (n, atom) =>
      n + 1 + (atom.kind === 'symbol' ? 0 : partsOf(atom).reduce((m, part) => m + part.weight, 0)),
    1 + digits,
  );
}

function partsOf(atom: FloorAtom | ExtremeAtom): readonly DimExpr[] {
  return atom.kind === 'floor' ? [atom.numerator, atom.denominator] : atom.operands;
}

/** @internal */
export function makeTerm(coefficient: bigint, factors: readonly Atom[]): Term {
  return { coefficient, factors, key: factors.map((a) => a.key).join('*') };
}

/** @internal */
export function multiplyTerms(a: Term, b: Term): Term {
  const coefficient = a.coefficient * b.coefficient;
  if (a.factors.length === 0) return { ...b, coefficient };
  if (b.factors.length === 0) return { ...a, coefficient };
  const factors = [...a.factors, ...b.factors].sort((x, y) => compareText(x.key, y.key));
  return makeTerm(coefficient, factors);
}

/** @internal Adds up terms with the same factors and sorts what is left. */
export function fromTerms(terms: readonly Term[]): DimExpr {
  const byKey = new Map<string, Term>();
  for (const term of terms) {
    const same = byKey.get(term.key);
    byKey.set(
      term.key,
      same ? { ...term, coefficient: same.coefficient + term.coefficient } : term,
    );
  }
  const kept = [...byKey.values()].filter((t) => t.coefficient !== 0n).sort(compareTerms);
  const [only] = kept;
  if (!only) return constant(0);
  return kept.length === 1 && only.factors.length === 0
    ? constant(only.coefficient)
    : new DimExpr(kept);
}

/**
 * Graded lexicographic order, greatest first. Multiplying two terms by a third keeps their order,
 * which exact division relies on.
 */
function compareTerms(a: Term, b: Term): number {
  if (a.factors.length !== b.factors.length) return b.factors.length - a.factors.length;
  for (let i = 0; i < a.factors.length; i++) {
    const order = compareText((a.factors[i] as Atom).key, (b.factors[i] as Atom).key);
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function printTerms(terms: readonly Term[]): string {
  if (terms.length === 0) return '0';
  let text = '';
  for (const { coefficient, key } of terms) {
    const size = coefficient < 0n ? -coefficient : coefficient;
    const sign = coefficient < 0n ? '-' : text === '' ? '' : '+';
    text += sign + (key === '' ? `${size}` : size === 1n ? key : `${key}*${size}`);
  }
  return text;
}
