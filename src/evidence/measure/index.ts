/** What is known of a bundle by running it: the proof, the bench, the denoising loop. Needs onnxruntime. */
export { bundleLabel, loopOfSampler, scheduleForLoop } from './asked-loop.js';
export * from './bench.js';
export * from './denoise-bundle.js';
export { type Difference, difference } from './difference.js';
export type { Feeds } from './feeds.js';
export { type FeedOptions, randomFeeds, scheduleBindings } from './feeds.js';
export { type Generated, type GenerateOptions, generate, startLoop } from './generate.js';
export type { GivenFeeds } from './loop-given.js';
export {
  type GivenGuidance,
  type GivenInputs,
  ownLatent,
  rolesOf,
  type SettledLoop,
  settleLoop,
} from './loop-inputs.js';
export type { LoopControl, LoopHandOver, LoopParts } from './loop-parts.js';
export type { ProofOptions } from './numbers.js';
export { batchOf, rowsInTurn } from './rows-in-turn.js';
export { isClear, median, type Spread, spreadOf, type Worth } from './spread.js';
export * from './trace.js';
export {
  type Check,
  type OptimizationLevel,
  type ProveOptions,
  proveBundle,
  TOLERANCES,
  type VerdictOptions,
  type VerifyReport,
} from './verify.js';
export type { ComparedWeights } from './whole-weights.js';
