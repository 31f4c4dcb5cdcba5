/**
 * What denoisers are trained to predict, and how one prediction follows from another. All of them are
 * linear in the latent and the output, so two numbers say it, on any noise path.
 */
import type { NoiseLevel } from './paths/index.js';

/**
 * `epsilon`: the noise (Ho et al., arXiv 2006.11239, equation 12).
 * `v`: alpha * noise - sigma * clean (Salimans and Ho, arXiv 2202.00512, appendix D).
 * `sample`: the clean latent.
 * `flow`: noise - clean, the velocity along the straight path (Lipman et al., arXiv 2210.02747).
 * `reverse-flow`: clean - noise, as models say it that count time from noise to picture (Z-Image, Lumina).
 */
export const PREDICTIONS = ['epsilon', 'v', 'sample', 'flow', 'reverse-flow'] as const;
export type Prediction = (typeof PREDICTIONS)[number];

/** What is wanted is ofLatent * latent + ofOutput * output. */
export interface Weights {
  readonly ofLatent: number;
  readonly ofOutput: number;
}

const CLEAN: Record<Prediction, (level: NoiseLevel) => Weights> = {
  epsilon: ({ alpha, ratio }) => ({ ofLatent: 1 / alpha, ofOutput: -ratio }),
  v: ({ alpha, sigma, variance }) => ({ ofLatent: alpha / variance, ofOutput: -sigma / variance }),
  sample: () => ({ ofLatent: 0, ofOutput: 1 }),
  flow: ({ alpha, sigma }) => ({
    ofLatent: 1 / (alpha + sigma),
    ofOutput: -sigma / (alpha + sigma),
  }),
  'reverse-flow': ({ alpha, sigma }) => ({
    ofLatent: 1 / (alpha + sigma),
    ofOutput: sigma / (alpha + sigma),
  }),
};

const NOISE: Record<Prediction, (level: NoiseLevel) => Weights> = {
  epsilon: () => ({ ofLatent: 0, ofOutput: 1 }),
  v: ({ alpha, sigma, variance }) => ({ ofLatent: sigma / variance, ofOutput: alpha / variance }),
  sample: ({ sigma, ratio }) => ({ ofLatent: 1 / sigma, ofOutput: -1 / ratio }),
  flow: ({ alpha, sigma }) => ({
    ofLatent: 1 / (alpha + sigma),
    ofOutput: alpha / (alpha + sigma),
  }),
  'reverse-flow': ({ alpha, sigma }) => ({
    ofLatent: 1 / (alpha + sigma),
    ofOutput: -alpha / (alpha + sigma),
  }),
};

/** Each prediction as a sum of the clean latent and the noise. */
const PARTS: Record<Prediction, (level: NoiseLevel) => { clean: number; noise: number }> = {
  epsilon: () => ({ clean: 0, noise: 1 }),
  v: ({ alpha, sigma }) => ({ clean: -sigma, noise: alpha }),
  sample: () => ({ clean: 1, noise: 0 }),
  flow: () => ({ clean: -1, noise: 1 }),
  'reverse-flow': () => ({ clean: 1, noise: -1 }),
};

/** How the clean latent follows from the latent and the denoiser's output at a noise level. */
export const cleanWeights = (prediction: Prediction, level: NoiseLevel): Weights =>
  CLEAN[prediction](level);

/** How a denoiser that predicts `to` would answer, from the answer of one that predicts `from`. */
export function convert(from: Prediction, to: Prediction, level: NoiseLevel): Weights {
  if (from === to) return { ofLatent: 0, ofOutput: 1 };
  if (to === 'sample') return CLEAN[from](level);
  if (to === 'epsilon') return NOISE[from](level);
  const parts = PARTS[to](level);
  const clean = CLEAN[from](level);
  const noise = NOISE[from](level);
  return {
    ofLatent: parts.clean * clean.ofLatent + parts.noise * noise.ofLatent,
    ofOutput: parts.clean * clean.ofOutput + parts.noise * noise.ofOutput,
  };
}

export function clamp(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
}

/**
 * Reads outputs of a denoiser that predicts `from` as those of one that predicts `to`, element by element.
 *
 * @param clip the clean latent is kept within [-clip, clip], and all else derived from it
 */
export function reader(
  from: Prediction,
  to: Prediction,
  level: NoiseLevel,
  clip: number,
): (latent: number, output: number) => number {
  const clean = CLEAN[from](level);
  if (to === 'sample')
    return (latent, output) => clamp(clean.ofLatent * latent + clean.ofOutput * output, clip);
  if (clip === Number.POSITIVE_INFINITY) {
    const { ofLatent, ofOutput } = convert(from, to, level);
    return (latent, output) => ofLatent * latent + ofOutput * output;
  }
  const derived = convert('sample', to, level);
  return (latent, output) =>
    derived.ofLatent * latent +
    derived.ofOutput * clamp(clean.ofLatent * latent + clean.ofOutput * output, clip);
}
