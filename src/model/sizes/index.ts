/** Sizes as expressions of symbols: sums, products, quotients and extremes of them, and what is known of those. */
export { areDifferent, isAtLeast, isNonNegative, isPositive, maximum, minimum } from './bounds.js';
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
export { parseDim } from './parse.js';
export { evaluate, substitute } from './substitute.js';
