/**
 * Lists of which some elements are known, fractions, and numbers that the engine rounds: what is said of each
 * element must be what onnxruntime makes of it, and what does not depend on an unknown one must be said.
 */
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { type Case, checkCase, nodes, parse } from './cases.js';

const SIZES = [
  { height: 1, width: 1 },
  { height: 4, width: 3 },
  { height: 300, width: 2 },
];
const CONSTANTS = `
  int64 at = {0}, int64 at1 = {1}, int64 one = {1}, int64 two = {2}, int64 seven = {7}, int64[2] same = {0, 1}, int64[1] first = {0}, int64[3] a = {7, -7, 0},
  int64[3] c = {-2, 5, -3}, int64[3] b = {2, 5, 3}, bool[2] yes = {1, 1}, bool[2] no = {0, 0}, float half = {0.5}, float f2 = {2.0}, float fm2 = {-2.0},
  float f3 = {3.0}, float odd = {2.5}, float big = {5767888.0}, float p363 = {363.0}, float add = {985.5}, float big2 = {3223490.0}, float p73 = {73.0},
  float f5 = {5.0}, float n = {16820.0}, float f757 = {757.0}, int64[2] edge = {2147483647, -2147483648}, int64[2] edge24 = {16777216, -16777216},
  int64[2] edge53 = {9007199254740992, -9007199254740992}, int64[2] edge63 = {9223372036854775807, -9223372036854775808}, int64[2] lo2 = {-5, 3}`;

const listed = (
  name: string,
  lines: readonly string[],
  first: string,
  more: Partial<Case> = {},
): Case => ({
  name,
  inputs: 'float[height, width] x',
  constants: CONSTANTS,
  ...nodes(lines, first),
  sizes: SIZES,
  ...more,
});
const cast = (lines: readonly string[]) => lines.map((line) => `Cast <to = 7> (${line})`);

/** m: whether two sizes are equal, which is not known, and whether a size equals itself. */
const SOME = `s = Shape (x)  h = Gather (s, at)  w = Gather (s, at1)  h1 = Slice (s, first, one1)  w1 = Slice (s, one1, two1)
  ww = Concat <axis = 0> (w1, w1)  m = Equal (s, ww)  f = Cast <to = 1> (h)  k = GatherElements (same, same)  lo = Gather (k, at1)`;

describe('of lists that are known in part', () => {
  it.each([
    listed(
      'every element said is so',
      [
        'And (m, yes)',
        'And (no, m)',
        'Or (m, no)',
        'Or (yes, m)',
        'Xor (m, yes)',
        'Xor (yes, m)',
        'Not (m)',
        'Where (m, s, ww)',
        'Where (m, s, s)',
        'Cast <to = 7> (m)',
        'Cast <to = 2> (s)',
        'Cast <to = 3> (s)',
        'Clip (s, lo)',
        'Clip (s, "", lo)',
        'Clip (s, lo, seven)',
        'Clip (s, two, lo)',
        'Div (s, ww)',
        'Add (s, k)',
        'Mod (a, c)',
        'Mod <fmod = 1> (a, c)',
        'Mod <fmod = 1> (b, c)',
      ],
      SOME,
      { data: true, constants: `${CONSTANTS}, int64[1] one1 = {1}, int64[1] two1 = {2}` },
    ),
  ])('$name', checkCase);

  it('what does not depend on an unknown element is known', () => {
    const model = parse({
      inputs: 'float[height, width] x',
      constants: `${CONSTANTS}, int64[1] one1 = {1}, int64[1] two1 = {2}`,
      body: `${SOME}  y0 = Gather (m, at1)  not = Not (m)  y1 = Gather (not, at1)  pick = Where (m, s, ww)  y2 = Gather (pick, at1)`,
      outputs: 'y0, y1, y2',
    });
    const table = inferShapes(model);
    expect(model.graph.outputs.map((v) => String(table.contents(v)))).toEqual(['1', '0', 'width']);
  });
});

const SCALED = `s = Shape (x)  h = Gather (s, at)  f = Cast <to = 1> (h)  m = Mul (f, half)  d = Mul (m, f2)`;

describe('fractions', () => {
  it.each([
    listed(
      'are known',
      [
        'Equal (d, f)',
        'GreaterOrEqual (d, f)',
        'Less (d, f)',
        ...cast(['n1', 'n2', 'n3', 'n4', 'd', 'p']),
        'Cast <to = 6> (edge)',
        'Neg (edge24)',
        ...cast(['e24', 'e53', 'e32']),
        'Identity (edge63)',
      ],
      `${SCALED}  n1 = Max (d, f)  n2 = Mul (odd, f2)  n3 = Add (odd, odd)  n4 = Sub (odd, half)  p = Pow (f, f2)
       e24 = Cast <to = 1> (edge24)  e53 = Cast <to = 11> (edge53)  e32 = Cast <to = 6> (edge)`,
      { sizes: SIZES.slice(0, 2) },
    ),
    listed(
      'of which something is said are so',
      [
        'Equal (m, f)',
        'Equal (f, m)',
        'Greater (f, m)',
        'LessOrEqual (f, m)',
        'Less (m, half)',
        ...cast([
          'n1',
          'n2',
          'n3',
          'n4',
          'n5',
          'n6',
          'n7',
          'n8',
          'n9',
          'n10',
          'n11',
          'n12',
          'n13',
          'n14',
        ]),
      ],
      `${SCALED}  n1 = Min (m, f)  n2 = Max (m, half)  n3 = Pow (half, f2)  n4 = Pow (f2, half)  n5 = Div (f, fm2)  n6 = Mod <fmod = 1> (odd, f2)
       n7 = Mod <fmod = 1> (m, f2)  n8 = Clip (m, f2)  n9 = Clip (f, odd)  n10 = Clip (f, "", half)  n11 = Abs (m)  n12 = Neg (odd)  n13 = Div (f, f)  n14 = Pow (m, f2)`,
      { data: true, sizes: [...SIZES, { height: 3, width: 1 }, { height: 7, width: 1 }] },
    ),
    listed('that are rounded twice are not said to be whole', [], '', {
      ...nodes(
        cast(['sum', 'sum2', 'product', 'product2', 'quotient', 'difference']),
        `q = Div (big, p363)  sum = Add (q, add)  sum2 = Add (add, q)  r = Div (big2, p73)  product = Mul (r, f5)  product2 = Mul (f5, r)
           t = Div (f3, f757)  quotient = Div (n, t)  difference = Sub (q, minus)`,
      ),
      constants: `${CONSTANTS}, float minus = {-985.5}`,
      data: true,
      sizes: SIZES.slice(0, 1),
    }),
    listed(
      'of opset 10, where the bounds of Clip are attributes',
      cast(['c1', 'c2']),
      `${SCALED}  c1 = Clip <min = 3.0> (f)  c2 = Clip <max = 2.0> (d)`,
      {
        opset: 10,
        data: true,
        sizes: SIZES.slice(0, 2),
      },
    ),
    listed(
      'of opset 11, where they are inputs',
      cast(['c1', 'c2']),
      `${SCALED}  c1 = Clip (f, f3)  c2 = Clip (d, "", f2)`,
      {
        opset: 11,
        sizes: SIZES.slice(0, 2),
      },
    ),
  ])('$name', checkCase);
});

it('neither a division by zero nor elements of a size that is open stop inference', () => {
  const model = parse({
    inputs: 'int64[n] k, float[2] f',
    constants: 'int64 zero = {0}, int64 one = {1}, float f0 = {0.0}, float f1 = {1.0}',
    body: 'y0 = Div (one, zero)  y1 = Mod (one, zero)  q = Div (f1, f0)  y2 = Cast <to = 7> (q)  y3 = Add (k, k)  y4 = Div (k, zero)',
    outputs: 'y0, y1, y2, y3, y4',
  });
  const table = inferShapes(model, { contents: { k: [1, 2] } });
  const said = model.graph.outputs.map((v) => table.contents(v)?.map((e) => e.constant));
  expect(said.every((elements) => elements?.every((e) => e === undefined) ?? true)).toBe(true);
});

it('of more than 256 elements none is followed', () => {
  const column = (n: number) => `{${Array.from({ length: n }, (_, i) => i)}}`;
  const model = parse({
    inputs: 'float[2] x',
    constants: `int64[16, 1] c16 = ${column(16)}, int64[16] r16 = ${column(16)}, int64[17] r17 = ${column(17)}`,
    body: 'y0 = Add (c16, r16)  y1 = Add (c16, r17)',
    outputs: 'y0, y1',
  });
  const table = inferShapes(model);
  expect(model.graph.outputs.map((v) => table.contents(v)?.length)).toEqual([256, undefined]);
});
