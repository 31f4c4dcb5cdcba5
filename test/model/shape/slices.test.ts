/** Slices from everywhere to everywhere: shapes and elements against onnxruntime. */
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { casesOn, checkCase, checkRefusal, parse } from './cases.js';

const CONSTANTS = `
  int64[5] list = {10, 11, 12, 13, 14}, int64[3, 2] pairs = {1, 2, 3, 4, 5, 6}, int64[1] last = {-1}, int64[1] lastbut = {-2},
  int64[1] first = {0}, int64[1] one = {1}, int64[1] i2 = {2}, int64[1] i3 = {3}, int64[1] four = {4}, int64[2] ends = {0, -1},
  int64[2] minus = {-9, -9}, int64[2] three = {2, 3}, int64[2] two = {2, 2}, int64[2] both = {0, 1}, int64[2] turned = {-2, -1}`;

const { listed } = casesOn('float[batch, 6, height, width] x', CONSTANTS, [
  { batch: 1, height: 2, width: 3 },
  { batch: 3, height: 5, width: 1 },
]);

/** On either side of every end of an axis of five, and what exporters write for "to the end". */
const BOUNDS = [
  ...[-7, -5, -3, -1, 0, 2, 5, 6],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 63n - 1n, 1n - 2n ** 31n, 1n - 2n ** 63n],
];
const STEPS = [1, 2, 7, -1, -2, -7];
const named = (n: number | bigint) => String(n).replace('-', 'm');
const slices = (data: string) =>
  BOUNDS.flatMap((start, j) =>
    BOUNDS.map((end, i) => {
      const step = named(STEPS[(i + j) % STEPS.length]!);
      return `Slice (${data}, b${named(start)}, b${named(end)}, first, s${step})`;
    }),
  );
const bounds = [
  CONSTANTS,
  ...BOUNDS.map((n) => `int64[1] b${named(n)} = {${n}}`),
  ...STEPS.map((n) => `int64[1] s${named(n)} = {${n}}`),
].join();

const SHAPE =
  's = Shape (x)  h = Gather (s, i2)  w = Gather (s, i3)  minush = Neg (h)  diff = Sub (h, w)';

describe('Slice', () => {
  it.each([
    listed('of a list', slices('list'), { constants: bounds }),
    listed('of an axis of any size', slices('y'), {
      inputs: 'float[height, 2] y',
      constants: bounds,
      sizes: [1, 2, 6].map((height) => ({ height })),
    }),
    listed(
      'by attributes',
      [
        'Slice <starts = [1], ends = [3]> (list)',
        'Slice <starts = [0, -1], ends = [2, 9]> (pairs)',
        'Slice <starts = [-3], ends = [-1], axes = [-2]> (pairs)',
        'Slice <starts = [0, 0], ends = [2147483647, 1], axes = [2, 1]> (x)',
      ],
      { opset: 9 },
    ),
    listed(
      'of several axes, with and without a list of them',
      [
        'Slice (pairs, one, four)',
        'Slice (pairs, one, four, last)',
        'Slice (pairs, one, four, first)',
        'Slice (pairs, ends, three, both)',
        'Slice (pairs, both, three)',
        'Slice (pairs, ends, minus, both, turned)',
        'Slice (s, one, four)',
      ],
      {},
      SHAPE,
    ),
  ])('$name', checkCase);

  it.each([
    listed(
      'between sizes',
      [
        'Slice (list, first, h)',
        'Slice (x, first, h, lastbut)',
        'Slice (x, one, h, lastbut)',
        'Slice (x, minush, w, lastbut)',
        'Slice (x, first, minush, lastbut)',
        'Slice (x, h, w, last)',
        'Slice (x, h, first, lastbut, last)',
        'Slice (s, h, w)',
      ],
      { data: true },
      SHAPE,
    ),
    listed(
      'between bounds that are not known',
      [
        'Slice (list, k1, four)',
        'Slice (list, one, k1)',
        'Slice (list, one, four, first, k1)',
        'Slice (list, one, four, first, k2)',
        'Slice (x, first, k1, last)',
        'Slice (pairs, k, three, both)',
        'Slice (list, diff, four)',
        'Slice (x, diff, four, last)',
        'Slice (x, one, diff, last)',
        'Slice (x, four, diff, last, last)',
      ],
      {
        open: true,
        sizes: [
          { batch: 1, height: 2, width: 3 },
          { batch: 3, height: 5, width: 1 },
          { batch: 1, height: 6, width: 5 },
          { batch: 1, height: 3, width: 5 },
        ],
      },
      // elements that no rule follows, though they are those of a constant
      `${SHAPE}  k = GatherElements (two, both)  k1 = GatherElements (one, first)  k2 = GatherElements (i2, first)`,
    ),
  ])('$name', checkCase);

  it.each([
    ['fewer bounds than axes', 'Slice (pairs, both, one, both)', 'fewer than its axes'],
    ['fewer starts than axes', 'Slice (pairs, one, both, both)', 'fewer than its axes'],
    ['an axis that is not there', 'Slice (pairs, first, one, four)', 'out of range'],
  ])('refuses %s', (name, node, why) =>
    checkRefusal({ name, inputs: 'float[1] x', constants: CONSTANTS, body: `y = ${node}`, why }),
  );

  it('does not guess at axes that are not known', () =>
    checkCase(
      listed(
        '',
        ['Slice (pairs, first, one, k)'],
        { open: true },
        'k = GatherElements (one, first)',
      ),
    ));

  it('takes its bounds from inputs since opset 10', () =>
    checkCase(
      listed('', ['Slice (pairs, one, i2)', 'Slice (x, one, four, lastbut)'], {
        opset: 10,
        sizes: [{ batch: 1, height: 5, width: 2 }],
      }),
    ));

  it.each([
    ['1', 2n ** 31n - 1n, 'height-1'],
    ['1', 2n ** 31n, 'height-1'],
    ['1', 2n ** 63n - 1n, 'height-1'],
    [1n - 2n ** 31n, '1', '1'],
    [-(2n ** 31n), '1', '1'],
    ['0', 1n - 2n ** 31n, '0'],
    ['0', 1n - 2n ** 63n, '0'],
  ])('from %s to %s is %s', (start, end, size) => {
    const model = parse({
      inputs: 'float[height] x',
      constants: `int64[1] start = {${start}}, int64[1] end = {${end}}`,
      body: 'y = Slice (x, start, end)',
      outputs: 'y',
    });
    expect(inferShapes(model).shape(model.graph.outputs[0]!)?.join()).toBe(size);
  });
});
