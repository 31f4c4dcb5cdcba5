/** The algebra of symbolic sizes against plain arithmetic on random numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areDifferent, isAtLeast } from '../../../src/model/sizes/bounds.js';
import {
  add,
  complexity,
  equal,
  multiply,
  subtract,
  symbolsOf,
} from '../../../src/model/sizes/dim.js';
import { divideExactly } from '../../../src/model/sizes/divide.js';
import { parseDim } from '../../../src/model/sizes/parse.js';
import { evaluate, substitute } from '../../../src/model/sizes/substitute.js';
import { build, compute, NAMES, read, type Sizes, type Tree } from './trees.js';

const treeOver = (...names: string[]): fc.Arbitrary<Tree> =>
  fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.integer({ min: -9, max: 9 }),
      fc.constantFrom(...names),
      fc.tuple(fc.constantFrom('+', '-', '*', 'max', 'min'), tie('tree'), tie('tree')),
      fc.tuple(
        fc.constantFrom('floor', 'ceil', 'mod'),
        tie('tree'),
        fc.integer({ min: -8, max: 8 }).filter((n) => n !== 0),
      ),
      fc.tuple(fc.constant('floor'), tie('tree'), fc.constantFrom(...names)),
    ),
  })).tree;
const tree = treeOver(...NAMES);

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 5 }),
  height: fc.integer({ min: 1, max: 70 }),
  length: fc.integer({ min: 0, max: 9 }),
  value: fc.integer({ min: -9, max: 9 }),
});
const bindings = (s: Sizes) => new Map(Object.entries(s));

describe('symbolic sizes', () => {
  it('mean what plain arithmetic says', () => {
    fc.assert(
      fc.property(tree, sizes, (t, s) => {
        const expected = compute(t, s);
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
        const [p, q] = [compute(a, s), compute(b, s)];
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
        fc.pre(compute(t, s) !== undefined);
        const value = build(t);
        const half = substitute(value, new Map([['height', s.height]]));
        expect(symbolsOf(half)).not.toContain('height');
        expect(evaluate(half, bindings(s))).toBe(evaluate(value, bindings(s)));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it.each([
    ['half of twice', '(floor (* height 2) 2)', 'height'],
    ['two strided convolutions', '(floor (+ (floor (+ height 1) 2) 1) 2)', 'floor((height+3)/4)'],
    ['formula of a strided convolution', '(+ (floor (- height 1) 2) 1)', 'floor((height+1)/2)'],
    ['half of twice the half', '(floor (* 2 (floor (+ height 1) 2)) 2)', 'floor((height+1)/2)'],
    ['quarter of twice', '(floor (+ (* height 2) 1) 4)', 'floor(height/2)'],
    ['a half plus one', '(- (floor (+ height 5) 2) 2)', 'floor((height+1)/2)'],
    ['larger of a size and its half', '(max (floor (+ height 1) 2) height)', 'height'],
    ['smaller of a size and 1', '(min height 1)', '1'],
    ['product', '(* batch 8 height)', 'batch*height*8'],
    ['cancelled factor', '(floor (* height batch) (* batch 3))', 'floor(height/3)'],
    [
      'a factor that one side holds twice',
      '(floor (* height height batch) (* height 3))',
      'floor((batch*height)/3)',
    ],
    [
      'a factor that both hold twice',
      '(floor (* height height batch) (* height height 3))',
      'floor(batch/3)',
    ],
    [
      'a factor that not every term holds',
      '(floor (+ (* height batch) 1) height)',
      'floor((batch*height+1)/height)',
    ],
    ['a quotient of sizes', '(floor height batch)', 'floor(height/batch)'],
    [
      'an exact quotient of sums',
      '(floor (+ (* batch height) batch height 1) (+ height 1))',
      'batch+1',
    ],
    ['a quotient below zero', '(floor height (- 0 2))', 'floor(height/2)-height'],
    ['a quotient of a quotient', '(floor (floor height batch) 3)', 'floor(floor(height/batch)/3)'],
    [
      'a quotient of several',
      '(floor (+ (* 3 (floor height 2)) 1) 2)',
      'floor((height+2)/4)+floor(height/2)',
    ],
    [
      'a quotient of a product that begins with a quotient',
      '(floor (* height (floor batch 2)) 3)',
      'floor((floor(batch/2)*height)/3)',
    ],
    [
      'a quotient of a product of quotients',
      '(floor (* batch (floor height 2)) 3)',
      'floor((batch*floor(height/2))/3)',
    ],
  ])('%s', (_, text, printed) => {
    expect(build(read(text)).toString()).toBe(printed);
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
    const weight = (text: string) => complexity(build(read(text)));
    expect(weight('height')).toBeLessThan(weight('(* 2 height)'));
    expect(weight('(* batch height)')).toBeLessThan(weight('(floor height 2)'));
    expect(weight('(floor height 2)')).toBeLessThan(weight('(floor (+ height 1) 2)'));
    expect(weight('(floor (+ height 1) 2)')).toBeLessThan(weight('length'));
  });
});
