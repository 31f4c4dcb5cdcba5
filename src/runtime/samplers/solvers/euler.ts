/**
 * Euler's method: Karras et al., "Elucidating the design space of diffusion-based generative models"
 * (arXiv 2206.00364), algorithm 2 without churn and without the second-order correction.
 *
 * First order in the noise level sigma. The latent is clean + sigma * noise, so it starts with a
 * large variance and is scaled down for the denoiser. Where no signal is left sigma is infinite, so there
 * it starts from 4096, as diffusers does.
 */
import { alongRatio, type Derivative, startOnRatio } from '../derivative.js';
import { LOOP_OPTIONS, type Steps, solver } from '../solver.js';

export const euler = solver({
  name: 'euler',
  title: 'Euler',
  description: 'First order in the noise level (Karras et al., 2206.00364, algorithm 2)',
  path: 'variance-preserving',
  arrivalPoint: false,
  signal: true,
  options: LOOP_OPTIONS,
  make: ({ options: { prediction, spacing }, walk, clip }) => ({
    ...startOnRatio(walk.levels[0]!, spacing),
    ...eulerSteps(alongRatio(prediction, clip)),
  }),
});

export function eulerSteps({ place, slope, ...rest }: Derivative): Steps {
  return {
    ...rest,
    step({ now, next, latent, output }) {
      const length = place(next) - place(now);
      const at = slope(now);
      return { latent: latent.map((x, i) => x + length * at(x, output[i]!)) };
    },
  };
}
