/**
 * Euler's method along the path of flow matching: Esser et al., "Scaling rectified flow transformers for
 * high-resolution image synthesis" (arXiv 2403.03206).
 *
 * First order in the velocity v = dx / dsigma = noise - clean. It starts from noise alone, at sigma 1.
 */
import { alongFlow } from '../derivative.js';
import { FLOW_LOOP_OPTIONS, solver } from '../solver.js';
import { eulerSteps } from './euler.js';

export const eulerFlow = solver({
  name: 'euler-flow',
  title: 'Euler of flow matching',
  description: 'First order along the straight path of flow matching (Esser et al., 2403.03206)',
  path: 'flow',
  arrivalPoint: false,
  signal: false,
  options: FLOW_LOOP_OPTIONS,
  make: ({ options: { prediction }, clip }) => eulerSteps(alongFlow(prediction, clip)),
});
