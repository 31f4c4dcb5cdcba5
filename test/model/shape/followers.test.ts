/** Sizes that follow from others: solved by hand, and put in where they were not asked for. */
import { describe, expect, it } from 'vitest';
import { inputSymbols } from '../../../src/model/shape/fix.js';
import { findFollowers, inferShapes, withFollowers } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';

const followersOf = (inputs: string, body: string, order?: string[]) => {
  const model = modelOf(`g (${inputs}) => (y) { ${body} }`);
  const found = findFollowers(inferShapes(model), order ?? inputSymbols(model));
  return [...found].map(([symbol, size]) => `${symbol} = ${size}`);
};

describe('a size follows', () => {
  it.each([
    ['from what it is added to', 'float[a] x, float[b] z', 'y = Add (x, z)', ['b = a']],
    [
      'from what it must be equal to',
      'float[n, a] x, float[b, m] z',
      'y = MatMul (x, z)',
      ['b = a'],
    ],
    [
      'through others',
      'float[a] x, float[b] z, float[c] u',
      'v = Add (z, u)  y = Add (x, v)',
      ['b = a', 'c = a'],
    ],
    [
      'as a multiple',
      'float[a] x, float[b] z',
      'd = Concat <axis = 0> (x, x)  y = Add (d, z)',
      ['b = a*2'],
    ],
    [
      'not as half, which may be no size',
      'float[a] x, float[b] z',
      'd = Concat <axis = 0> (z, z)  y = Add (d, x)',
      [],
    ],
    [
      'divided, where it divides',
      'float[a] x, float[b] z',
      'd = Concat <axis = 0> (z, z)  e = Concat <axis = 0> (x, x, x, x)  y = Add (d, e)',
      ['b = a*2'],
    ],
    [
      'from what a Reshape leaves over, and is joined to',
      'float[n, 4] x, float[m, 6] z, float[10, 2] w',
      `f = Constant <value = int64[1] {-1}> ()  r = Reshape (z, f)
       s = Shape (x)  o = Constant <value = int64[1] {0}> ()  rows = Gather <axis = 0> (s, o)
       t = Concat <axis = 0> (rows, f)  u = Reshape (r, t)  v = Concat <axis = 1> (x, u)  y = MatMul (v, w)`,
      ['m = n'],
    ],
    ['from a number', 'float[4] x, float[b] z', 'y = Add (x, z)', ['b = 4']],
    [
      'from none of a sum',
      'float[a] x, float[b] z, float[c] u',
      'd = Concat <axis = 0> (z, u)  y = Add (d, x)',
      [],
    ],
    [
      'from none of a product',
      'float[a] x, float[b, c] z, int64[1] k',
      'r = Reshape (z, k)  y = Add (r, x)',
      [],
    ],
    [
      'as one number and not as another',
      'float[4] x, float[b] z, float[1, 5] u',
      's = Add (x, z)  t = Mul (u, z)  y = MatMul (s, t)',
      ['b = 1'],
    ],
    [
      'as what an operator requires before what is broadcast',
      'float[2, 4] x, float[b, 3] z, float[1, 5] u, float[b] v',
      't = Add (u, v)  w = MatMul (x, z)  y = Add (w, t)',
      ['b = 4'],
    ],
    ['from nothing where nothing joins them', 'float[a] x, float[b] z', 'y = Neg (x)', []],
  ])('%s', (_, inputs, body, expected) => {
    expect(followersOf(inputs, body)).toEqual(expected);
  });

  it('from the one that stands first', () => {
    expect(followersOf('float[a] x, float[b] z', 'y = Add (x, z)', ['b', 'a'])).toEqual(['a = b']);
    expect(followersOf('float[a] x, float[b] z', 'y = Add (x, z)', ['b'])).toEqual([]);
  });
});

describe('the sizes with those that follow', () => {
  const model = () =>
    modelOf(
      'g (float[a] x, float[b] z, float[c] u) => (y, w) { y = Add (x, z)  d = Concat <axis = 0> (x, x)  w = Add (d, u) }',
    );
  const sizes = (given: Record<string, number>, asked: string[]) => {
    const m = model();
    const followers = findFollowers(inferShapes(m), inputSymbols(m));
    return Object.fromEntries(
      withFollowers(new Map(Object.entries(given)), followers, new Set(asked)),
    );
  };

  it.each([
    [{ a: 3, b: 7, c: 9 }, [], { a: 3, b: 3, c: 6 }],
    [{ a: 3, b: 7, c: 9 }, ['a'], { a: 3, b: 3, c: 6 }],
    // the leader takes the size of the one that was asked for
    [{ a: 3, b: 7, c: 9 }, ['b'], { a: 7, b: 7, c: 14 }],
    [{ a: 3, b: 7, c: 9 }, ['a', 'b'], { a: 3, b: 7, c: 6 }],
    [{ a: 3, b: 7, c: 9 }, ['c'], { a: 3, b: 3, c: 9 }],
    [{ b: 7, c: 9 }, [], { b: 7, c: 9 }],
    [{ a: 0, b: 7, c: 9 }, [], { a: 0, b: 7, c: 9 }],
    [{ a: 1, b: 7, c: 9 }, [], { a: 1, b: 1, c: 2 }],
  ])('of %j, asked for %j, are %j', (given, asked, expected) => {
    expect(sizes(given as unknown as Record<string, number>, asked)).toEqual(expected);
  });

  it('are those alone where none follows', () => {
    expect([...withFollowers(new Map([['a', 2]]), undefined, new Set(['a']))]).toEqual([['a', 2]]);
  });
});
