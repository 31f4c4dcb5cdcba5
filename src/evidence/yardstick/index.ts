/** Fewer steps at the same cost, beside which whatever saves work has to stand. */
export {
  convergedChoice,
  type LoopChoice,
  type Rival,
  rivals,
  type SamplerChoice,
} from './rivals.js';
export * from './yardstick.js';
