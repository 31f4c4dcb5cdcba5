/** What is proved of the sign of a size: never more than holds at every size, and what rules rely on. */
import { describe, expect, it } from 'vitest';
import {
  areDifferent,
  isAtLeast,
  isNonNegative,
  isPositive,
  maximum,
  minimum,
} from '../../../src/model/sizes/bounds.js';
import { multiply, negate, product, subtract, sum, symbol } from '../../../src/model/sizes/dim.js';
import { ceilDivide, divideExactly, floorDivide } from '../../../src/model/sizes/divide.js';
import { build, compute, GRID, read } from './trees.js';

const least = (text: string) =>
  GRID.map((sizes) => compute(read(text), sizes))
    .filter((n) => n !== undefined)
    .reduce((a, b) => (a < b ? a : b));

describe('what is never below zero', () => {
  it.each([
    '0',
    'length',
    '(- height 1)',
    '(- (* 2 height) 2)',
    '(- (* height height) height)',
    '(- (* batch height) batch height -1)',
    '(+ (* batch height) length -1)',
    '(* value value)',
    '(* length value value)',
    '(- (* height value value) (* value value))',
    '(* value value value value)',
    '(- (* value value 2) (* value value))',
    '(floor length 2)',
    '(- (floor (+ height 1) 2) 1)',
    '(- (floor (+ (* 3 height) 1) 2) 2)',
    '(* length (floor height 2))',
    '(floor height batch)',
    '(floor length (+ height batch))',
    '(floor length (- (* 2 height) 1))',
    '(- (max height 3) 3)',
    '(- (max value 3) 3)',
    '(- (max value batch) 1)',
    '(- (max (- 0 value) batch) 1)',
    '(- (max batch (+ height 2)) 3)',
    '(- (max 2 value batch) 2)',
    '(- (max length 2 (* 3 batch)) 3)',
    '(- (min height 3) 1)',
    '(- (min (* 2 height) 3 (* 5 batch)) 2)',
    '(min length 3)',
    '(min length (max value 0))',
    '(- height (floor height 2))',
    '(- (* 2 (floor (+ height 1) 2)) height)',
    '(- height (* 2 (floor height 2)))',
    '(- (+ (* 3 (floor height 3)) 2) height)',
    '(- (* batch height) (* batch (floor height 2)))',
    '(- (* batch length) (* batch 2 (floor length 2)))',
    '(- (* 2 length (floor (+ height 1) 2)) (* length height))',
    '(- (* 6 height) (floor height 2) (floor height 3) (floor height 5) (floor height 7) (floor height 11))',
    '(- (+ (* 2 (floor (+ value 1) 2)) 1) value)',
    '(- (* 3 height) (floor (* 2 height) 3) (max height (floor length 7)) (- 0 (floor length 7)))',
  ])('%s', (text) => {
    expect(least(text)).toBeGreaterThanOrEqual(0n);
    expect(isNonNegative(build(read(text)))).toBe(true);
  });
});

describe('what can be below zero', () => {
  it.each([
    '-1',
    'value',
    '(- 0 length)',
    '(- length 1)',
    '(- height 2)',
    '(- (* height height) (* 2 height))',
    '(* value length)',
    '(* value height)',
    '(* value value value)',
    '(- (* value value) 1)',
    '(- 0 (* value value))',
    '(+ (* value value) (* 2 value))',
    '(- (floor height 2) 1)',
    '(floor value 2)',
    '(floor (- height 3) 2)',
    '(- (floor (* 3 height) 2) 2)',
    '(- (floor length height) 1)',
    '(floor value height)',
    '(floor length value)',
    '(- (floor height batch) 1)',
    '(- (max value 3) 4)',
    '(- (max value batch) 2)',
    '(max value -1)',
    '(+ (max value -2) 1)',
    '(- (max value length) 1)',
    '(- (min height 3) 2)',
    '(- (min height 3 batch) 2)',
    '(- (min batch (+ height 2)) 2)',
    '(floor (- 2 batch) height)',
    '(max (- 2 batch) -5)',
    '(floor (+ 3 (* (max value -1) height)) batch)',
    '(- 0 (floor height 2) (floor height 3) (floor height 5) (floor height 7) (floor height 8) (floor height 9) (floor height 11))',
    '(min value 3)',
    '(min value length)',
    '(min (- length 1) height)',
    '(- (min batch height) batch)',
    '(- batch (max batch height))',
    '(- (floor height 2) (floor height 3) 1)',
    '(- (* 2 (floor height 2)) height)',
    '(- (* 3 (floor height 3)) height -1)',
    '(- (* value height) (* value (floor height 2)))',
    // squares and bounds that hold on one side of zero only
    '(- (* value value) (* 2 value (floor value 2)))',
    '(- (* (max value -1) (max value -1)) (* 2 (max value -1) (floor (max value -1) 2)))',
    '(- height (* (floor height 2) (floor height 2)))',
    '(- (* value value length) (* 2 value length (floor value 2)))',
  ])('%s', (text) => {
    expect(least(text)).toBeLessThan(0n);
    expect(isNonNegative(build(read(text)))).toBe(false);
  });
});

it.each([
  ['height', '1', true],
  ['(+ length 1)', '1', true],
  ['length', '0', true],
  ['length', '1', false],
  ['(* 2 height)', '(+ height 1)', true],
  ['(* 2 height)', '(+ height 2)', false],
])('%s >= %s: %s', (left, right, holds) => {
  const [a, b] = [build(read(left)), build(read(right))];
  expect(least(`(- ${left} ${right})`) >= 0n).toBe(holds);
  expect(isAtLeast(a, b)).toBe(holds);
});

it.each([
  ['height', '0', true],
  ['0', 'height', true],
  ['height', '(+ height 1)', true],
  ['(- height 1)', 'height', true],
  ['(* 2 height)', 'height', true],
  ['height', '(* 2 height)', true],
  ['height', '1', false],
  ['1', 'height', false],
  ['length', '0', false],
  ['value', '(* 2 value)', false],
  ['height', 'batch', false],
])('%s differs from %s: %s', (left, right, always) => {
  const [a, b] = [read(left), read(right)];
  expect(GRID.every((sizes) => compute(a, sizes) !== compute(b, sizes))).toBe(always);
  expect(areDifferent(build(a), build(b))).toBe(always);
});

it('is positive from 1 on', () => {
  expect(['height', '(+ length 1)', '1'].map((t) => isPositive(build(read(t))))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['length', '(- height 1)', '0'].map((t) => isPositive(build(read(t))))).toEqual([
    false,
    false,
    false,
  ]);
});

describe('the largest and the smallest', () => {
  it.each([
    ['(max height batch)', 'max(batch,height)'],
    ['(max batch height)', 'max(batch,height)'],
    ['(max height height)', 'height'],
    ['(max height 1)', 'height'],
    ['(max 1 height)', 'height'],
    ['(min height 1)', '1'],
    ['(max length 1)', 'max(1,length)'],
    ['(max height batch 1)', 'max(batch,height)'],
    ['(max height (max batch length))', 'max(batch,height,length)'],
    ['(max (min height batch) length)', 'max(length,min(batch,height))'],
    ['(max (* 2 height) height batch)', 'max(batch,height*2)'],
    ['(min (* 2 height) height batch)', 'min(batch,height)'],
    ['(max 3 5)', '5'],
    ['(min 3 5)', '3'],
    ['(+ 1 (max height batch))', 'max(batch,height)+1'],
    ['(max (max 3 batch) 4)', 'max(4,batch)'],
  ])('%s is %s', (text, printed) => {
    expect(build(read(text)).toString()).toBe(printed);
  });
});

describe('what is too long', () => {
  const symbols = (n: number) => Array.from({ length: n }, (_, i) => symbol(`s${i}`));

  it('is not proved', () => {
    const many = maximum(sum(symbols(33)), symbol('t'));
    expect(isNonNegative(subtract(multiply(many, many), symbol('t')))).toBe(false);
    expect(isNonNegative(negate(product(symbols(11))))).toBe(false);
    expect(isNonNegative(subtract(product(symbols(10)), 1))).toBe(true);
  });

  it('is not compared, each with every other', () => {
    expect(maximum(...symbols(16)).key).toContain('s15');
    expect(() => maximum(...symbols(17))).toThrow('it is the max of 17 sizes');
    expect(() => minimum(...symbols(17))).toThrow('it is the min of 17 sizes');
  });
});

it('nothing is divided by zero', () => {
  expect(divideExactly(symbol('h'), 0)).toBeUndefined();
  expect(() => floorDivide(symbol('h'), 0)).toThrow('a size is divided by zero');
  expect(() => ceilDivide(symbol('h'), 0)).toThrow('a size is divided by zero');
});
