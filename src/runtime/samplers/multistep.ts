/**
 * What solvers share that keep the predictions of earlier steps: which of them a step may use, and the sum
 * that a step is.
 */
import type { NoiseLevel } from './paths/index.js';

export interface OrderOptions {
  /** The most that is wanted. */
  readonly order: number;
  /** Predictions that there are, that of the step itself included. */
  readonly known: number;
  /** Whether the order goes down towards the end, to 1 in the last step. */
  readonly lowerOrderFinal: boolean;
}

/** Below so many steps the last are of lower order, as in the program of DPM-Solver++. */
const FEW_STEPS = 15;

/** Whether a loop has few steps. */
export const isShort = (steps: number): boolean => steps < FEW_STEPS;

/** Options of solvers whose order is chosen. */
export const ORDER = {
  type: 'integer',
  minimum: 1,
  maximum: 3,
  default: 2,
  flag: true,
  description: 'Order of the method, 1 to 3',
} as const;

export const LOWER_ORDER_FINAL = {
  type: 'boolean',
  description: `Whether the last steps are of lower order, which keeps them stable when they are long; left out: below ${FEW_STEPS} steps`,
} as const;

/**
 * The order of a step from `levels[step]`. It is 1 where no noise is left in the end, since log(alpha /
 * sigma) has no value there, and goes back no further than to a timestep that is repeated, since from a
 * step of no length no slope can be had.
 */
export function orderAt(
  levels: readonly NoiseLevel[],
  step: number,
  { order, known, lowerOrderFinal }: OrderOptions,
): number {
  const steps = levels.length - 1;
  const ratio = (index: number) => levels[index]!.ratio;
  if (ratio(step + 1) === 0 || ratio(step + 1) === ratio(step)) return 1;
  const most = Math.min(order, known, step + 1, lowerOrderFinal ? steps - step : order);
  let usable = 1;
  while (usable < most && ratio(step - usable) !== ratio(step - usable + 1)) usable++;
  return usable;
}

/** log(alpha / sigma) of the second level less that of the first: the length of a step. */
export const lengthOf = (from: NoiseLevel, to: NoiseLevel): number =>
  Math.log(from.ratio / to.ratio);

/** What a step becomes: keep * latent + sum of weights[k] * (prediction k steps ago). */
export interface StepWeights {
  readonly keep: number;
  readonly weights: readonly number[];
}

/** @param predictions the newest first; at least as many as weights */
export const weightedSum = (
  { keep, weights }: StepWeights,
  latent: Float32Array,
  predictions: readonly Float32Array[],
): Float32Array =>
  latent.map((value, i) =>
    weights.reduce((total, weight, k) => total + weight * predictions[k]![i]!, keep * value),
  );
