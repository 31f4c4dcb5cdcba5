/** The algebra of symbolic sizes against plain arithmetic on random numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areDifferent, isAtLeast, maximum, minimum } from '../../src/shape/bounds.js';
import {
  add,
  complexity,
  type DimExpr,
  equal,
  evaluate,
  madeUp,
  multiply,
  substitute,
  subtract,
  symbol,
  symbolsOf,
  toDim,
} from '../../src/shape/dim.js';
import { ceilDivide, divideExactly, floorDivide, modulo } from '../../src/shape/divide.js';
import { parseDim } from '../../src/shape/parse.js';

/** An expression as a tree that plain arithmetic can evaluate too. */
type Tree =
  | { op: 'number'; value: number }
  | { op: 'symbol'; name: string }
  | { op: 'add' | 'subtract' | 'multiply' | 'max' | 'min'; left: Tree; right: Tree }
  | { op: 'floor' | 'ceil' | 'mod'; left: Tree; by: number } // by anything but 0
  | { op: 'floorBy'; left: Tree; name: string };

/** Two sizes that are declared, one that inference made up and may be 0, and a number of any sign. */
const SYMBOLS: Readonly<Record<string, DimExpr>> = {
  batch: symbol('batch'),
  height: symbol('height'),
  length: madeUp('length', 0n),
  value: madeUp('value', undefined),
};

const treeOver = (...names: string[]): fc.Arbitrary<Tree> =>
  fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.record({ op: fc.constant('number' as const), value: fc.integer({ min: -9, max: 9 }) }),
      fc.record({ op: fc.constant('symbol' as const), name: fc.constantFrom(...names) }),
      fc.record({
        op: fc.constantFrom(
          'add' as const,
          'subtract' as const,
          'multiply' as const,
          'max' as const,
          'min' as const,
        ),
        left: tie('tree'),
        right: tie('tree'),
      }),
      fc.record({
        op: fc.constantFrom('floor' as const, 'ceil' as const, 'mod' as const),
        left: tie('tree'),
        by: fc.integer({ min: -8, max: 8 }).filter((n) => n !== 0),
      }),
      fc.record({
        op: fc.constant('floorBy' as const),
        left: tie('tree'),
        name: fc.constantFrom(...names),
      }),
    ),
  })).tree;
const tree = treeOver(...Object.keys(SYMBOLS));

function build(t: Tree): DimExpr {
  switch (t.op) {
    case 'number':
      return toDim(t.value);
    case 'symbol':
      return SYMBOLS[t.name]!;
    case 'add':
      return add(build(t.left), build(t.right));
    case 'subtract':
      return subtract(build(t.left), build(t.right));
    case 'multiply':
      return multiply(build(t.left), build(t.right));
    case 'max':
      return maximum(build(t.left), build(t.right));
    case 'min':
      return minimum(build(t.left), build(t.right));
    case 'floor':
      return floorDivide(build(t.left), t.by);
    case 'ceil':
      return ceilDivide(build(t.left), t.by);
    case 'mod':
      return modulo(build(t.left), t.by);
    case 'floorBy':
      return floorDivide(build(t.left), SYMBOLS[t.name]!);
  }
}

/** The value by plain arithmetic; a division by zero throws. */
function compute(t: Tree, at: Record<string, bigint>): bigint {
  const floor = (a: bigint, b: bigint) => (a - (((a % b) + b) % b)) / b;
  switch (t.op) {
    case 'number':
      return BigInt(t.value);
    case 'symbol':
      return at[t.name] as bigint;
    case 'floor':
      return floor(compute(t.left, at), BigInt(t.by));
    case 'ceil':
      return -floor(-compute(t.left, at), BigInt(t.by));
    case 'mod': {
      const a = compute(t.left, at);
      return a - BigInt(t.by) * floor(a, BigInt(t.by));
    }
    case 'floorBy':
      return floor(compute(t.left, at), at[t.name] as bigint);
    default: {
      const a = compute(t.left, at);
      const b = compute(t.right, at);
      const [low, high] = a < b ? [a, b] : [b, a];
      return { add: a + b, subtract: a - b, multiply: a * b, max: high, min: low }[t.op];
    }
  }
}

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 5 }),
  height: fc.integer({ min: 1, max: 70 }),
  length: fc.integer({ min: 0, max: 9 }),
  value: fc.integer({ min: -9, max: 9 }),
});
type Sizes = { batch: number; height: number; length: number; value: number };
/** Undefined where the tree divides by zero. */
function computed(t: Tree, s: Sizes): bigint | undefined {
  try {
    return compute(t, exact(s));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
const exact = (s: Sizes) =>
  Object.fromEntries(Object.entries(s).map(([k, v]) => [k, BigInt(v)])) as Record<string, bigint>;
const bindings = (s: Sizes) => new Map(Object.entries(s));

describe('symbolic sizes', () => {
  it('mean what plain arithmetic says', () => {
    fc.assert(
      fc.property(tree, sizes, (t, s) => {
        const expected = computed(t, s);
        fc.pre(expected !== undefined && expected < 2n ** 53n && expected > -(2n ** 53n));
        expect(evaluate(build(t), bindings(s))).toBe(Number(expected));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('read back what they print', () => {
    fc.assert(
      // a name in a file stands for a size that is declared
      fc.property(treeOver('batch', 'height'), (t) => {
        const value = build(t);
        expect(parseDim(value.toString()).key).toBe(value.key);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('are equal whichever way a sum or product is built', () => {
    fc.assert(
      fc.property(tree, tree, tree, (a, b, c) => {
        const [x, y, z] = [build(a), build(b), build(c)];
        expect(equal(add(x, add(y, z)), add(add(z, x), y))).toBe(true);
        expect(equal(multiply(x, add(y, z)), add(multiply(z, x), multiply(y, x)))).toBe(true);
        expect(subtract(x, x).constant).toBe(0);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('divide exactly where the product was made', () => {
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        const [x, y] = [build(a), build(b)];
        fc.pre(y.constant !== 0);
        expect(divideExactly(multiply(x, y), y)?.key).toBe(x.key);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('claim an order only where it holds', () => {
    fc.assert(
      fc.property(tree, tree, sizes, (a, b, s) => {
        const [x, y] = [build(a), build(b)];
        const [p, q] = [computed(a, s), computed(b, s)];
        fc.pre(p !== undefined && q !== undefined);
        if (isAtLeast(x, y)) expect(p >= q).toBe(true);
        if (areDifferent(x, y)) expect(p).not.toBe(q);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('simplify under partial bindings as under full ones', () => {
    fc.assert(
      fc.property(tree, sizes, (t, s) => {
        const value = build(t);
        const half = substitute(value, new Map([['height', s.height]]));
        expect(symbolsOf(half)).not.toContain('height');
        expect(evaluate(half, bindings(s))).toBe(evaluate(value, bindings(s)));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  const height = symbol('height');
  const half = floorDivide(add(height, 1), 2);

  it.each([
    ['half of twice', floorDivide(multiply(height, 2), 2), 'height'],
    ['two strided convolutions', floorDivide(add(half, 1), 2), 'floor((height+3)/4)'],
    [
      'formula of a strided convolution',
      add(floorDivide(subtract(height, 1), 2), 1),
      'floor((height+1)/2)',
    ],
    ['half of twice the half', floorDivide(multiply(half, 2), 2), 'floor((height+1)/2)'],
    ['quarter of twice', floorDivide(add(multiply(height, 2), 1), 4), 'floor(height/2)'],
    ['a half plus one', subtract(floorDivide(add(height, 5), 2), 2), 'floor((height+1)/2)'],
    ['larger of a size and its half', maximum(half, height), 'height'],
    ['smaller of a size and 1', minimum(height, 1), '1'],
    ['product', multiply(multiply(symbol('batch'), 8), height), 'batch*height*8'],
    [
      'cancelled factor',
      floorDivide(multiply(height, symbol('batch')), multiply(symbol('batch'), 3)),
      'floor(height/3)',
    ],
  ])('%s', (_, value, text) => {
    expect(value.toString()).toBe(text);
  });

  it.each([
    ['batch', 'batch'],
    ['floor(height/2 - 1/2) + 1', 'floor((height+1)/2)'],
    ['ceil(height / 2)', 'floor((height+1)/2)'],
    ['s0//2', 'floor(s0/2)'],
    ['2*(floor((height-1)/2)+1)', 'floor((height+1)/2)*2'],
    ['(batch*320*h*w)/(batch*h*w)', '320'],
    ['max(1, height)', 'height'],
    // Not expressions, or not whole numbers: one symbol of that name.
    ['input.1 dim', 'input.1 dim'],
    ['height/2', 'height/2'],
    ['floor(height', 'floor(height'],
    ['floor(height/0)', 'floor(height/0)'],
    ['', ''],
  ])('reads the dim_param "%s"', (text, printed) => {
    expect(parseDim(text).toString()).toBe(printed);
  });

  it('prefers what is easier to read', () => {
    expect(complexity(height)).toBeLessThan(complexity(multiply(half, 2)));
    expect(complexity(half)).toBeLessThan(complexity(madeUp('d0', 0n)));
  });
});
