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
import { isShort, LOWER_ORDER_FINAL, lengthOf, orderAt } from '../multistep.js';
import type { NoiseLevel } from '../paths/index.js';
import { reader } from '../prediction.js';
import { LOOP_OPTIONS, solver } from '../solver.js';

const OPTIONS = { ...LOOP_OPTIONS, lowerOrderFinal: LOWER_ORDER_FINAL } as const;

const dpmSolver = <const Name extends string>(name: Name, order: 2 | 3, description: string) =>
  solver({
    name,
    title: `DPM-Solver++(${order}M)`,
    description: `${description} (Lu et al., 2211.01095)`,
    path: 'variance-preserving',
    arrivalPoint: true,
    signal: true,
    options: OPTIONS,
    make({ options, walk, clip }) {
      const { levels } = walk;
      const { lowerOrderFinal = isShort(walk), prediction } = options;
      return {
        step({ step, now, next, latent, output, trajectory: { history = [] } }) {
          const used = orderAt(levels, step, { order, known: history.length + 1, lowerOrderFinal });
          const changes = changeWeights(levels, step, used);
          const read = reader(prediction, 'sample', now, clip);
          const keep = next.sigma / now.sigma;
          // -alpha (exp(-h) - 1), where exp(-h) is the ratio of the two noise levels.
          const add = next.alpha * (1 - next.ratio / now.ratio);

          const clean = new Float32Array(latent.length);
          const result = new Float32Array(latent.length);
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
            result[i] = keep * latent[i]! + add * extrapolated;
          }
          return { latent: result, history: [clean, ...history].slice(0, order - 1) };
        },
      };
    },
  });

/**
 * By what the changes of the clean latent count, of the last step and of the one before it, relative to the
 * latent itself.
 */
function changeWeights(levels: readonly NoiseLevel[], step: number, order: number): number[] {
  if (order === 1) return [];
  const [now, next] = [levels[step]!, levels[step + 1]!];
  const before = lengthOf(levels[step - 1]!, now);
  const length = lengthOf(now, next);
  if (order === 2) return [length / (2 * before)];
  // slopes over the last two steps, the slope here and the curvature; all in units of this step
  const [r0, r1] = [before / length, lengthOf(levels[step - 2]!, levels[step - 1]!) / length];
  const shrink = Math.expm1(-length);
  const ofSlope = (shrink / length + 1) / -shrink;
  const ofCurvature = ((shrink + length) / length ** 2 - 0.5) / shrink;
  const bend = (ofSlope * r0 + ofCurvature) / (r0 + r1);
  return [(ofSlope + bend) / r0, -bend / r1];
}

export const dpmSolver2M = dpmSolver('dpm++2m', 2, 'Second order, through two clean latents');
export const dpmSolver3M = dpmSolver('dpm++3m', 3, 'Through three clean latents');
