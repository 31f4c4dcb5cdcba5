/**
 * DDIM: Song, Meng and Ermon, "Denoising diffusion implicit models" (arXiv 2010.02502).
 *
 * First order; with eta 0 it solves the probability flow, with eta 1 it is DDPM's ancestral sampling
 * on the chosen timesteps. It can start where no signal is left, unless the denoiser predicts the noise.
 */
import { noiseMissing, nothingLeft, samplerOptionOutOfRange } from '../../../errors/index.js';
import { clamp, cleanWeights } from '../prediction.js';
import { LOOP_OPTIONS, solver } from '../solver.js';

export const NOISE_AFTER_CLIP = ['derived', 'predicted'] as const;
export type NoiseAfterClip = (typeof NOISE_AFTER_CLIP)[number];

/** Of solvers that draw noise as DDPM does, or less. */
export const eta = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  default: 0,
  flag: true,
  description: 'Noise of each step, 0 to 1',
} as const;

export const ddim = solver({
  name: 'ddim',
  title: 'DDIM',
  description: 'First order; with eta 1 DDPM’s own sampling (Song et al., 2010.02502)',
  path: 'variance-preserving',
  arrivalPoint: false,
  signal: false,
  options: {
    ...LOOP_OPTIONS,
    eta,
    noiseAfterClip: {
      enum: NOISE_AFTER_CLIP,
      default: 'derived',
      title: 'noise after clipping',
      description:
        'Where clip changed the clean latent, whether noise is derived from that or stays as predicted',
    },
  },
  make({ options, walk, clip }) {
    const { eta, noiseAfterClip, prediction } = options;
    const noSignal = walk.levels.findIndex(({ alpha }) => alpha === 0);
    if (noSignal >= 0 && prediction === 'epsilon') throw nothingLeft(walk.timesteps[noSignal]!);
    if (eta > 0 && walk.levels.some(({ variance }) => variance !== 1))
      throw samplerOptionOutOfRange('eta', eta, '0 where the path does not preserve the variance');
    return {
      needsNoise: eta > 0,
      step({ now, next, latent, output, noise }) {
        // Equation 16, in sigma and alpha: the standard deviation of the fresh noise.
        const keptSignal = now.alpha / next.alpha;
        const spread = eta * (next.sigma / now.sigma) * Math.sqrt(Math.max(0, 1 - keptSignal ** 2));
        // Equation 12: what is left for the predicted noise. Rounding can take it just below zero.
        const direction = Math.sqrt(Math.max(0, next.sigma ** 2 - spread ** 2));
        const fresh = eta > 0 ? noise() : undefined;
        if (eta > 0 && !fresh) throw noiseMissing(`DDIM with eta ${eta}`);

        const { ofLatent, ofOutput } = cleanWeights(prediction, now);
        // an array of the latent's own kind
        const result = latent.slice();
        for (let i = 0; i < latent.length; i++) {
          const predicted = ofLatent * latent[i]! + ofOutput * output[i]!;
          const clean = clamp(predicted, clip);
          const source = noiseAfterClip === 'derived' ? clean : predicted;
          const direct = (latent[i]! - now.alpha * source) / now.sigma;
          result[i] = next.alpha * clean + direction * direct + (fresh ? spread * fresh[i]! : 0);
        }
        return { latent: result };
      },
    };
  },
});
