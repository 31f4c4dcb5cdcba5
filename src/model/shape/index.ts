/** Symbolic sizes and shape inference. */
export { areDifferent, isAtLeast, isNonNegative, isPositive, maximum, minimum } from './bounds.js';
export * from './branch-taken.js';
export type { Equality } from './context.js';
export {
  add,
  complexity,
  constant,
  DimExpr,
  type DimLike,
  equal,
  hasFreshSymbol,
  multiply,
  negate,
  product,
  subtract,
  sum,
  symbol,
  symbolsOf,
  toDim,
} from './dim.js';
export { ceilDivide, divideExactly, floorDivide, modulo } from './divide.js';
export { constantShape } from './facts.js';
export { fixInputShapes, freezeSymbols, inputSymbols } from './fix.js';
export { type Followers, findFollowers, withFollowers } from './followers.js';
export { type InferOptions, inferShapes } from './infer.js';
export { parseDim } from './parse.js';
export { dropStaleTypes } from './stale-types.js';
export { bytesOf, bytesOfAll, sizeOf } from './stated.js';
export { evaluate, substitute } from './substitute.js';
export { ShapeTable } from './table.js';
