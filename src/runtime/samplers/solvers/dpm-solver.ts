/**
 * DPM-Solver++(2M) and (3M): Lu et al., "DPM-Solver++: Fast solver for guided sampling of diffusion
 * probabilistic models" (arXiv 2211.01095), algorithm 2. The third order is that of the authors' program,
 * which takes half of the curvature, so that its error falls as that of second order does.
 *
 * Of higher order by keeping the clean latents of the steps before; the first step is of first order, as
 * is the last one where that is asked for or the method has no other (noise level zero). It needs the
 * logarithm of alpha / sigma, so where no signal is left it takes the little that diffusers does (2^-24 of
 * the variance).
 */
import { noiseMissing } from '../../../errors/index.js';
import { isShort, LOWER_ORDER_FINAL, lengthOf, orderAt } from '../multistep.js';
import type { NoiseLevel } from '../paths/index.js';
import { reader } from '../prediction.js';
import { LOOP_OPTIONS, type MadeFrom, type Steps, solver } from '../solver.js';

const OPTIONS = { ...LOOP_OPTIONS, lowerOrderFinal: LOWER_ORDER_FINAL } as const;

/** How the change of the clean latent is integrated in a step of second order; both are of that order. */
export const SECOND_ORDERS = ['midpoint', 'heun'] as const;
export type SecondOrder = (typeof SECOND_ORDERS)[number];

const OPTIONS_2M = {
  ...OPTIONS,
  secondOrder: {
    enum: SECOND_ORDERS,
    default: 'midpoint',
    title: 'second order',
    description: 'Whether a change counts as in the middle of a step, or as it grows over it',
  },
} as const;

interface Kind {
  readonly order: 2 | 3;
  readonly secondOrder?: SecondOrder;
  /** Of the equation with noise, whose exponents are twice those of the one without. */
  readonly noisy?: boolean;
}

const COMMON = { path: 'variance-preserving', arrivalPoint: true, signal: true } as const;

export const dpmSolver2M = solver({
  ...COMMON,
  name: 'dpm++2m',
  title: 'DPM-Solver++(2M)',
  description: 'Second order, through two clean latents (Lu et al., 2211.01095)',
  options: OPTIONS_2M,
  make: (given) => dpmSteps({ order: 2, secondOrder: given.options.secondOrder }, given),
});

export const dpmSolver2MSde = solver({
  ...COMMON,
  name: 'dpm++2m-sde',
  title: 'SDE-DPM-Solver++(2M)',
  description: 'The same with fresh noise at each step (Lu et al., 2211.01095)',
  drawsNoise: true,
  options: OPTIONS_2M,
  make: (given) =>
    dpmSteps({ order: 2, secondOrder: given.options.secondOrder, noisy: true }, given),
});

export const dpmSolver3M = solver({
  ...COMMON,
  name: 'dpm++3m',
  title: 'DPM-Solver++(3M)',
  description: 'Through three clean latents (Lu et al., 2211.01095)',
  options: OPTIONS,
  make: (given) => dpmSteps({ order: 3 }, given),
});

function dpmSteps(
  { order, secondOrder = 'midpoint', noisy = false }: Kind,
  { options, walk: { levels }, steps, clip }: MadeFrom<typeof OPTIONS>,
): Steps {
  const { lowerOrderFinal = isShort(steps), prediction } = options;
  return {
    needsNoise: noisy,
    step({ step, now, next, latent, output, noise, trajectory: { history = [] } }) {
      const used = orderAt(levels, step, { order, known: history.length + 1, lowerOrderFinal });
      const changes = changeWeights(levels, step, used, { secondOrder, noisy });
      const read = reader(prediction, 'sample', now, clip);
      // exp(-h) is the ratio of the two noise levels
      const share = next.ratio / now.ratio;
      const left = noisy ? share * share : share;
      const keep = (next.sigma / now.sigma) * (noisy ? share : 1);
      const add = next.alpha * (1 - left);
      const spread = noisy ? next.sigma * Math.sqrt(1 - left) : 0;
      const fresh = spread > 0 ? noise() : undefined;
      if (spread > 0 && !fresh) throw noiseMissing('SDE-DPM-Solver++');

      // arrays of the latent's own kind
      const clean = latent.slice();
      const result = latent.slice();
      for (let i = 0; i < latent.length; i++) {
        const predicted = read(latent[i]!, output[i]!);
        let extrapolated = predicted;
        let later = predicted;
        for (const [k, weight] of changes.entries()) {
          const earlier = history[k]![i]!;
          extrapolated += weight * (later - earlier);
          later = earlier;
        }
        clean[i] = predicted;
        result[i] = keep * latent[i]! + add * extrapolated + (fresh ? spread * fresh[i]! : 0);
      }
      return { latent: result, history: [clean, ...history].slice(0, order - 1) };
    },
  };
}

/**
 * By what the changes of the clean latent count, of the last step and of the one before it, relative to the
 * latent itself.
 */
function changeWeights(
  levels: readonly NoiseLevel[],
  step: number,
  order: number,
  { secondOrder, noisy }: { readonly secondOrder: SecondOrder; readonly noisy: boolean },
): number[] {
  if (order === 1) return [];
  const [now, next] = [levels[step]!, levels[step + 1]!];
  const before = lengthOf(levels[step - 1]!, now);
  const length = lengthOf(now, next);
  if (order === 2 && secondOrder === 'midpoint') return [length / (2 * before)];
  const exponent = noisy ? 2 * length : length;
  const shrink = Math.expm1(-exponent);
  const ofSlope = (shrink / exponent + 1) / -shrink;
  // slopes over the last two steps, the slope here and the curvature; all in units of this step
  const r0 = before / length;
  if (order === 2) return [ofSlope / r0];
  const r1 = lengthOf(levels[step - 2]!, levels[step - 1]!) / length;
  const ofCurvature = ((shrink + length) / length ** 2 - 0.5) / shrink;
  const bend = (ofSlope * r0 + ofCurvature) / (r0 + r1);
  return [(ofSlope + bend) / r0, -bend / r1];
}
