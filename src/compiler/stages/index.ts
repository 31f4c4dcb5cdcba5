/** The steps of a compilation, checked and told of: what every other folder here hands its graphs to. */
export {
  type BrokenGraph,
  type PassOrigin,
  type Stage,
  type Step,
  Watch,
  type WatchOptions,
} from './watch.js';
