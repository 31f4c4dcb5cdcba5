/** Runs a sampler on a denoiser that is a plain function, as the tests of samplers need it. */
import type { Sampler } from '../../../src/runtime/samplers/index.js';

/** The denoiser's output for a latent of unit variance at a timestep. */
export type Denoiser = (latent: Float32Array, timestep: number) => Float32Array;

export function runSampler(
  sampler: Sampler,
  denoiser: Denoiser,
  initialNoise: Float32Array,
  freshNoise?: (draw: number) => Float32Array,
  clean?: Float32Array,
): Float32Array {
  let trajectory = sampler.start(initialNoise, clean);
  for (const [step, told] of sampler.told.entries()) {
    const output = denoiser(sampler.scaleInput(trajectory.latent, step), told);
    trajectory = sampler.step(output, step, trajectory, freshNoise && (() => freshNoise(step)));
  }
  return trajectory.latent;
}
