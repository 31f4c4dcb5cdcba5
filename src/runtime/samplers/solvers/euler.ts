/**
 * Euler's method: Karras et al., "Elucidating the design space of diffusion-based generative models"
 * (arXiv 2206.00364), algorithm 2 without churn and without the second-order correction.
 *
 * First order in the noise level sigma. The latent is clean + sigma * noise, so it starts with a
 * large variance and is scaled down for the denoiser. Where no signal is left sigma is infinite, so there
 * it starts from 4096, as diffusers does.
 */
import { clamp, cleanWeights } from '../prediction.js';
import { LOOP_OPTIONS, solver } from '../solver.js';

export const euler = solver({
  name: 'euler',
  title: 'Euler',
  description: 'First order in the noise level (Karras et al., 2206.00364, algorithm 2)',
  path: 'variance-preserving',
  arrivalPoint: false,
  signal: true,
  options: LOOP_OPTIONS,
  make({ options: { prediction }, walk, clip }) {
    return {
      initialScale: walk.levels[0]!.ratio,
      // the latent in the coordinates of the path; there alpha is 1 / sqrt(sigma^2 + 1)
      inputScale: ({ alpha }) => alpha,
      step({ now, next, latent, output }) {
        const { ofLatent, ofOutput } = cleanWeights(prediction, now);
        const result = new Float32Array(latent.length);
        for (let i = 0; i < latent.length; i++) {
          const clean = clamp(ofLatent * now.alpha * latent[i]! + ofOutput * output[i]!, clip);
          const slope = (latent[i]! - clean) / now.ratio;
          result[i] = latent[i]! + (next.ratio - now.ratio) * slope;
        }
        return { latent: result };
      },
    };
  },
});
