/**
 * Euler's method: Karras et al., "Elucidating the design space of diffusion-based generative models"
 * (arXiv 2206.00364), algorithm 2 without churn and without the second-order correction.
 *
 * First order in the noise level sigma. The latent is clean + sigma * noise, so it starts with a
 * large variance and is scaled down for the denoiser. Where no signal is left sigma is infinite, so there
 * it starts from 4096, as diffusers does.
 */
import { noiseLevels } from './noise-levels.js';
import { clamp, cleanWeights } from './prediction.js';
import {
  checkLength,
  checkPrediction,
  levelsOfStep,
  type Sampler,
  type SamplerOptions,
} from './sampler.js';

export type EulerOptions = SamplerOptions;

const scaled = (values: Float32Array, factor: number) => values.map((value) => value * factor);

/** @throws SAMPLER_OPTION_RANGE, SAMPLER_UNKNOWN_CHOICE, SAMPLER_TIMESTEPS_ORDER */
export function euler(options: EulerOptions): Sampler {
  const { prediction, clip } = checkPrediction(options);
  const path = noiseLevels(options, { arrivalPoint: false, signal: true });
  const initialScale = path.levels[0]!.ratio;

  return {
    timesteps: path.timesteps,
    initialScale,
    needsNoise: false,
    start: (noise) => ({ latent: scaled(noise, initialScale) }),
    // alpha is 1 / sqrt(sigma^2 + 1).
    scaleInput: (latent, step) => scaled(latent, levelsOfStep(path, step).now.alpha),
    step(modelOutput, step, { latent }) {
      checkLength('The model output', modelOutput, latent);
      const { now, next } = levelsOfStep(path, step);
      const { ofLatent, ofOutput } = cleanWeights(prediction, now);
      const result = new Float32Array(latent.length);
      for (let i = 0; i < latent.length; i++) {
        const clean = clamp(ofLatent * now.alpha * latent[i]! + ofOutput * modelOutput[i]!, clip);
        const slope = (latent[i]! - clean) / now.ratio;
        result[i] = latent[i]! + (next.ratio - now.ratio) * slope;
      }
      return { latent: result };
    },
  };
}
