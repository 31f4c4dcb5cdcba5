/**
 * DEIS: Zhang and Chen, "Fast sampling of diffusion models with exponential integrator" (arXiv 2204.13902),
 * the multistep method tAB-DEIS of equations 13 to 15, with the polynomial in the logarithm of rho = sigma /
 * alpha, as the authors' program and diffusers have it by default.
 *
 * The noise is extrapolated through the last predictions and integrated over rho exactly. The first step is
 * of first order, as the last are where that is asked for, and the last to noise level zero, whose
 * logarithm no polynomial reaches.
 */
import {
  isShort,
  LOWER_ORDER_FINAL,
  ORDER,
  orderAt,
  type StepWeights,
  weightedSum,
} from '../multistep.js';
import type { NoiseLevel } from '../paths/index.js';
import { reader } from '../prediction.js';
import { LOOP_OPTIONS, solver } from '../solver.js';

export const deis = solver({
  name: 'deis',
  title: 'DEIS',
  description: 'Exponential integrator, order 1 to 3 (Zhang and Chen, 2204.13902)',
  path: 'variance-preserving',
  arrivalPoint: true,
  signal: true,
  options: {
    ...LOOP_OPTIONS,
    order: ORDER,
    lowerOrderFinal: LOWER_ORDER_FINAL,
  },
  make({ options, walk: { levels }, steps, clip }) {
    const { order, prediction, lowerOrderFinal = isShort(steps) } = options;
    return {
      step({ step, now, latent, output, trajectory: { history = [] } }) {
        const read = reader(prediction, 'epsilon', now, clip);
        const noise = latent.map((value, i) => read(value, output[i]!));
        const known = [noise, ...history].slice(0, order);
        const used = orderAt(levels, step, { order, known: known.length, lowerOrderFinal });
        return {
          latent: weightedSum(weightsOf(levels, step, used), latent, known),
          history: known,
        };
      },
    };
  },
});

/** Integrals over rho of the polynomials that are 1 at one of the last levels and 0 at the others. */
function weightsOf(levels: readonly NoiseLevel[], step: number, order: number): StepWeights {
  const [now, next] = [levels[step]!, levels[step + 1]!];
  const share = next.ratio / now.ratio;
  const log = Math.log(share);
  // of 1, l and l^2, with l = log(rho / rho of now), from l = 0 to the next level, over rho of now
  const ofOne = share - 1;
  const ofLog = share * (log - 1) + 1;
  const ofSquare = share * (log * log - 2 * log + 2) - 2;
  const place = (back: number) => Math.log(levels[step - back]!.ratio / now.ratio);
  const basis = () => {
    if (order === 1) return [ofOne];
    const a = place(1);
    if (order === 2) return [ofOne - ofLog / a, ofLog / a];
    const b = place(2);
    return [
      ofOne - (ofLog * (a + b) - ofSquare) / (a * b),
      (ofSquare - b * ofLog) / (a * (a - b)),
      (ofSquare - a * ofLog) / (b * (b - a)),
    ];
  };
  return {
    keep: next.alpha / now.alpha,
    weights: basis().map((integral) => next.alpha * now.ratio * integral),
  };
}
