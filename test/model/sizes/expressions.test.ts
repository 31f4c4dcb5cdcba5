/** Single sizes by hand: how they print, what they hold, and where they end. */
import { describe, expect, it } from 'vitest';
import {
  add,
  constant,
  type DimExpr,
  equal,
  hasFreshSymbol,
  isUnwieldy,
  madeUp,
  multiply,
  negate,
  product,
  subtract,
  sum,
  symbol,
  symbolsOf,
} from '../../../src/model/sizes/dim.js';
import { floorDivide } from '../../../src/model/sizes/divide.js';
import { evaluate, substitute } from '../../../src/model/sizes/substitute.js';
import { build, read } from './trees.js';

const sized = (text: string) => build(read(text));
const symbols = (n: number, prefix = 's') =>
  Array.from({ length: n }, (_, i) => symbol(`${prefix}${i}`));

describe('a size prints', () => {
  it.each([
    ['0', '0'],
    ['-3', '-3'],
    ['(- height height)', '0'],
    ['(- 0 height)', '-height'],
    ['(- 1 height)', '-height+1'],
    ['(- batch (* 2 height))', 'batch-height*2'],
    ['(+ height batch)', 'batch+height'],
    ['(+ 1 height (* batch height))', 'batch*height+height+1'],
    ['(+ (* height height) batch)', 'height*height+batch'],
    ['(* (+ batch height) (- batch height))', 'batch*batch-height*height'],
    ['(* 0 height)', '0'],
    ['(* height 1)', 'height'],
    ['(+ (floor height 2) 1)', 'floor(height/2)+1'],
    ['(floor (+ height 1) 3)', 'floor((height+1)/3)'],
    ['(floor 1 height)', 'floor(1/height)'],
    ['(floor height (+ batch 1))', 'floor(height/(batch+1))'],
    ['(floor (* batch height) (* length value))', 'floor((batch*height)/(length*value))'],
  ])('%s as %s', (text, printed) => {
    expect(sized(text).toString()).toBe(printed);
    expect(sized(text).key).toBe(printed);
  });

  it('a name that would read as something else in backticks, but where it stands alone', () => {
    for (const [name, key] of [
      ['input.1', 'input.1'],
      ['a:b', 'a:b'],
      ['_x', '_x'],
      ['1st', '`1st`'],
      ['a b', '`a b`'],
      ['a`b', '`a``b`'],
      ['', '``'],
      ['a+b', '`a+b`'],
      ['é', '`é`'],
    ] as const) {
      expect(symbol(name).toString()).toBe(name);
      expect(add(symbol(name), 1).toString()).toBe(`${key}+1`);
    }
  });
});

it('a number is told where it is one', () => {
  expect(['0', '-7', '(- height height)'].map((t) => sized(t).constant)).toEqual([0, -7, 0]);
  expect(['height', '(+ height 1)', '(- 1 height)'].map((t) => sized(t).constant)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(constant(2n ** 60n + 1n).exactConstant).toBe(2n ** 60n + 1n);
  expect(constant(4097).exactConstant).toBe(4097n);
  expect(constant(-2).exactConstant).toBe(-2n);
  expect(
    [sum([]), product([]), sum([1, 2n, symbol('h')]), product([2, symbol('h'), 3n])].map(String),
  ).toEqual(['0', '1', 'h+3', 'h*6']);
  expect(negate(subtract(symbol('h'), 2)).toString()).toBe('-h+2');
});

it('a name is told where it is nothing else', () => {
  expect(
    [
      'height',
      '(* 2 height)',
      '(- 0 height)',
      '(* height height)',
      '(+ height 1)',
      '(floor height 2)',
      '3',
    ].map((t) => sized(t).symbolName),
  ).toEqual(['height', undefined, undefined, undefined, undefined, undefined, undefined]);
});

it('sizes are equal where they are so for all sizes', () => {
  expect(equal(3, 3n)).toBe(true);
  expect(equal(sized('(* 2 (+ height 1))'), sized('(+ height height 2)'))).toBe(true);
  expect(equal(symbol('h'), 3)).toBe(false);
  expect(equal(symbol('h'), symbol('w'))).toBe(false);
});

it('symbols are found wherever they stand', () => {
  const all = (text: string) => [...symbolsOf(sized(text))].sort().join();
  expect(
    [
      '3',
      'height',
      '(* height batch)',
      '(floor height batch)',
      '(max (floor value 2) length)',
      '(+ height (min length batch))',
    ].map(all),
  ).toEqual(['', 'height', 'batch,height', 'batch,height', 'length,value', 'batch,height,length']);
  expect(
    [
      'height',
      '(floor height batch)',
      'length',
      '(+ height length)',
      '(floor height length)',
      '(floor length 2)',
      '(max value height)',
      '(* height (floor (max length height) 2))',
    ].map((t) => hasFreshSymbol(sized(t))),
  ).toEqual([false, false, true, true, true, true, true, true]);
});

describe('under sizes for its symbols', () => {
  const at = (entries: Record<string, number>) => new Map(Object.entries(entries));

  it.each([
    ['7', {}, 7],
    ['height', { height: 3 }, 3],
    ['height', { batch: 3 }, undefined],
    ['(* height batch)', { height: 3 }, undefined],
    ['(* height batch)', { height: 3, batch: 0 }, 0],
    ['(floor height batch)', { height: 7, batch: 2 }, 3],
    ['(floor height value)', { height: 7, value: -2 }, -4],
    ['(floor height batch)', { height: 7, batch: 0 }, undefined],
    ['(max height batch)', { height: 7, batch: 9 }, 9],
    ['(min height batch)', { height: 7, batch: 9 }, 7],
    ['(max height batch)', { height: 7 }, undefined],
  ])('%s at %j is %s', (text, sizes, value) => {
    expect(evaluate(sized(text), at(sizes as unknown as Record<string, number>))).toBe(value);
  });

  it('other sizes may stand in their place', () => {
    const put = (text: string, name: string, size: DimExpr | number) =>
      String(substitute(sized(text), new Map([[name, size]])));
    expect(put('(floor (+ height 1) 2)', 'height', multiply(symbol('w'), 2))).toBe('w');
    expect(put('(max height batch)', 'batch', 1)).toBe('height');
    expect(put('(min height batch)', 'batch', 1)).toBe('1');
    expect(put('(floor height batch)', 'batch', 0)).toBe('floor(height/batch)');
    expect(put('(* height (floor height batch))', 'batch', symbol('height'))).toBe('height');
    expect(put('(+ height 1)', 'width', 3)).toBe('height+1');
  });
});

describe('what is too long', () => {
  it('is no size', () => {
    expect(multiply(sum(symbols(32, 'a')), sum(symbols(32, 'b'))).terms).toHaveLength(1024);
    expect(() => multiply(sum(symbols(33, 'a')), sum(symbols(32, 'b')))).toThrow(
      'more than 1024 terms',
    );
    expect(evaluate(floorDivide(symbol('a'), symbol('b')), new Map([['a', 1]]))).toBeUndefined();
  });

  it.each([
    ['a sum', (n: number) => sum(symbols(n)), 256, 257],
    ['a product', (n: number) => product(symbols(n)), 511, 512],
    ['a number of many digits', (n: number) => constant(10n ** BigInt(n - 1)), 511, 512],
    ['a negative one', (n: number) => constant(-(10n ** BigInt(n - 2))), 511, 512],
    [
      'a quotient of sums',
      (n: number) => floorDivide(add(symbol('x'), 1), sum(symbols(n))),
      253,
      254,
    ],
  ])('%s is not followed on', (_, make, longest, tooLong) => {
    expect(isUnwieldy(make(longest))).toBe(false);
    expect(isUnwieldy(make(tooLong))).toBe(true);
  });

  it('numbers of 64 bits are not', () => {
    expect([2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n].map((n) => constant(n).weight)).toEqual([
      1, 1, 20,
    ]);
    expect(madeUp('x', 0n).weight).toBe(2);
  });
});

it('a size is not known where it is too long to put numbers into', () => {
  const long = (letter: string) => floorDivide(sum(symbols(33, letter)), symbol('k'));
  const value = multiply(long('s'), long('t'));
  expect(evaluate(value, new Map([['k', 1]]))).toBeUndefined();
  const all = ['s', 't'].flatMap((l) => symbols(33, l).map((s): [string, number] => [`${s}`, 2]));
  expect(evaluate(value, new Map([...all, ['k', 1]]))).toBe(66 * 66);
});

it('what else goes wrong while numbers are put in is told', () => {
  const bindings = {
    get: () => {
      throw new RangeError('of another kind');
    },
  };
  expect(() => evaluate(symbol('h'), bindings as never)).toThrow('of another kind');
});
