/**
 * Weights of a forecast: what a value will be at one position, as a weighted sum of what it was at earlier ones.
 * All of them are known before anything runs. Positions are in steps here, whole ones or on an axis of their own (axes.ts); k is how far the forecast
 * goes beyond the last value.
 */

export const BASES = ['lagrange', 'hermite', 'chebyshev'] as const;
export type Basis = (typeof BASES)[number];

export interface ForecastRule {
  /** Degree of the polynomial: 0 takes the last value as it is. */
  readonly order: number;
  readonly basis: Basis;
}

/**
 * @param positions of the values, the last first, all different; at least one
 * @param at the position that is forecast
 * @param length of the whole loop, in the same units
 * @returns a weight for each of the `order` + 1 last values; 0 where there are fewer, by the highest order that they allow
 */
export function forecastWeights(
  { order, basis }: ForecastRule,
  positions: readonly number[],
  at: number,
  length: number,
): number[] {
  const known = positions.slice(0, order + 1);
  const weights = RULES[basis](known, at, length);
  return Array.from({ length: order + 1 }, (_, j) => weights[j] ?? 0);
}

/** A loop whose calls forecast. */
export interface ForecastLoop {
  readonly calls: number;
  /** How many of them make one step: places are those of steps. */
  readonly perStep: number;
  /** Of each step on the forecast's axis; left out where steps count. */
  readonly positions?: readonly number[] | undefined;
}

/**
 * Weights of a forecast at a call.
 * @param written the calls that made the values, the last first
 */
export function weightsOfCall(
  rule: ForecastRule,
  { calls, perStep, positions }: ForecastLoop,
  call: number,
  written: readonly number[],
): number[] {
  const place = (of: number) => {
    const step = Math.floor(of / perStep);
    return positions ? positions[step]! : step;
  };
  return forecastWeights(rule, written.map(place), place(call), Math.ceil(calls / perStep));
}

type Rule = (positions: readonly number[], at: number, length: number) => readonly number[];

/** The polynomial through the values, at whatever distances they are. */
const lagrange: Rule = (positions, at) =>
  positions.map((own, j) =>
    positions.reduce(
      (product, other, i) => (i === j ? product : (product * (at - other)) / (own - other)),
      1,
    ),
  );

/** The scale of HiCache (arXiv 2508.16984). */
const SCALE = 0.5;

/**
 * Differences as TaylorSeer has them, d_0 = F and d_{o+1} = (d_o - d_o of the value before) / gap, on physicists'
 * Hermite polynomials: the sum of d_o / o! s^o H_o(s k) (HiCache, arXiv 2508.16984, equation 9).
 */
const hermite: Rule = (positions, at) => {
  const k = at - positions[0]!;
  const factors = hermitePolynomials(SCALE * k, positions.length);
  return sumOf(
    differences(positions).map((weights, o) =>
      weights.map((weight) => (weight * SCALE ** o * factors[o]!) / factorial(o)),
    ),
  );
};

/** By order, d_o at the last value as weights of the values. */
function differences(positions: readonly number[]): number[][] {
  /** `rows[i]`: d_o at value i. */
  let rows: number[][] = positions.map((_, i) => positions.map((_, j) => (i === j ? 1 : 0)));
  const found = [rows[0]!];
  while (rows.length > 1) {
    rows = rows.slice(0, -1).map((row, i) => {
      const gap = positions[i]! - positions[i + 1]!;
      return row.map((weight, j) => (weight - rows[i + 1]![j]!) / gap);
    });
    found.push(rows[0]!);
  }
  return found;
}

/** H_0 to H_(count - 1): H_{n+1}(x) = 2 x H_n(x) - 2 n H_{n-1}(x). */
function hermitePolynomials(x: number, count: number): number[] {
  const values = [1, 2 * x];
  for (let n = 1; values.length < count; n++)
    values.push(2 * x * values[n]! - 2 * n * values[n - 1]!);
  return values;
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Degree and ridge of Spectrum (CVPR 2026, arXiv 2603.01623). */
const DEGREE = 4;
const RIDGE = 0.1;

/**
 * Ridge regression on Chebyshev polynomials of tau = 2 position / length - 1: with the values as rows of X, the
 * weights are x (X'X + ridge I)^-1 X' (Spectrum, arXiv 2603.01623). A polynomial that ridge draws to zero: not even a
 * constant comes back whole from a few values.
 */
const chebyshev: Rule = (positions, at, length) => {
  const row = (position: number) => {
    const tau = (2 * position) / length - 1;
    const values = [1, tau];
    while (values.length <= DEGREE) values.push(2 * tau * values.at(-1)! - values.at(-2)!);
    return values;
  };
  const rows = positions.map(row);
  const size = DEGREE + 1;
  const normal = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) =>
      rows.reduce((sum, r) => sum + r[i]! * r[j]!, i === j ? RIDGE : 0),
    ),
  );
  const solved = solve(normal, row(at));
  return rows.map((r) => r.reduce((sum, value, i) => sum + value * solved[i]!, 0));
};

/** Gauss elimination; the matrix is positive definite. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < rows.length; j++) {
      if (i === j) continue;
      const factor = rows[j]![i]! / rows[i]![i]!;
      rows[j] = rows[j]!.map((value, c) => value - factor * rows[i]![c]!);
    }
  return rows.map((row, i) => row.at(-1)! / row[i]!);
}

const sumOf = (rows: readonly (readonly number[])[]): number[] =>
  rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0));

const RULES: Readonly<Record<Basis, Rule>> = { lagrange, hermite, chebyshev };
