/** Fewer steps at the same cost, beside which whatever saves work has to stand. */
export { type Rival, rivals, type SamplerChoice } from './rivals.js';
export * from './yardstick.js';
