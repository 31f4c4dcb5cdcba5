/**
 * From what a denoiser predicts to the clean latent, for each of the three things denoisers are
 * trained to predict. All three are linear in the latent and the output, so two numbers say it.
 */
import type { NoiseLevel } from './noise-levels.js';

/**
 * `epsilon`: the noise (Ho et al., arXiv 2006.11239, equation 12).
 * `v`: alpha * noise - sigma * clean (Salimans and Ho, arXiv 2202.00512, appendix D).
 * `sample`: the clean latent.
 */
export const PREDICTIONS = ['epsilon', 'v', 'sample'] as const;
export type Prediction = (typeof PREDICTIONS)[number];

/** clean = ofLatent * latent + ofOutput * output, the latent having unit variance. */
export interface CleanWeights {
  readonly ofLatent: number;
  readonly ofOutput: number;
}

const CLEAN: Record<Prediction, (level: NoiseLevel) => CleanWeights> = {
  epsilon: ({ alpha, ratio }) => ({ ofLatent: 1 / alpha, ofOutput: -ratio }),
  v: ({ alpha, sigma }) => ({ ofLatent: alpha, ofOutput: -sigma }),
  sample: () => ({ ofLatent: 0, ofOutput: 1 }),
};

/** How the clean latent follows from the latent and the denoiser's output at a noise level. */
export function cleanWeights(prediction: Prediction, level: NoiseLevel): CleanWeights {
  return CLEAN[prediction](level);
}

export function clamp(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
}
