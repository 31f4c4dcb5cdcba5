export { readThreshold } from '../pass/index.js';
export {
  type Calibrated,
  type CalibrateOptions,
  calibrate,
  type LoopGuidance,
  type SamplerChoice,
  SEARCHES,
  type SearchKind,
} from './calibrate.js';
export { relativeLoss } from './loss.js';
export type { DecidedCall } from './search.js';
export * from './timesteps/index.js';
