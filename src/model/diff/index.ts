/** The difference of two models. */
export type { KeptNode } from './compare.js';
export type { SameFile } from './contents.js';
export {
  type DiffOptions,
  diffModels,
  isSame,
  type KeptPort,
  type ModelDifference,
  type PortDifference,
} from './difference.js';
export type { FlatGraph } from './flat.js';
export { type Region, regionsOf } from './regions.js';
