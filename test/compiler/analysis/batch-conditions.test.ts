/**
 * Each condition under which an operator keeps images apart, met and then broken. What is followed is run
 * at half of the images; of what is refused, the reason says which condition it was.
 */
import { describe, expect, it } from 'vitest';
import { followBatch } from '../../../src/compiler/analysis/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { flow, isOfHalf, modelFor, type Region, ROWS, run } from '../../helpers/halves.js';
import { named } from '../../helpers/text.js';

const constant = (name: string, dims: readonly number[], type = 'float') => {
  const count = dims.reduce((a, b) => a * b, 1);
  const numbers = Array.from({ length: count }, (_, i) => (type === 'float' ? (i % 7) - 3 : 1));
  return `${type}[${dims}] ${name} = {${numbers.join()}}`;
};

const turned = (body: string) => `t = Transpose <perm = [1, 0, 2]> (x)  ${body}`;
const microsoft = (inputs: string, outputs = 'y') =>
  `${outputs} = com.microsoft.MultiHeadAttention <num_heads = 2> (${inputs})`;
const standard = (inputs: string) =>
  `y = Attention <q_num_heads = 2, kv_num_heads = 2> (${inputs})`;
const projecting = (inputs: string) => `y = com.microsoft.Attention <num_heads = 2> (${inputs})`;
const PROJECTION = `${constant('w', [6, 18])}, ${constant('b', [18])}`;

/** Where the batch ends up, or why nobody can say. */
type Case = readonly [name: string, expected: number | RegExp, region: Region];

const EACH = /may have a value for each image/;

/** Three tokens of six channels. */
const ATTENTION: readonly Case[] = [
  ['of q, k and v', 0, { body: microsoft('x, x, x') }],
  ['whose keys are given out', 0, { body: microsoft('x, x, x, , , , , ', 'y, keys, values') }],
  ['with a bias', 0, { body: microsoft('x, x, x, m'), constants: constant('m', [18]) }],
  [
    'with a mask for all',
    0,
    { body: microsoft('x, x, x, , , m'), constants: constant('m', [1, 1, 3, 3]) },
  ],
  [
    'with a mask for each',
    EACH,
    { body: microsoft('x, x, x, , , m'), constants: constant('m', [4, 1, 3, 3]) },
  ],
  [
    'with a mask of no known shape',
    EACH,
    { body: microsoft('x, x, x, , , m'), inputs: 'float[] m' },
  ],
  [
    'with padding',
    EACH,
    { body: microsoft('x, x, x, , m'), constants: constant('m', [4, 3], 'int32') },
  ],
  [
    'with lengths',
    EACH,
    { body: microsoft('x, x, x, , m'), constants: constant('m', [1], 'int32') },
  ],
  [
    'to keys that are the same for all',
    /not all of its operands carry/,
    { body: microsoft('x, c, c'), constants: constant('c', [4, 3, 6]) },
  ],
  [
    'whose v is turned',
    /not lie on its first axis/,
    { body: turned(microsoft('x, x, t')), x: 'batch, 4, 6' },
  ],
  [
    'whose q is turned',
    /not lie on its first axis/,
    { body: turned(microsoft('t, x, x')), x: 'batch, 4, 6' },
  ],
  ['of opset 23', 0, { body: standard('x, x, x'), opset: 23 }],
  [
    'of opset 23 with a mask of two axes',
    0,
    { body: standard('x, x, x, m'), opset: 23, constants: constant('m', [3, 3]) },
  ],
  [
    'of opset 23 with a mask of three axes',
    0,
    { body: standard('x, x, x, m'), opset: 23, constants: constant('m', [2, 3, 3]) },
  ],
  [
    'of opset 23 with a mask for all',
    0,
    { body: standard('x, x, x, m'), opset: 23, constants: constant('m', [1, 2, 3, 3]) },
  ],
  [
    'of opset 23 with a mask for each',
    EACH,
    { body: standard('x, x, x, m'), opset: 23, constants: constant('m', [4, 1, 3, 3]) },
  ],
  [
    'of opset 23 with keys that were kept',
    EACH,
    { body: standard('x, x, x, , p, p'), opset: 23, constants: constant('p', [4, 2, 1, 3]) },
  ],
  ['that projects', 0, { body: projecting('x, w, b'), constants: PROJECTION }],
  [
    'that projects, with a mask for all',
    0,
    {
      body: projecting('x, w, b, , , m'),
      constants: `${PROJECTION}, ${constant('m', [1, 2, 3, 3])}`,
    },
  ],
  [
    'that projects, with a mask for each',
    EACH,
    {
      body: projecting('x, w, b, , , m'),
      constants: `${PROJECTION}, ${constant('m', [4, 2, 3, 3])}`,
    },
  ],
  [
    'that projects, with lengths',
    EACH,
    { body: projecting('x, w, b, m'), constants: `${PROJECTION}, ${constant('m', [4], 'int32')}` },
  ],
];

const OTHERS: readonly Case[] = [
  ['the largest of neighbours', 0, { body: 'y = MaxPool <kernel_shape = [2]> (x)' }],
  [
    'places of the largest',
    /of all images together/,
    { body: 'm, y = MaxPool <kernel_shape = [2]> (x)' },
  ],
  ['an activation of com.microsoft', 0, { body: 'y = com.microsoft.Gelu (x)' }],
  [
    'a bound that is left out',
    0,
    { body: 'y = Clip (x, , high)', constants: 'float high = {0.5}' },
  ],
  [
    'Expand that changes nothing, the images behind',
    2,
    {
      body: 't = Transpose <perm = [1, 2, 0]> (x)  y = Expand (t, s)',
      constants: 'int64[3] s = {1, 1, 1}',
    },
  ],
  ['Flatten of images that come second', /folds other axes/, { body: turned('y = Flatten (t)') }],
  ['Split without an axis', 1, { body: turned('y, z = Split <num_outputs = 2> (t)') }],
  [
    'Split by sizes',
    0,
    { body: 'y, z = Split <axis = 1> (x, s)', constants: 'int64[2] s = {1, 3}' },
  ],
  [
    'Concat without an axis',
    /axis that it works along is not known/,
    { body: 'y = Concat (x, x)' },
  ],
  [
    'Concat of images on two axes',
    /different axes/,
    { body: turned('y = Concat <axis = 2> (x, t)'), x: '4, 4, 6' },
  ],
  [
    'a Slice of the images and more',
    /works along the batch/,
    {
      body: 'y = Slice (x, from, to, axes)',
      constants: 'int64[2] from = {0, 1}, int64[2] to = {2, 3}, int64[2] axes = {1, 0}',
    },
  ],
  [
    'LogSoftmax of old, without an axis',
    /works across/,
    { body: turned('y = LogSoftmax (t)'), opset: 12 },
  ],
  [
    'Softmax of old over one axis',
    /works across/,
    { body: 'y = Softmax (x)', opset: 12, x: 'batch' },
  ],
  [
    'a norm without an axis',
    1,
    { body: turned('y = LayerNormalization (t, s)'), constants: constant('s', [6]) },
  ],
  [
    'Gemm of columns',
    /not the rows/,
    { body: 't = Transpose (x)  y = Gemm (t, w)', x: 'batch, 3', constants: constant('w', [4, 2]) },
  ],
  [
    'Gemm that adds images to what is no image',
    /not the rows/,
    {
      body: 'y = Gemm (c, w, x)',
      x: 'batch, 2',
      constants: `${constant('c', [4, 3])}, ${constant('w', [3, 2])}`,
    },
  ],
  [
    'Gemm that adds a number of each image to the columns',
    /bias does not follow/,
    {
      body: 'm = ReduceMax <keepdims = 0> (x, last)  y = Gemm (x, w, m)',
      x: 'batch, 3',
      constants: `${constant('w', [3, 4])}, int64[1] last = {1}`,
    },
  ],
  [
    'Gemm with one row that is added',
    0,
    {
      body: 'y = Gemm (x, w, b)',
      x: 'batch, 3',
      constants: `${constant('w', [3, 2])}, ${constant('b', [1, 2])}`,
    },
  ],
  [
    'a product with a vector',
    /is a vector/,
    { body: 'y = MatMul (x, v)', x: 'batch, 3', constants: constant('v', [3]) },
  ],
  [
    'a product of columns',
    /sums over the batch/,
    {
      body: 't = Transpose (x)  y = MatMul (t, w)',
      x: 'batch, 3',
      constants: constant('w', [4, 2]),
    },
  ],
  [
    'a product from the left',
    /sums over the batch/,
    { body: 'y = MatMul (w, x)', x: 'batch, 3', constants: constant('w', [2, 4]) },
  ],
  [
    'Einsum of a diagonal, with what has none',
    /pairs images/,
    {
      body: 'y = Einsum <equation = "aab,b->ab"> (x, c)',
      x: '4, 4, 6',
      constants: constant('c', [6]),
    },
  ],
  // three rows of two images each
  [
    'a Reshape of pairs of images',
    /takes the batch apart/,
    { body: 'y = Reshape (x, s)', x: '6, 4', constants: 'int64[2] s = {3, 8}' },
  ],
  [
    'a Reshape to another multiple',
    0,
    {
      body: 'a = Reshape (x, s)  y = Reshape (a, r)',
      x: 'batch, 6, 4',
      constants: 'int64[2] s = {-1, 12}, int64[2] r = {-1, 8}',
    },
  ],
];

const PLACES = 'int64[3,1] i = {0, 2, 4}, int64[3] j = {1, 3, 5}, float zero = {0}';

/** An assignment to channels, which stand in front of the batch (PyTorch's second exporter). */
const infront = (data: string, more = '') =>
  `t = Transpose <perm = [2, 1, 0]> (x)  sizes = Shape (t)  ${data}
  u = Gather <axis = 0> (t, j)  w = ScatterND ${more} (z, i, u)  y = Transpose <perm = [2, 1, 0]> (w)`;

const COUNTED = `int64 k0 = {0}, int64 k1 = {1}, int64[1] last = {-1}, int64[3] column = {-1, 1, 1},
  int64[4,1] rows = {0, 1, 2, 3}, int64[3] channels = {0, 2, 4}, int64[3] others = {1, 3, 5}`;

/** The same with a place for every number, that of the image first (PyTorch's first exporter). */
const placed = (start: string, order: string) =>
  `sizes = Shape (x)  count = Gather (sizes, k0)  n = Range (${start}, count, k1)  c = Reshape (n, column)
  u = Gather <axis = 2> (x, others)  e = Shape (u)  z = ConstantOfShape (sizes)
  b0 = Expand (c, e)  b1 = Expand (rows, e)  b2 = Expand (channels, e)
  i0 = Unsqueeze (b0, last)  i1 = Unsqueeze (b1, last)  i2 = Unsqueeze (b2, last)
  i = Concat <axis = -1> (${order})  y = ScatterND (z, i, u)`;

const WRITTEN: readonly Case[] = [
  ['a Tile of tokens', 0, { body: 'y = Tile (x, s)', constants: 'int64[3] s = {1, 2, 1}' }],
  [
    'a Tile of images',
    /repeats the batch/,
    { body: 'y = Tile (x, s)', constants: 'int64[3] s = {2, 1, 1}' },
  ],
  [
    'a Tile of no known number',
    /how often it repeats the batch/,
    { body: 'y = Tile (x, s)', inputs: 'int64[3] s' },
  ],
  ['channels', 0, { body: infront('z = Expand (zero, sizes)'), constants: PLACES }],
  ['channels of what is there', 0, { body: infront('z = Neg (t)'), constants: PLACES }],
  [
    'channels of so many images',
    /"z" is written for a number of images/,
    {
      x: '4, 4, 6',
      body: infront(''),
      constants: `${PLACES}, ${constant('z', [6, 4, 4])}`,
    },
  ],
  [
    'channels, added up',
    /it adds up/,
    { body: infront('z = Neg (t)', '<reduction = "add">'), constants: PLACES },
  ],
  ['each number', 0, { body: placed('k0', 'i0, i1, i2'), constants: COUNTED }],
  [
    'each number of the next image',
    /each image into itself/,
    { body: placed('k1', 'i0, i1, i2'), constants: COUNTED },
  ],
  [
    'each number at another place',
    /each image into itself/,
    { body: placed('k0', 'i1, i0, i2'), constants: COUNTED },
  ],
];

const check = async (expected: number | RegExp, region: Region) => {
  const model = modelFor(region);
  const { axes } = flow(model);
  if (typeof expected !== 'number')
    return expect(axes).toMatchObject({ reason: expect.stringMatching(expected) });
  if ('reason' in axes) throw new Error(axes.reason);
  expect(axes.get(named(model, 'y'))).toBe(expected);
  expect(await isOfHalf(model, (await run(model, ROWS))!, expected)).toBe(true);
};

describe('attention', () => {
  it.each(ATTENTION)('%s', (_, expected, region) =>
    check(expected, { x: 'batch, 3, 6', ...region }),
  );
});

describe('through', () => {
  it.each(OTHERS)('%s', (_, expected, region) => check(expected, region));
});

describe('repeating, and writing into', () => {
  it.each(WRITTEN)('%s', (_, expected, region) => check(expected, region));
});

it('is followed through the nodes of the region alone', () => {
  const model = modelFor({
    body: 'y = Neg (x)  [beside] z = CumSum (x, zero)',
    constants: 'int64 zero = {0}',
  });
  const region = new Set([named(model, 'y').producer!]);
  const axes = followBatch(region, named(model, 'x'), inferShapes(model));
  expect([...(axes as Map<unknown, number>).keys()]).toEqual([
    named(model, 'x'),
    named(model, 'y'),
  ]);
});

it("is not followed through an operator of a domain of one's own", () => {
  const model = modelFor({ body: 'y = own.Sigmoid (x)' });
  expect(flow(model).axes).toMatchObject({
    reason: 'it is not known how own.Sigmoid treats the batch',
  });
});
