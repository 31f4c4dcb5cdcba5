/**
 * Weights of forecasts, worked out anew from the papers for `verify`: nothing of how a bundle was made goes in here.
 * The polynomial through the values as Newton has it, TaylorSeer's differences (arXiv 2503.06923) on Hermite
 * polynomials as HiCache has them (arXiv 2508.16984), and Spectrum's ridge regression (arXiv 2603.01623); each done
 * on values that are 1 at one step and 0 at the others, which gives that step's weight.
 */
import {
  callsOf,
  callsPerStep,
  type Schedule,
  stepsOfCalls,
} from '../../../runtime/schedule/index.js';

export interface ForecastRule {
  readonly order: number;
  readonly basis: 'lagrange' | 'hermite' | 'chebyshev';
  /** By an axis of the schedule, and not by the number of a step. */
  readonly axis?: 'timestep' | 'log-snr';
}

/**
 * @param steps of the kept values, the last first
 * @param at the step that is forecast
 * @param length of the loop in steps
 * @returns a weight for each of the last order + 1 values, 0 where there are fewer
 */
export function referenceWeights(
  { order, basis }: ForecastRule,
  steps: readonly number[],
  at: number,
  length: number,
): number[] {
  const known = steps.slice(0, order + 1);
  return Array.from({ length: order + 1 }, (_, own) =>
    own < known.length
      ? FORECASTS[basis](
          known,
          known.map((_, i) => (i === own ? 1 : 0)),
          at,
          length,
        )
      : 0,
  );
}

/** @param written the calls that kept the values, the last first */
export function referenceWeightsAt(
  schedule: Schedule,
  rule: ForecastRule,
  written: readonly number[],
  call: number,
): number[] {
  const { guidance } = schedule.source;
  const perStep = callsPerStep(guidance);
  const axis = rule.axis && schedule.axes![rule.axis]!;
  const step = (of: number) => (axis ? axis[Math.floor(of / perStep)]! : Math.floor(of / perStep));
  const length = stepsOfCalls(callsOf(schedule).length, guidance);
  return referenceWeights(rule, written.map(step), step(call), length);
}

type Forecast = (
  steps: readonly number[],
  values: readonly number[],
  at: number,
  length: number,
) => number;

/** Newton's divided differences, and Horner's scheme from the innermost bracket outwards. */
const lagrange: Forecast = (steps, values, at) => {
  const divided = [...values];
  for (let level = 1; level < steps.length; level++)
    for (let i = steps.length - 1; i >= level; i--)
      divided[i] = (divided[i]! - divided[i - 1]!) / (steps[i]! - steps[i - level]!);
  let result = divided[steps.length - 1]!;
  for (let i = steps.length - 2; i >= 0; i--) result = result * (at - steps[i]!) + divided[i]!;
  return result;
};

const SCALE = 0.5;

/** As the method runs: at each value, from the oldest on, its differences from what it had at the one before. */
const hermite: Forecast = (steps, values, at) => {
  let before: number[] = [];
  let last = Number.NaN;
  for (let i = steps.length - 1; i >= 0; i--) {
    const now = [values[i]!];
    for (const [o, old] of before.entries()) now.push((now[o]! - old) / (steps[i]! - last));
    [before, last] = [now, steps[i]!];
  }
  const k = at - last;
  let factorial = 1;
  return before.reduce((sum, difference, o) => {
    if (o > 0) factorial *= o;
    return sum + (difference / factorial) * SCALE ** o * hermitePolynomial(o, SCALE * k);
  }, 0);
};

/** The sum of n! (-1)^m / (m! (n - 2m)!) (2x)^(n - 2m). */
function hermitePolynomial(n: number, x: number): number {
  const factorial = (m: number): number => (m < 2 ? 1 : m * factorial(m - 1));
  let sum = 0;
  for (let m = 0; 2 * m <= n; m++)
    sum +=
      ((factorial(n) * (-1) ** m) / (factorial(m) * factorial(n - 2 * m))) * (2 * x) ** (n - 2 * m);
  return sum;
}

const DEGREE = 4;
const RIDGE = 0.1;

/**
 * By the kernel form of ridge regression: k(at) (K + ridge I)^-1 y, with K the products of what the polynomials are at
 * two steps. T_n(cos a) = cos(n a), and likewise with cosh beyond 1.
 */
const chebyshev: Forecast = (steps, values, at, length) => {
  const features = (step: number) => {
    const tau = (2 * step) / length - 1;
    return Array.from({ length: DEGREE + 1 }, (_, n) =>
      Math.abs(tau) <= 1
        ? Math.cos(n * Math.acos(tau))
        : Math.sign(tau) ** n * Math.cosh(n * Math.acosh(Math.abs(tau))),
    );
  };
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, n) => sum + x * b[n]!, 0);
  const rows = steps.map(features);
  const solution = byConjugateGradients(
    rows.map((a, i) => rows.map((b, j) => product(a, b) + (i === j ? RIDGE : 0))),
    values,
  );
  const target = features(at);
  return rows.reduce((sum, row, i) => sum + product(row, target) * solution[i]!, 0);
};

/** Conjugate gradients: exact after as many rounds as there are rows, and a few more for rounding. */
function byConjugateGradients(
  matrix: readonly (readonly number[])[],
  right: readonly number[],
): number[] {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const solution = right.map(() => 0);
  let residual = [...right];
  let direction = [...right];
  for (let round = 0; round < 4 * right.length && dot(residual, residual) > 1e-28; round++) {
    const moved = matrix.map((row) => dot(row, direction));
    const length = dot(residual, residual) / dot(direction, moved);
    const before = dot(residual, residual);
    for (const i of solution.keys()) solution[i] = solution[i]! + length * direction[i]!;
    residual = residual.map((x, i) => x - length * moved[i]!);
    const factor = dot(residual, residual) / before;
    direction = residual.map((x, i) => x + factor * direction[i]!);
  }
  return solution;
}

const FORECASTS: Readonly<Record<ForecastRule['basis'], Forecast>> = {
  lagrange,
  hermite,
  chebyshev,
};
