/**
 * DPM-Solver++(2M): Lu et al., "DPM-Solver++: Fast solver for guided sampling of diffusion
 * probabilistic models" (arXiv 2211.01095), algorithm 2.
 *
 * Second order by keeping the clean latent of the step before; the first step is of first order, as
 * is the last one where that is asked for or the method has no second order (noise level zero). The
 * latent keeps unit variance. It needs the logarithm of alpha / sigma, so where no signal is left it takes
 * the little that diffusers does (2^-24 of the variance).
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

export interface DpmSolverOptions extends SamplerOptions {
  /**
   * Whether the last step is of first order, which keeps it stable when it is long. Default: below 15
   * steps, as the paper's program does.
   */
  readonly lowerOrderFinal?: boolean;
}

const FEW_STEPS = 15;

/** @throws SAMPLER_OPTION_RANGE, SAMPLER_UNKNOWN_CHOICE, SAMPLER_TIMESTEPS_ORDER */
export function dpmSolver(options: DpmSolverOptions): Sampler {
  const { prediction, clip } = checkPrediction(options);
  const path = noiseLevels(options, { arrivalPoint: true, signal: true });
  const steps = path.timesteps.length;
  const lowerOrderFinal = options.lowerOrderFinal ?? steps < FEW_STEPS;

  /**
   * The weight 1 / (2 r) of the change since the step before, r being the ratio of the last two
   * steps in log(alpha / sigma); 0 gives the first-order step.
   */
  function changeWeight(step: number): number {
    const before = path.levels[step - 1];
    const { now, next } = levelsOfStep(path, step);
    if (!before || next.ratio === 0 || (lowerOrderFinal && step === steps - 1)) return 0;
    const lengthBefore = Math.log(before.ratio / now.ratio);
    // Repeated timesteps make a step of no length, from which no slope can be had.
    return lengthBefore === 0 ? 0 : Math.log(now.ratio / next.ratio) / (2 * lengthBefore);
  }

  return {
    timesteps: path.timesteps,
    initialScale: 1,
    needsNoise: false,
    start: (noise) => ({ latent: noise }),
    scaleInput: (latent) => latent,
    step(modelOutput, step, { latent, previousClean }) {
      checkLength('The model output', modelOutput, latent);
      const { now, next } = levelsOfStep(path, step);
      const { ofLatent, ofOutput } = cleanWeights(prediction, now);
      const change = previousClean ? changeWeight(step) : 0;
      const keep = next.sigma / now.sigma;
      // -alpha (exp(-h) - 1), where exp(-h) is the ratio of the two noise levels.
      const add = next.alpha * (1 - next.ratio / now.ratio);

      const clean = new Float32Array(latent.length);
      const result = new Float32Array(latent.length);
      for (let i = 0; i < latent.length; i++) {
        const predicted = clamp(ofLatent * latent[i]! + ofOutput * modelOutput[i]!, clip);
        const before = change === 0 ? predicted : previousClean![i]!;
        clean[i] = predicted;
        result[i] = keep * latent[i]! + add * (predicted + change * (predicted - before));
      }
      return { latent: result, previousClean: clean };
    },
  };
}
