export { type TimestepError, type TimestepLoopOptions, timestepError } from './error.js';
export type { Tried } from './minimum.js';
export {
  type OptimizedTimesteps,
  type OptimizeTimestepsOptions,
  optimizeTimesteps,
} from './optimize.js';
export type { SizeOptions } from './sizes.js';
