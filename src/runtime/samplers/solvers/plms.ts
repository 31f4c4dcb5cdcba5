/**
 * PLMS, the pseudo linear multistep method: Liu et al., "Pseudo numerical methods for diffusion models on
 * manifolds" (arXiv 2202.09778), equations 12 and 13, started as Stable Diffusion does (skip_prk_steps).
 *
 * Fourth order in what the denoiser says of the last four timesteps, put into DDIM's step. It has no earlier
 * answers for its first step, so it makes that twice: the denoiser is asked at the second timestep, and the step
 * is made again with the mean of both answers. So a loop makes one call more than it has steps, at t0, t1, t1, t2, …
 */
import { trialMissing } from '../../../errors/index.js';
import type { NoiseLevel } from '../paths/index.js';
import { clamp, cleanWeights } from '../prediction.js';
import { type CallRule, LOOP_OPTIONS, solver } from '../solver.js';

const CALLS: CallRule = {
  count: (steps) => (steps === 1 ? 1 : steps + 1),
  expand({ timesteps, levels, first }) {
    const again = <T>(values: readonly T[]) =>
      timesteps.length === 1 ? values : [values[0]!, values[1]!, ...values.slice(1)];
    return { timesteps: again(timesteps), levels: again(levels), first };
  },
};

/** Adams and Bashforth's weights, the newest first. */
const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

export const plms = solver({
  name: 'plms',
  title: 'PLMS',
  description:
    'Fourth order through four answers, one call more in all (PNDM; Liu et al., 2202.09778)',
  path: 'variance-preserving',
  arrivalPoint: false,
  signal: true,
  calls: CALLS,
  options: LOOP_OPTIONS,
  make({ options: { prediction }, clip }) {
    /** DDIM's step without noise: equation 11. */
    function move(latent: Float32Array, output: (i: number) => number, [now, next]: Levels) {
      const { ofLatent, ofOutput } = cleanWeights(prediction, now);
      return latent.map((x, i) => {
        const clean = clamp(ofLatent * x + ofOutput * output(i), clip);
        return next.alpha * clean + (next.sigma * (x - now.alpha * clean)) / now.sigma;
      });
    }
    return {
      step({ step, before, now, next, latent, output, trajectory: { history = [], origin } }) {
        if (step === 1) {
          const [first] = history;
          if (!origin || !first) throw trialMissing(step);
          const mean = (i: number) => (output[i]! + first[i]!) / 2;
          return { latent: move(origin, mean, [before, now]), history: [first] };
        }
        const known = [output, ...history].slice(0, WEIGHTS.length);
        const weights = WEIGHTS[known.length - 1]!;
        const sum = (i: number) => weights.reduce((s, weight, k) => s + weight * known[k]![i]!, 0);
        return {
          latent: move(latent, sum, [now, next]),
          history: known,
          ...(step === 0 && { origin: latent }),
        };
      },
    };
  },
});

type Levels = readonly [NoiseLevel, NoiseLevel];
