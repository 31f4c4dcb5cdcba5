/** Searches on a real loop: the plan of a pass, and the timesteps of few steps. Needs onnxruntime. */
export {
  type Calibrated,
  type CalibrateOptions,
  calibrate,
  type SamplerChoice,
  SEARCHES,
  type SearchKind,
} from './calibrate.js';
export type { Placed, Placement } from './full-calls/candidates.js';
export type { SearchMemory } from './full-calls/memo.js';
export {
  type Candidate,
  type PlacedCalls,
  placeFullCalls,
} from './full-calls/place.js';
export { PLACEMENT_RULES, type PlacementRule } from './full-calls/placement-rules.js';
export type { RulePlan } from './full-calls/rules.js';
export type { Asked, PlaceOptions } from './full-calls/search.js';
export type { ForecastChoice } from './full-calls/variants.js';
export type { Worth } from './full-calls/worth.js';
export type { LoopGuidance } from './guidance.js';
export { relativeLoss } from './loss.js';
export type { DecidedCall } from './search.js';
export * from './timesteps/index.js';
