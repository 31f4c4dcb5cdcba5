/** Samplers by name, and what is needed to run one: schedules, random numbers, the denoising loop. */

export type { LoopSampler } from '../../generated/schedule.js';
export type { Control } from './control.js';
export {
  createSampler,
  SAMPLER_NAMES,
  samplerFrom,
  solverOf,
  stepsFor,
} from './create.js';
export * from './denoise.js';
export type * from './denoiser-call.js';
export {
  type LatentType,
  type TimestepFeed,
  type TimestepShape,
  type TimestepType,
  timestepFeed,
} from './feeds.js';
export {
  type Flag,
  PATH_FLAGS,
  SOLVER_FLAGS,
} from './flags.js';
export { type GammaOptions, gammaTimesteps } from './gamma.js';
export * from './guidance.js';
export type { KnownPart } from './known.js';
export { LEVELS, type Levels } from './levels.js';
export {
  BETA_SCHEDULES,
  type BetaSchedule,
  LEAST_SIGNAL,
  type NoiseSchedule,
  type NoiseScheduleOptions,
  noiseSchedule,
  TRAIN_TIMESTEPS,
} from './noise-schedule.js';
export type { NumberSchema, OptionSchema, OptionSchemas, ValueOf } from './options.js';
export {
  type FlowOptions,
  logSnr,
  type NoiseLevel,
  type NoisePath,
  type NoisePathOptions,
  noisePath,
  PATHS,
  type PathName,
  type ShiftOptions,
  type TimeShift,
  type VarianceExplodingOptions,
} from './paths/index.js';
export type { FedDenoiser } from './predict.js';
export { convert, PREDICTIONS, type Prediction, type Weights } from './prediction.js';
export { batchNoise, createRandom, type Random } from './random.js';
export type { Sampler, Trajectory } from './sampler.js';
export type * from './sampler-options.js';
export type { CallRule, LoopOptions, Solver } from './solver.js';
export { NOISE_AFTER_CLIP, type NoiseAfterClip } from './solvers/ddim.js';
export type { SecondOrder } from './solvers/dpm-solver.js';
export { SOLVERS } from './solvers/index.js';
export type { UnipcType } from './solvers/unipc.js';
export { TIMESTEP_SPACINGS, type TimestepSpacing } from './spacings.js';
export { startOfStrength } from './strength.js';
export { TIMESTEP_SCALES, type TimestepScale } from './timestep-scale.js';
export { FINAL_LEVELS, type FinalLevel, type LevelEnds } from './timesteps.js';
