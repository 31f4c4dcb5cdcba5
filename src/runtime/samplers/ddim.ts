/**
 * DDIM: Song, Meng and Ermon, "Denoising diffusion implicit models" (arXiv 2010.02502).
 *
 * First order; with eta 0 it solves the probability flow, with eta 1 it is DDPM's ancestral sampling
 * on the chosen timesteps. The latent keeps unit variance. It can start where no signal is left, unless the
 * denoiser predicts the noise.
 */
import {
  noiseMissing,
  nothingLeft,
  samplerOptionOutOfRange,
  unknownSamplerChoice,
} from '../../errors/index.js';
import { noiseLevels } from './noise-levels.js';
import { clamp, cleanWeights } from './prediction.js';
import {
  checkLength,
  checkPrediction,
  levelsOfStep,
  type Sampler,
  type SamplerOptions,
} from './sampler.js';

export interface DdimOptions extends SamplerOptions {
  /** Fresh noise per step: 0 for none (the default), 1 for as much as DDPM. */
  readonly eta?: number;
  /**
   * Where `clip` changed the clean latent, whether the noise is derived anew from it (the default;
   * keeps clean + noise = latent) or stays as predicted.
   */
  readonly noiseAfterClip?: NoiseAfterClip;
}

export const NOISE_AFTER_CLIP = ['derived', 'predicted'] as const;
export type NoiseAfterClip = (typeof NOISE_AFTER_CLIP)[number];

/** @throws SAMPLER_OPTION_RANGE, SAMPLER_UNKNOWN_CHOICE, SAMPLER_TIMESTEPS_ORDER, SAMPLER_NO_SIGNAL */
export function ddim(options: DdimOptions): Sampler {
  const { eta = 0, noiseAfterClip = 'derived' } = options;
  if (!(eta >= 0 && eta <= 1)) throw samplerOptionOutOfRange('eta', eta, 'from 0 to 1');
  if (!NOISE_AFTER_CLIP.includes(noiseAfterClip)) {
    throw unknownSamplerChoice('noise after clipping', noiseAfterClip, NOISE_AFTER_CLIP);
  }
  const { prediction, clip } = checkPrediction(options);
  const path = noiseLevels(options, { arrivalPoint: false, signal: false });
  const noSignal = path.levels.findIndex(({ alpha }) => alpha === 0);
  if (noSignal >= 0 && prediction === 'epsilon') throw nothingLeft(path.timesteps[noSignal]!);

  return {
    timesteps: path.timesteps,
    initialScale: 1,
    needsNoise: eta > 0,
    start: (noise) => ({ latent: noise }),
    scaleInput: (latent) => latent,
    step(modelOutput, step, { latent }, noise) {
      checkLength('The model output', modelOutput, latent);
      const { now, next } = levelsOfStep(path, step);
      // Equation 16, in sigma and alpha: the standard deviation of the fresh noise.
      const keptSignal = now.alpha / next.alpha;
      const spread = eta * (next.sigma / now.sigma) * Math.sqrt(Math.max(0, 1 - keptSignal ** 2));
      // Equation 12: what is left for the predicted noise. Rounding can take it just below zero.
      const direction = Math.sqrt(Math.max(0, next.sigma ** 2 - spread ** 2));
      if (eta > 0 && !noise) throw noiseMissing(eta);
      const fresh = eta > 0 ? noise?.() : undefined;
      if (fresh) checkLength('The noise', fresh, latent);

      const { ofLatent, ofOutput } = cleanWeights(prediction, now);
      const result = new Float32Array(latent.length);
      for (let i = 0; i < latent.length; i++) {
        const predicted = ofLatent * latent[i]! + ofOutput * modelOutput[i]!;
        const clean = clamp(predicted, clip);
        const source = noiseAfterClip === 'derived' ? clean : predicted;
        const direct = (latent[i]! - now.alpha * source) / now.sigma;
        result[i] = next.alpha * clean + direction * direct + (fresh ? spread * fresh[i]! : 0);
      }
      return { latent: result };
    },
  };
}
