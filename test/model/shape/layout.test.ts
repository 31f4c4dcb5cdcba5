/** The same elements in another shape or order: against onnxruntime, elements of small tensors included. */
import { expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { casesOn, checkCase, checkRefusal, parse } from './cases.js';

const X = 'float[batch, 6, height, width] x';
const SIZES = [
  { batch: 1, height: 2, width: 3 },
  { batch: 3, height: 5, width: 1 },
] as const;
const CONSTANTS = `
  int64[3, 2] pairs = {1, 2, 3, 4, 5, 6}, int64[1, 3, 1] thin = {7, 8, 9}, int64[2, 2, 2] cube = {1, 2, 3, 4, 5, 6, 7, 8}, int64 scalar = {5},
  int64[1] rest = {-1}, int64[2] keep = {0, -1}, int64[3] three = {2, -1, 1}, int64[2] zeros = {0, 0}, int64[2] none = {0, 3}, int64[2] turned = {2, 3},
  int64[1] first = {0}, int64[1] last = {-1}, int64[2] both = {0, 2}, int64[2] ends = {0, -1}, int64[3] wide = {2, 3, 4}, int64[3] ones = {1, 1, 1},
  int64[1] one = {1}, int64[1] two = {2}, int64[4] each = {1, 2, 1, 3}, int64[2] twice = {2, 3}, int64[3] times = {2, 1, 3}, int64[4] far = {2, 6, 1, 1},
  int64[2] same2 = {0, 1}, int64[3] same3 = {0, 1, 2}, int64[2] fold = {-1, 6}, int64[1] i2 = {2}, int64[4] four = {0, 0, 0, -1}, int64[3] mixed = {3, 1, 2}`;

const { listed, refusal } = casesOn(X, CONSTANTS, SIZES);

it.each(
  [
    listed(
      'Reshape',
      [
        'Reshape (pairs, rest)',
        'Reshape (pairs, keep)',
        'Reshape (pairs, three)',
        'Reshape (pairs, zeros)',
        'Reshape (pairs, turned)',
        'Reshape (scalar, rest)',
        'Reshape <allowzero = 0> (pairs, zeros)',
        'Reshape <allowzero = 1> (pairs, turned)',
        'Reshape <allowzero = 1> (empty, none)',
        'Reshape (x, keep)',
        'Reshape (x, four)',
        'Reshape (x, fold)',
        'Reshape (x, bh)',
      ],
      {},
      'empty = ConstantOfShape (none)  s = Shape (x)  b = Slice (s, first, one)  h = Slice (s, two, i3)  bh = Concat <axis = 0> (b, h, rest)',
    ),
    listed(
      'Flatten',
      [0, 1, 2, 4, -1, -3, -4]
        .map((axis) => `Flatten <axis = ${axis}> (x)`)
        .concat('Flatten (pairs)', 'Flatten <axis = 0> (cube)'),
    ),
    listed('Transpose', [
      'Transpose (pairs)',
      'Transpose <perm = [1, 0]> (pairs)',
      'Transpose <perm = [0, 1]> (pairs)',
      'Transpose <perm = [2, 0, 1]> (cube)',
      'Transpose <perm = [1, 2, 0]> (thin)',
      'Transpose <perm = [0, 2, 3, 1]> (x)',
    ]),
    listed('Squeeze and Unsqueeze', [
      'Squeeze (thin)',
      'Squeeze (thin, first)',
      'Squeeze (thin, last)',
      'Squeeze (thin, both)',
      'Squeeze (pairs)',
      'Unsqueeze (scalar, first)',
      'Unsqueeze (pairs, first)',
      'Unsqueeze (pairs, last)',
      'Unsqueeze (pairs, ends)',
      'Unsqueeze (pairs, both)',
      'Unsqueeze (x, both)',
      'Unsqueeze (x, i2)',
    ]),
    listed(
      'Squeeze and Unsqueeze by attributes',
      [
        'Squeeze <axes = [0, -1]> (thin)',
        'Squeeze (thin)',
        'Unsqueeze <axes = [0, 2]> (pairs)',
        'Unsqueeze <axes = [1]> (x)',
      ],
      { opset: 11 },
    ),
    listed(
      'Expand',
      [
        'Expand (thin, wide)',
        'Expand (thin, ones)',
        'Expand (thin, last3)',
        'Expand (one, twice)',
        'Expand (scalar, turned)',
        'Expand (scalar, one)',
        'Expand (pairs, wide2)',
        'Expand (x, far)',
        'Expand (x, one)',
      ],
      {
        constants: `${CONSTANTS}, int64[1] last3 = {4}, int64[3] wide2 = {4, 1, 2}`,
        sizes: [
          { batch: 2, height: 3, width: 3 },
          { batch: 1, height: 3, width: 2 },
        ],
      },
    ),
    listed('Tile', [
      'Tile (pairs, twice)',
      'Tile (thin, times)',
      'Tile (one, two)',
      'Tile (x, each)',
      'Tile (pairs, none)',
    ]),
    listed(
      'DepthToSpace and SpaceToDepth',
      [
        'DepthToSpace <blocksize = 2> (y)',
        'DepthToSpace <blocksize = 2, mode = "CRD"> (y)',
        'SpaceToDepth <blocksize = 3> (z)',
        'SpaceToDepth <blocksize = 1> (y)',
      ],
      {
        inputs: 'float[batch, 8, height, width] y, float[batch, 2, 9, 6] z',
      },
    ),
  ].map((test) => ({
    ...test,
    constants: `${test.constants}, int64[1] i3 = {3}, int64[1] i9 = {9}`,
  })),
)('$name', checkCase);

const HIDDEN = `k = GatherElements (turned, same2)  k1 = GatherElements (two, first)  k3 = GatherElements (mixed, same3)`;

it.each(
  [
    listed(
      'to sizes that are not known',
      [
        'Reshape (pairs, k)',
        'Reshape (pairs, known)',
        'Reshape (pairs, left)',
        'Reshape (x, held)',
        'Reshape (x, more)',
        'Expand (one, k)',
        'Expand (thin, k3)',
        'Expand (pairs, k1)',
        'Expand (scalar, k)',
        'Tile (pairs, k)',
        'Tile (x, k4)',
      ],
      { open: true },
      `${HIDDEN}  six = GatherElements (list6, first)  known = Concat <axis = 0> (k1, i3)  left = Concat <axis = 0> (k1, rest)
     held = Concat <axis = 0> (six, rest)  kk = GatherElements (one, first)  k4 = Concat <axis = 0> (k, k)  more = Concat <axis = 0> (first, six, kk, rest)`,
    ),
    listed(
      'to a size that is all that is not known',
      [
        'Reshape (pairs, known)',
        'Reshape (x, held)',
        'Expand (first, s)',
        'Expand (s, one)',
        'Tile (s, two)',
      ],
      { data: true },
      `k1 = GatherElements (two, first)
     known = Concat <axis = 0> (k1, i3)  six = GatherElements (list6, first)  held = Concat <axis = 0> (first, six, hw)  s = Shape (x)`,
    ),
  ].map((test) => ({
    ...test,
    constants: `${CONSTANTS}, int64[1] i3 = {3}, int64[1] list6 = {6}, int64[2] hw = {0, 0}`,
  })),
)('$name', checkCase);

it('a target of which only the length is known makes as many sizes', () => {
  const model = parse({
    inputs: 'float[batch, 6] x, int64[2] k, int64[n] u, int64[300] v',
    body: 'y = Reshape (x, k)  z = Reshape (x, u)  w = Expand (x, v)  t = Tile (x, k)  e = Expand (x, k)',
    outputs: 'y, z, w, t, e',
  });
  const table = inferShapes(model);
  expect(model.graph.outputs.map((v) => table.shape(v)?.length)).toEqual([
    2,
    undefined,
    undefined,
    2,
    2,
  ]);
  const why = (name: string) => table.whyUnknown(model.graph.find(name)!);
  expect(why('z')).toContain('the elements of "u" are not known');
  expect(why('w')).toContain('rank 300');
});

it.each([
  refusal(
    'a copy of a size that is not there',
    'y = Reshape (one, zeros)',
    'it copies size 1 of a tensor of rank 1',
  ),
  refusal(
    'a perm that is too short',
    'y = Transpose <perm = [1, 0]> (cube)',
    'perm has 2 axes for rank 3',
  ),
  refusal(
    'a perm that names an axis twice',
    'y = Transpose <perm = [1, 1]> (pairs)',
    'leaves out an axis',
  ),
  refusal('Squeeze of an axis that is not there', 'y = Squeeze (thin, i3)', 'out of range', {
    constants: `${CONSTANTS}, int64[1] i3 = {3}`,
  }),
  refusal('Unsqueeze at an axis that will not be there', 'y = Unsqueeze (one, i2)', 'out of range'),
  refusal('Unsqueeze without axes', 'y = Unsqueeze (one)', 'axes are missing'),
  refusal('Expand to another size', 'y = Expand (pairs, wide)', 'do not broadcast'),
  refusal(
    'DepthToSpace of three axes',
    'y = DepthToSpace <blocksize = 2> (cube)',
    'no size number 3',
  ),
])('refuses $name', checkRefusal);

it('does not guess which axes a Squeeze drops', () => {
  const model = parse({
    inputs: 'float[batch, 1] x, int64[1] k',
    body: 'y = Squeeze (x)  z = Squeeze (x, k)',
    outputs: 'y, z',
  });
  const table = inferShapes(model);
  expect(model.graph.outputs.map((v) => table.whyUnknown(v))).toEqual([
    expect.stringContaining('some sizes are symbolic'),
    expect.stringContaining('the axes "k" are not known'),
  ]);
});
