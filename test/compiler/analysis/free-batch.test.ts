/**
 * A region that was exported at four images is freed of that number: at two it gives half of what onnxruntime
 * gives for four before, and the targets of its Reshapes are those worked out by hand.
 */
import { describe, expect, it } from 'vitest';
import { type BatchAxes, freeBatch } from '../../../src/compiler/analysis/index.js';
import { constantTensor } from '../../../src/model/ir/constants.js';
import type { Model } from '../../../src/model/ir/model.js';
import { readNumbers } from '../../../src/model/ir/tensor.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { flow, isOfHalf, modelFor, openBatch, ROWS, run } from '../../helpers/halves.js';
import { named } from '../../helpers/text.js';

const free = (model: Model) => {
  const { shapes, region, axes } = flow(model);
  if ('reason' in axes) throw new Error(axes.reason);
  return freeBatch(region, axes, shapes);
};

const target = (numbers: readonly number[]) =>
  `int64[${numbers.length}] s = {${numbers.join(', ')}}`;
const RESHAPE = 'y = Reshape (x, s)';
const COUNTS = [1, 2, 3, 4, 6, 8].map((n) => `int64[1] k${n} = {${n}}`).join(', ');
/** A target that is put together from numbers and sizes of x, as exporters write it. */
const computed = (parts: string, attributes = '') => `sizes = Shape (x)
  a = Gather (sizes, k1)
  b = Gather (sizes, k2)
  a2 = Mul (a, k2)
  s = Concat <axis = 0> (${parts})
  y = Reshape ${attributes} (x, s)`;
const TURNED = 't = Transpose <perm = [1, 0, 2]> (x)';

/** Dimensions of x, the axis of y with the images, what is written, and the target behind. */
type Case = readonly [
  name: string,
  x: string,
  axis: number,
  constants: string,
  body: string,
  target: readonly number[] | 'as before' | 'computed',
];

const CASES: readonly Case[] = [
  ['written as a number', '4, 4, 6', 0, target([4, 24]), RESHAPE, [-1, 24]],
  ['folded into another axis', '4, 2, 5, 6', 0, target([8, 5, 6]), RESHAPE, [-1, 5, 6]],
  [
    'taken out again',
    '4, 2, 5, 6',
    0,
    `int64[3] f = {8, 5, 6}, ${target([4, 10, 6])}`,
    'h = Reshape (x, f)  y = Reshape (h, s)',
    [-1, 10, 6],
  ],
  ['beside a size that is inferred', '4, n, 6', 0, target([4, -1, 3]), RESHAPE, 'computed'],
  [
    'beside one that is inferred and known',
    '4, 2, 5, 6',
    0,
    target([8, -1, 6]),
    RESHAPE,
    [-1, 5, 6],
  ],
  ['beside one that is inferred and stays', '4, 6, n', 0, target([8, 3, -1]), RESHAPE, [-1, 3, 0]],
  ['beside a size of the input', '4, n, 6', 0, COUNTS, computed('k4, a, k6'), [-1, 0, 6]],
  [
    'where 0 is said to be a size',
    '4, n, 6',
    0,
    COUNTS,
    computed('k4, a, k6', '<allowzero = 1>'),
    [-1, 0, 6],
  ],
  ['beside a size that is computed', '4, n, 6', 0, COUNTS, computed('k4, a2, k3'), 'computed'],
  [
    'in front of a size that is computed',
    '4, 2, n, 6',
    0,
    COUNTS,
    computed('k8, b2, k3').replace('a2 =', 'b2 = Mul (b, k2)  a2 ='),
    'computed',
  ],
  ['behind an axis of 1', '4, n, 6', 1, COUNTS, computed('k1, k4, a, k6'), 'computed'],
  [
    'behind a size that the images have as well',
    '4, n, n',
    1,
    COUNTS,
    `${TURNED}  sizes = Shape (t)  n = Gather (sizes, k2)
      s = Concat <axis = 0> (n, k4, n)  y = Reshape (t, s)`,
    [0, -1, 0],
  ],
  [
    'as often as there are tokens',
    'n, n, 6',
    2,
    COUNTS,
    `${TURNED}  sizes = Shape (x)  m = Gather (sizes, k1)  n = Gather (sizes, zero)
      s = Concat <axis = 0> (k1, m, n, k6)  y = Reshape (t, s)`.replace('zero', 'k0'),
    'computed',
  ],
  ['of what is expanded', '4, 1, 6', 0, target([4, 2, 6]), 'y = Expand (x, s)', 'computed'],
  ['not told to an Expand', '4, 1, 6', 0, target([1, 2, 1]), 'y = Expand (x, s)', 'as before'],
  ['inferred already', '4, 4, 6', 0, target([-1, 24]), RESHAPE, 'as before'],
  ['copied already', '4, 4, 6', 0, target([0, 24]), RESHAPE, 'as before'],
  ['copied beside a size that is inferred', '4, n, 6', 0, target([0, -1]), RESHAPE, 'as before'],
  [
    'not in what is reshaped',
    '4, 4, 6',
    0,
    `${target([4, 6])}, float[24] c = {${Array(24).fill(2).join()}}`,
    'c1 = Reshape (c, s)  y = Mul (x, c1)',
    'as before',
  ],
  [
    'not in what is expanded',
    '4, 4, 6',
    0,
    `${target([4, 6])}, float[6] c = {1, 2, 3, 4, 5, 6}`,
    'c1 = Expand (c, s)  y = Mul (x, c1)',
    'as before',
  ],
];

describe('the number of images', () => {
  it.each(CASES)('%s', async (_, x, axis, constants, body, expected) => {
    const region = { x, constants: `${constants}, int64[1] k0 = {0}`, body };
    const sized = x.replace(/^n/, '4').replaceAll('n', '6');
    const full = (await run(modelFor({ ...region, x: sized }), ROWS))!;
    const model = modelFor(region);
    const node = [...model.graph.nodes]
      .filter(({ opType }) => /Reshape|Expand/.test(opType))
      .at(-1)!;
    const before = node.inputs[1];
    const edit = free(model);
    expect(edit).toBeTypeOf('function');
    expect(node.inputs[1]).toBe(before);
    (edit as () => void)();
    const after = node.inputs[1]!;
    if (expected === 'as before') expect(after).toBe(before);
    else {
      expect(after).not.toBe(before);
      const written = constantTensor(after);
      expect(written ? readNumbers(written) : 'computed').toEqual(expected);
    }
    openBatch(model, sized.split(', ').slice(1).map(Number));
    expect(await isOfHalf(model, full, axis)).toBe(true);
  });
});

it.each<[string, RegExp, string, string, string]>([
  [
    'where a Reshape infers another size',
    /infers another size than the batch/,
    '4, 2, n, 6',
    target([8, -1, 3]),
    RESHAPE,
  ],
  // a 0 in its place would copy the other four
  [
    'where another axis of as many moves into its place',
    /infers another size than the batch/,
    '4, 4, n, 6',
    target([1, 4, -1, 3]),
    RESHAPE,
  ],
])('is not freed of one %s', (_, reason, x, constants, body) => {
  expect(free(modelFor({ x, constants, body }))).toMatchObject({
    reason: expect.stringMatching(reason),
    node: named(modelFor({ x, constants, body }), 'y').producer!.label,
  });
});

it.each([
  ['read', 'y', ''],
  ['made', 'x', '4, 24'],
])('nor where the shape of what a Reshape %s is not known', (_, without, shape) => {
  const model = modelFor({ inputs: 'int64[r] s', body: RESHAPE });
  const value = named(model, without === 'x' ? 'x' : 'y');
  value.type = { kind: 'tensor', elem: 'float32' };
  if (shape) named(model, 'y').type = { kind: 'tensor', elem: 'float32', shape: [4, 24] };
  const axes: BatchAxes = new Map([
    [named(model, 'x'), 0],
    [named(model, 'y'), 0],
  ]);
  expect(freeBatch(new Set(model.graph.nodes), axes, inferShapes(model))).toMatchObject({
    reason: 'its shapes are not known',
  });
});
