/** Shapes of all values of a model, with symbolic sizes. */
export type { Equality } from '../operators/rules/context.js';
export { constantShape } from '../operators/rules/facts.js';
export * from '../sizes/index.js';
export * from './branch-taken.js';
export { fixInputShapes, freezeSymbols, inputSymbols } from './fix.js';
export { type Followers, findFollowers, withFollowers } from './followers.js';
export { type InferOptions, inferShapes, repeatedInference } from './infer.js';
export { dropStaleTypes } from './stale-types.js';
export { bytesOf, bytesOfAll, sizeOf } from './stated.js';
export { ShapeTable } from './table.js';
