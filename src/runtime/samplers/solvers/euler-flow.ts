/**
 * Euler's method along the path of flow matching: Esser et al., "Scaling rectified flow transformers for
 * high-resolution image synthesis" (arXiv 2403.03206), equation 23 for the shift.
 *
 * First order in the velocity v = dx / dsigma = noise - clean. It starts from noise alone, at sigma 1.
 */
import { reader } from '../prediction.js';
import { LOOP_OPTIONS, solver } from '../solver.js';

export const eulerFlow = solver({
  name: 'euler-flow',
  title: 'Euler of flow matching',
  description: 'First order along the straight path of flow matching (Esser et al., 2403.03206)',
  path: 'flow',
  arrivalPoint: false,
  signal: false,
  options: {
    ...LOOP_OPTIONS,
    prediction: { ...LOOP_OPTIONS.prediction, default: 'flow' },
    spacing: { ...LOOP_OPTIONS.spacing, default: 'trailing' },
  },
  make({ options: { prediction }, clip }) {
    return {
      step({ now, next, latent, output }) {
        const velocity = reader(prediction, 'flow', now, clip);
        const length = next.sigma - now.sigma;
        return { latent: latent.map((x, i) => x + length * velocity(x, output[i]!)) };
      },
    };
  },
});
