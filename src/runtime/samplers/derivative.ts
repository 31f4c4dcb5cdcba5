/**
 * The equations that Euler's and Heun's method step along: a coordinate of noise, a latent scaled to it, and the
 * slope of the one over the other.
 */
import type { NoiseLevel } from './paths/index.js';
import { clamp, cleanWeights, type Prediction, reader } from './prediction.js';
import type { Steps } from './solver.js';
import type { TimestepSpacing } from './spacings.js';

export interface Derivative {
  /** The coordinate. */
  readonly place: (level: NoiseLevel) => number;
  /** @returns the slope there, element by element; it must be some way from no noise */
  readonly slope: (now: NoiseLevel) => (latent: number, output: number) => number;
  /** By what the latent is multiplied to lie on the path. */
  readonly inputScale?: (level: NoiseLevel) => number;
}

/**
 * dx / dsigma for x = clean + sigma noise, sigma being noise over signal (Karras et al., arXiv 2206.00364,
 * equation 3 with a signal that stays as it is).
 */
export const alongRatio = (prediction: Prediction, clip: number): Derivative => ({
  place: ({ ratio }) => ratio,
  slope(now) {
    const { ofLatent, ofOutput } = cleanWeights(prediction, now);
    return (latent, output) => {
      const clean = clamp(ofLatent * now.alpha * latent + ofOutput * output, clip);
      return (latent - clean) / now.ratio;
    };
  },
  // the latent in the coordinates of the path; where that preserves the variance, alpha is 1 / sqrt(sigma^2 + 1)
  inputScale: ({ alpha }) => alpha,
});

/** v = dx / dsigma along a straight path. */
export const alongFlow = (prediction: Prediction, clip: number): Derivative => ({
  place: ({ sigma }) => sigma,
  slope: (now) => reader(prediction, 'flow', now, clip),
});

/**
 * What a latent starts from that the signal stays in: the first level, or, where the spacing leaves out the
 * noisiest timesteps, as much as signal and noise have together there, as diffusers does.
 */
export const startOnRatio = (
  first: NoiseLevel,
  spacing: TimestepSpacing,
): Required<Pick<Steps, 'initialScale'>> => ({
  initialScale: spacing === 'leading' ? Math.hypot(1, first.ratio) : first.ratio,
});
