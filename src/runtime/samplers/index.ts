/** Samplers by name, and what is needed to run one: schedules, random numbers, the denoising loop. */
import { unknownSamplerChoice } from '../../errors/index.js';
import { type DdimOptions, ddim } from './ddim.js';
import { type DpmSolverOptions, dpmSolver } from './dpm-solver.js';
import { type EulerOptions, euler } from './euler.js';
import type { Sampler } from './sampler.js';

export * from './ddim.js';
export * from './denoise.js';
export * from './dpm-solver.js';
export * from './euler.js';
export { type LatentType, type TimestepFeed, timestepFeed } from './feeds.js';
export { type GammaOptions, gammaTimesteps } from './gamma.js';
export * from './guidance.js';
export {
  FINAL_LEVELS,
  type FinalLevel,
  type NoiseLevel,
  type NoiseLevelOptions,
} from './noise-levels.js';
export * from './noise-schedule.js';
export { PREDICTIONS, type Prediction } from './prediction.js';
export { batchNoise, createRandom, type Random } from './random.js';
export type { Sampler, SamplerOptions, Trajectory } from './sampler.js';
export { TIMESTEP_SPACINGS, type TimestepSpacing } from './timesteps.js';

/** The options of each sampler, by its name. */
export interface SamplerOptionsByName {
  readonly ddim: DdimOptions;
  readonly euler: EulerOptions;
  readonly 'dpm++2m': DpmSolverOptions;
}

export type SamplerName = keyof SamplerOptionsByName;

const SAMPLERS: { [Name in SamplerName]: (options: SamplerOptionsByName[Name]) => Sampler } = {
  ddim,
  euler,
  'dpm++2m': dpmSolver,
};

export const SAMPLER_NAMES = Object.keys(SAMPLERS) as readonly SamplerName[];

/**
 * Makes a sampler.
 *
 * @example
 * const sampler = createSampler('ddim', { steps: 50, clip: 1 });
 *
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE, SAMPLER_TIMESTEPS_ORDER, SAMPLER_KARRAS_TIMESTEPS,
 *   SAMPLER_NO_SIGNAL
 */
export function createSampler<Name extends SamplerName>(
  name: Name,
  options: SamplerOptionsByName[Name],
): Sampler {
  if (!Object.hasOwn(SAMPLERS, name)) throw unknownSamplerChoice('sampler', name, SAMPLER_NAMES);
  return SAMPLERS[name](options);
}
