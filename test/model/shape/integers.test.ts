/** Arithmetic on constants and on sizes, element by element, against onnxruntime: what is said of it must be so. */
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { type Case, checkCase, nodes, parse } from './cases.js';

const SIZES = [1, 2, 3, 4, 6, 9, 31].map((height, i) => ({ height, width: (i % 3) + 1 }));
const CONSTANTS = `
  int64[4] a = {7, -7, 0, 300}, int64[4] b = {2, 5, 3, 1}, int64[4] c = {-2, 5, -3, -1}, int64[4] e = {0, 1, 2, 4},
  int64[2, 2] t = {2, -5, 3, 4}, int64[2] rows = {0, 1}, int64[1] axis = {0}, int64 at = {0}, int64 at1 = {1},
  int64 zero = {0}, int64 one = {1}, int64 two = {2}, int64 three = {3}, int64 seven = {7}, int64 eight = {8}, int64 minus = {-2},
  int64 lo = {-3}, int64 hi = {5}, bool[4] p = {1, 0, 1, 0}, bool[4] q = {1, 1, 0, 0}, bool yes = {1},
  float half = {0.5}, float quarter = {0.25}, float f2 = {2.0}, float f3 = {3.0}, float f4 = {4.0}, float f7 = {7.0}, float tenth = {0.1},
  float less = {-0.75}, float[4] g = {1.5, 0.25, 0.0, 7.0}, float[2] h2 = {2.5, 3.0}`;

const listed = (name: string, lines: readonly string[], more: Partial<Case> = {}): Case => ({
  name,
  inputs: 'float[height, width] x',
  constants: CONSTANTS,
  ...nodes(
    lines,
    's = Shape (x)  h = Gather (s, at)  w = Gather (s, at1)  none = ConstantOfShape <value = int64[1] {0}> (axis)',
  ),
  sizes: SIZES,
  ...more,
});

const COMPARISONS = ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'];

describe('what is known, and so', () => {
  it.each([
    listed('of constants', [
      ...['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', ...COMPARISONS].map((op) => `${op} (a, c)`),
      ...['And', 'Or', 'Xor', 'Equal'].map((op) => `${op} (p, q)`),
      'Equal (a, a)',
      'Mod (a, b)',
      'Mod <fmod = 1> (b, b)',
      'Pow (c, e)',
      'Max (a, b, c)',
      'Min (b)',
      'Add (t, rows)',
      'Neg (a)',
      'Abs (b)',
      'Not (p)',
      'Where (p, a, c)',
      'Where (yes, a, zero)',
      'Clip (a, lo, hi)',
      'Clip (a, lo)',
      'Clip (a, "", hi)',
      'Clip (a, hi, lo)',
      'Clip (a)',
      'Cast <to = 9> (a)',
      'Cast <to = 9> (g)',
      'Cast <to = 7> (g)',
      'Cast <to = 6> (a)',
      'Cast <to = 3> (b)',
      'CastLike (g, zero)',
      'CastLike (a, yes)',
      'Identity (t)',
    ]),
    listed('of reductions', [
      ...['Sum', 'Prod', 'Max', 'Min'].flatMap((op) => {
        const axes = (list: string) => (op === 'Sum' ? `(t, ${list})` : '<axes = [0, 1]> (t)');
        return [
          `Reduce${op} (a)`,
          `Reduce${op} <keepdims = 0> (b)`,
          `Reduce${op} ${axes('rows')}`,
          `Reduce${op} <keepdims = 0> (zero)`,
        ];
      }),
      'ReduceSum <noop_with_empty_axes = 1> (t)',
      'ReduceSum <noop_with_empty_axes = 1> (t, none)',
      'ReduceSum (t, none)',
      'ReduceSum (s)',
      'ReduceProd (s)',
    ]),
    listed('of ranges', [
      'Range (zero, seven, two)',
      'Range (zero, eight, two)',
      'Range (seven, zero, minus)',
      'Range (eight, one, minus)',
      'Range (zero, zero, one)',
      'Range (seven, zero, one)',
      'Range (zero, seven, minus)',
    ]),
    listed('of sizes', [
      'Add (h, w)',
      'Sub (h, w)',
      'Mul (h, w)',
      'Div (h, w)',
      'Div (h, two)',
      'Mod (h, three)',
      'Mod <fmod = 1> (h, three)',
      'Mod (h, w)',
      'Pow (h, three)',
      'Pow (h, zero)',
      'Neg (h)',
      'Abs (h)',
      'Max (h, one)',
      'Min (h, w, two)',
      'Clip (h, two, seven)',
      'Greater (s, zero)',
      'Less (s, one)',
      'GreaterOrEqual (s, one)',
      'LessOrEqual (one, s)',
      'LessOrEqual (s, zero)',
      'Equal (s, zero)',
      'Equal (h, h)',
      'Cast <to = 9> (s)',
      'Cast <to = 6> (s)',
      'Size (x)',
      'Where (yes, h, w)',
    ]),
  ])('$name', checkCase);
});

/** Whole numbers that come out of arithmetic on a float: `Cast` truncates each. */
const truncated = (lines: readonly string[]) => lines.map((line) => `Cast <to = 7> (${line})`);

describe('what is said, if anything', () => {
  it.each([
    listed('of floats', [], {
      ...nodes(
        truncated(['m', 'd', 'l', 'u', 'j', 'k', 'g2', 'v', 'n', 'o']),
        `s = Shape (x)  h = Gather (s, at)  f = Cast <to = 1> (h)
         m = Mul (f, half)  d = Div (f, f4)  l = Floor (d)  u = Ceil (d)  j = Add (d, half)  k = Sub (f, quarter)
         g2 = Div (g, f2)  third = Div (f, f3)  v = Floor (third)  n = Ceil (third)  o = Mul (h2, m)`,
      ),
    }),
    listed('of square roots, which are rounded', [], {
      constants: `double[11] squares = {0, 1, 2, 24, 25, 26, 4194303, 1125899638407184, 1125899638407183, 4503599493152784, 4503599627370495},
        float[6] short = {15, 16, 17, 4190208, 4190209, 16777215}`,
      ...nodes(
        truncated(['r', 'r0', 'r1', 'q', 'q0', 'q1']),
        `r = Sqrt (squares)  r0 = Floor (r)  r1 = Ceil (r)  q = Sqrt (short)  q0 = Floor (q)  q1 = Ceil (q)`,
      ),
    }),
  ])('$name, exactly', checkCase);

  it.each([
    listed('of floats that are rounded', [], {
      ...nodes(
        truncated(['m', 'r', 'k', 'j', 'n', 'u', 'v', 'o', 'z']),
        `s = Shape (x)  h = Gather (s, at)  f = Cast <to = 1> (h)
         d = Div (f, f7)  m = Mul (d, f7)  r = Div (m, f3)  d2 = Add (d, d)  d4 = Add (d2, d2)  d6 = Add (d4, d2)
         k = Add (d6, d)  j = Sub (f, d)  n = Mul (f, tenth)  u = Floor (m)  v = Ceil (m)  o = Div (f, tenth)
         low = Mul (f, less)  z = Add (low, half)`,
      ),
      data: true,
    }),
    listed('of square roots', [], {
      ...nodes(
        truncated(['rd', 'rf', 'rh', 'rw', 'cw', 'rs', 'o', 'p2', 'p3']),
        `s = Shape (x)  n = ReduceProd <keepdims = 0> (s)  d = Cast <to = 11> (n)  f = Cast <to = 1> (n)
         rd = Sqrt (d)  rf = Sqrt (f)  rh = Sqrt (half)  rw = Sqrt (wide)  cw = Ceil (rw)  rs = Sqrt (single)
         r = Sqrt (f7)  o = Mul (r, r)  p2 = Mul (r, f2)  p3 = Add (r, half)`,
      ),
      constants: `${CONSTANTS}, double[3] wide = {4503599627370495, 1125899906842623, 9007199136250224}, float[2] single = {16777215, 4194303}`,
      data: true,
    }),
    listed('of signs', [], {
      ...nodes(
        [
          'Div (h, minus)',
          'Div (seven, less5)',
          'Div (less5, two)',
          'Div (two, less5)',
          'Mod (a, c)',
          'Mod <fmod = 1> (a, b)',
          'Mod <fmod = 1> (less5, two)',
          'Mod (less5, two)',
          'Mod (two, less5)',
          'Abs (a)',
          'Abs (less5)',
          'Where (m, h, w)',
          'Where (m, h, h)',
          'Equal (h, w)',
          'Greater (h, w)',
          'GreaterOrEqual (h, w)',
          'Not (m)',
          'And (m, yes)',
          'Or (yes, m)',
          'Xor (m, m)',
          'Pow (two, h)',
          'Pow (two, minus)',
          'Pow (two, half)',
          'Pow (two, seven)',
          'Cast <to = 9> (less)',
          'Cast <to = 9> (less5)',
          'Cast <to = 7> (less)',
          'Equal (g, half)',
        ],
        `s = Shape (x)  h = Gather (s, at)  w = Gather (s, at1)  m = Equal (h, w)
           low = Sub (h, seven)  twice = Mul (low, two)  less5 = Add (twice, one)`,
      ),
      data: true,
    }),
  ])('$name, is so', checkCase);

  it('beside the limits of the types', () =>
    checkCase({
      name: '',
      inputs: 'float[height] x',
      constants: `
        int64[5] big = {9007199254740993, 9007199254740992, 3000000001, -3000000001, -9007199254740993}, int64 thousand = {1000},
        int64[5] small = {127, 128, 255, 256, -1}, int64 e0 = {0}, int64 e1 = {1}, int64 e2 = {2}, int64 e3 = {3}, int64 e4 = {4},
        int64 wide = {55001}, int64 from = {9007199254740993}, int64 to = {9007199254740999}, int64 down = {-2},
        int64[2] pair = {9007199254740993, 2}, int64[2] factors = {2000000001, 2000000001}, int64[1] alone = {9007199254740993},
        int64[2] most = {9223372036854775807, 1}, int64[2] least = {-9223372036854775807, -2},
        int32[2] i32 = {2147483647, -2147483648}, int32 i1 = {1}, float[2] f24 = {16777216.0, 1.0}, float f1 = {1.0}, int64[2] odd = {16777217, -16777217}`,
      ...nodes(
        [
          ...[1, 2, 3, 5, 6, 7, 9, 10, 11].map((type) => `Cast <to = ${type}> (big)`),
          ...[2, 3, 5, 6, 9].map((type) => `Cast <to = ${type}> (small)`),
          ...[0, 1, 2, 3, 4].map((n) => `Pow (big, e${n})`),
          ...[2, 3, 4].map((n) => `Pow (wide, e${n})`),
          ...['Add', 'Sub', 'Mul'].flatMap((op) => [
            `${op} (most, e1)`,
            `${op} (least, e3)`,
            `${op} (i32, i1)`,
          ]),
          ...['Sum', 'Prod', 'Max', 'Min'].flatMap((op) =>
            ['pair', 'factors', 'alone', 'most', 'i32'].map((list) => `Reduce${op} (${list})`),
          ),
          'Mod (big, thousand)',
          'Mod <fmod = 1> (big, thousand)',
          'Div (big, thousand)',
          'Div (big, e2)',
          'Div (least, down)',
          'Neg (most)',
          'Neg (i32)',
          'Mul (i32, i32)',
          'Range (from, to, e2)',
          'Range (to, from, down)',
          'Greater (big, from)',
          'Equal (big, from)',
          'Max (big, from)',
          'Clip (big, from)',
          'Cast <to = 7> (sum)',
          'Cast <to = 7> (fs)',
          'Cast <to = 7> (h16)',
          'Cast <to = 7> (odd32)',
        ],
        'sum = Add (f24, f1)  fs = ReduceSum (f24)  half = Cast <to = 10> (small)  h16 = Add (half, half)  odd32 = Cast <to = 1> (odd)',
      ),
      outputs: 'y0',
      sizes: [{ height: 1 }],
      open: true,
    }));

  it('of many inputs of one operator, and of none', () => {
    const model = parse({ inputs: 'float[2] x', body: 'y = Add (x)  z = Max ()', outputs: 'y, z' });
    const table = inferShapes(model);
    expect(model.graph.outputs.map((v) => table.whyUnknown(v))).toEqual([
      expect.stringContaining('it needs 2 inputs'),
      expect.stringContaining('it has no inputs'),
    ]);
  });
});
