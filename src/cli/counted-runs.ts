/** Loops of one model with other samplers, one after another, and how many of their steps are done. */
import { type GenerateOptions, generate, type LoopDenoiser } from '../evidence/measure/index.js';

/** @param show told of every step, with those of all loops before */
export function countedRuns(
  denoiser: LoopDenoiser,
  loop: Omit<GenerateOptions, 'sampler' | 'onStep'>,
  show: (done: number) => void,
): (sampler: GenerateOptions['sampler']) => Promise<Float32Array> {
  let before = 0;
  return async (sampler) => {
    const onStep = (step: number) => show(before + step);
    const { latent } = await generate(denoiser, { ...loop, sampler, onStep });
    before += sampler.timesteps.length;
    return latent;
  };
}
