/** Expressions that can be built as symbolic sizes, and computed by plain arithmetic on big integers. */
import { maximum, minimum } from '../../../src/model/sizes/bounds.js';
import {
  add,
  constant,
  type DimExpr,
  madeUp,
  multiply,
  subtract,
  symbol,
} from '../../../src/model/sizes/dim.js';
import { ceilDivide, floorDivide, modulo } from '../../../src/model/sizes/divide.js';

export const OPS = ['+', '-', '*', 'max', 'min', 'floor', 'ceil', 'mod'] as const;
/** A number, a symbol, or two operands under an operator. */
export type Tree = number | string | readonly [(typeof OPS)[number], Tree, Tree];

/** Two sizes that are declared, one that inference made up and may be 0, and a number of any sign. */
const SYMBOLS: Readonly<Record<string, () => DimExpr>> = {
  batch: () => symbol('batch'),
  height: () => symbol('height'),
  length: () => madeUp('length', 0n),
  value: () => madeUp('value', undefined),
};
export const NAMES = Object.keys(SYMBOLS);

/** Reads `(- (floor height 2) 1)`; `(+ a b c)` is `(+ (+ a b) c)`. */
export function read(text: string): Tree {
  const tokens = text.match(/[()]|[^()\s]+/g)!;
  let at = 0;
  const next = (): Tree => {
    const token = tokens[at++]!;
    if (token !== '(') return Number.isNaN(Number(token)) ? token : Number(token);
    const op = tokens[at++] as (typeof OPS)[number];
    let left = next();
    while (tokens[at] !== ')') left = [op, left, next()];
    at++;
    return left;
  };
  return next();
}

export function build(tree: Tree): DimExpr {
  if (typeof tree === 'number') return constant(tree);
  if (typeof tree === 'string') return SYMBOLS[tree]!();
  const [op, left, right] = tree;
  const [a, b] = [build(left), build(right)];
  switch (op) {
    case '+':
      return add(a, b);
    case '-':
      return subtract(a, b);
    case '*':
      return multiply(a, b);
    case 'max':
      return maximum(a, b);
    case 'min':
      return minimum(a, b);
    case 'floor':
      return floorDivide(a, b);
    case 'ceil':
      return ceilDivide(a, b);
    case 'mod':
      return modulo(a, b);
  }
}

export type Sizes = Readonly<Record<string, number>>;

/** The value by plain arithmetic; undefined where it divides by zero. */
export function compute(tree: Tree, sizes: Sizes): bigint | undefined {
  if (typeof tree === 'number') return BigInt(tree);
  if (typeof tree === 'string') return BigInt(sizes[tree]!);
  const [op, left, right] = tree;
  const [a, b] = [compute(left, sizes), compute(right, sizes)];
  if (a === undefined || b === undefined) return undefined;
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case 'max':
      return a > b ? a : b;
    case 'min':
      return a > b ? b : a;
    case 'floor':
      return b === 0n ? undefined : floor(a, b);
    case 'ceil':
      return b === 0n ? undefined : -floor(-a, b);
    case 'mod':
      return b === 0n ? undefined : a - b * floor(a, b);
  }
}

const floor = (a: bigint, b: bigint) => (a - (((a % b) + b) % b)) / b;

/** Every mixture of small sizes, zero and numbers below zero where there may be such. */
export const GRID: readonly Sizes[] = [1, 2, 3].flatMap((batch) =>
  [1, 2, 3, 8, 11].flatMap((height) =>
    [0, 1, 5].flatMap((length) =>
      [-4, -1, 0, 1, 3].map((value) => ({ batch, height, length, value })),
    ),
  ),
);
