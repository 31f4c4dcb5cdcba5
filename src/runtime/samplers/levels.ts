/**
 * Noise levels that are placed themselves, in place of timesteps: between two of them, in the coordinate in
 * which a path measures noise.
 */
import { betaQuantile } from './beta-quantile.js';
import { linspace } from './numbers.js';
import { karrasRatios } from './paths/index.js';

/**
 * `spaced`: as the timesteps have them.
 * `karras`: equally spaced in their seventh root (Karras et al., arXiv 2206.00364, equation 5).
 * `exponential`: in their logarithm, which is also that of alpha / sigma (Lu et al., arXiv 2211.01095, section 4.3).
 * `beta`: by quantiles of a beta distribution (Lee et al., arXiv 2407.12173).
 */
export const LEVELS = ['spaced', 'karras', 'exponential', 'beta'] as const;
export type Levels = (typeof LEVELS)[number];

/** Both shapes of the beta distribution. */
const BETA = 0.6;

type Place = (first: number, last: number, count: number) => number[];

export const PLACES: Record<Exclude<Levels, 'spaced'>, Place> = {
  karras: karrasRatios,
  exponential: (first, last, count) =>
    linspace(Math.log(first), Math.log(last), count).map(Math.exp),
  beta: (first, last, count) =>
    linspace(1, 0, count).map((share) => last + betaQuantile(share, BETA, BETA) * (first - last)),
};
