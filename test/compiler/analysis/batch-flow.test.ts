/**
 * Where the batch is followed, a region gives for half of the rows what onnxruntime gives for all of them,
 * on the axis that is said; where it is refused, half of the rows give something else or no result at all.
 */
import { describe, expect, it } from 'vitest';
import {
  flow,
  isOfHalf,
  modelFor,
  openBatch,
  type Region,
  ROWS,
  run,
} from '../../helpers/halves.js';
import { named } from '../../helpers/text.js';

const SECOND = '[t] t = Transpose <perm = [1, 0, 2]> (x)';

describe('is followed', () => {
  it.each<[string, number, Region]>([
    ['through what works on elements', 0, { body: 'a = Neg (x)  y = Add (a, x)' }],
    [
      'beside what is the same for all',
      0,
      {
        constants: 'float[4, 1] c = {1, 2, 3, 4}',
        body: 'y = Mul (c, x)',
      },
    ],
    [
      'to where a larger rank puts it',
      1,
      {
        x: 'batch, 6',
        constants: 'float[3, 1, 6] c = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9}',
        body: 'y = Add (x, c)',
      },
    ],
    [
      'through a product with a weight',
      0,
      {
        constants: 'float[6, 2] w = {1,2,3,4,5,6,7,8,9,1,2,3}',
        body: 'y = MatMul (x, w)',
      },
    ],
    [
      'through the rows of a product',
      0,
      {
        x: 'batch, 3',
        constants: 'float[3, 2] w = {1,2,3,4,5,6}',
        body: 'y = MatMul (x, w)',
      },
    ],
    [
      'through the rows of a product of larger rank',
      1,
      {
        x: 'batch, 3',
        constants: 'float[2, 3, 1] w = {1,2,3,4,5,6}',
        body: 'y = MatMul (x, w)',
      },
    ],
    [
      'through a product of images with themselves',
      0,
      {
        body: 'a = Transpose <perm = [0, 2, 1]> (x)  y = MatMul (x, a)',
      },
    ],
    [
      'through a product from the right, of larger rank',
      1,
      {
        constants: 'float[2, 1, 1, 4] w = {1,2,3,4,5,6,7,8}',
        body: 'y = MatMul (w, x)',
      },
    ],
    [
      'through Gemm',
      0,
      {
        x: 'batch, 3',
        constants: 'float[2, 3] w = {1,2,3,4,5,6}, float[2] c = {1, 2}',
        body: 'y = Gemm <transB = 1> (x, w, c)',
      },
    ],
    [
      'through Gemm, whose sum has it too',
      0,
      {
        x: 'batch, 2',
        constants: 'float[2, 2] w = {1,2,3,4}',
        body: 'n = Neg (x)  y = Gemm (x, w, n)',
      },
    ],
    [
      'through Conv',
      0,
      {
        constants: 'float[2, 4, 1] w = {1,2,3,4,5,6,7,8}',
        body: 'y = Conv (x, w)',
      },
    ],
    [
      'through norms over other axes',
      0,
      {
        constants: 'float[6] s = {1,2,3,4,5,6}',
        body: 'a = LayerNormalization (x, s)  y = Softmax <axis = -2> (a)',
      },
    ],
    ['through transposition', 1, { body: `${SECOND}  y = Exp (t)` }],
    ['through the transposition that turns axes round', 2, { body: 'y = Transpose (x)' }],
    [
      'past axes that are reduced before it',
      0,
      {
        constants: 'int64[1] zero = {0}',
        body: `${SECOND}  y = ReduceSum <keepdims = 0> (t, zero)`,
      },
    ],
    [
      'past axes that are reduced behind it',
      0,
      {
        constants: 'int64[2] last = {-1, 1}',
        body: 'y = ReduceMax <keepdims = 0> (x, last)',
      },
    ],
    [
      'past axes that stay with a size of 1',
      1,
      {
        constants: 'int64[1] zero = {0}',
        body: `${SECOND}  y = ReduceMean (t, zero)`,
      },
    ],
    ['into a Reshape', 0, { constants: 'int64[2] s = {0, -1}', body: 'y = Reshape (x, s)' }],
    [
      'into heads and out of them',
      0,
      {
        constants:
          'int64[4] apart = {0, 4, 2, 3}, int64[3] folded = {-1, 4, 3}, int64[2] flat = {-1, 24}',
        body: `h = Reshape (x, apart)
             i = Transpose <perm = [0, 2, 1, 3]> (h)
             j = Reshape (i, folded)
             k = Softmax (j)
             y = Reshape (k, flat)`,
      },
    ],
    [
      'behind sizes of 1 in a Reshape',
      1,
      {
        constants: 'int64[4] s = {1, -1, 4, 6}',
        body: 'y = Reshape (x, s)',
      },
    ],
    ['through Flatten', 0, { body: 'y = Flatten (x)' }],
    ['behind new axes', 1, { constants: 'int64[2] a = {0, -1}', body: 'y = Unsqueeze (x, a)' }],
    [
      'before axes that go',
      0,
      {
        x: 'batch, 1, 6',
        constants: 'int64[1] a = {1}',
        body: 'y = Squeeze (x, a)',
      },
    ],
    [
      'behind axes that go',
      0,
      {
        x: 'batch, 1, 6',
        constants: 'int64[1] a = {0}',
        body: `${SECOND}  y = Squeeze (t, a)`,
      },
    ],
    [
      'beside a Split and a Concat',
      0,
      {
        body: 'a, b = Split <axis = 1, num_outputs = 2> (x)  y = Concat <axis = -1> (b, a)',
      },
    ],
    [
      'beside a Slice',
      0,
      {
        constants: 'int64[1] from = {1}, int64[1] to = {3}, int64[1] axis = {-1}',
        body: 'y = Slice (x, from, to, axis)',
      },
    ],
    [
      'before what is gathered',
      0,
      {
        constants: 'int64 i = {2}',
        body: 'y = Gather <axis = 1> (x, i)',
      },
    ],
    [
      'behind one that is gathered',
      0,
      {
        constants: 'int64 i = {2}',
        body: `${SECOND}  y = Gather <axis = 0> (t, i)`,
      },
    ],
    [
      'behind many that are gathered',
      2,
      {
        constants: 'int64[2, 1] i = {2, 0}',
        body: `${SECOND}  y = Gather <axis = 0> (t, i)`,
      },
    ],
    [
      'to what images look up, behind the axes of the table before it',
      1,
      {
        x: 'batch, 2',
        constants: 'float[2, 3] table = {1, 2, 3, 4, 5, 6}',
        body: 'i = Cast <to = 7> (x)  y = Gather <axis = 1> (table, i)',
      },
    ],
    [
      'beside what is padded',
      0,
      {
        constants: 'int64[6] by = {0, 0, 1, 0, 2, 1}',
        body: 'y = Pad (x, by)',
      },
    ],
    [
      'beside what is resized',
      0,
      {
        constants: 'float[3] by = {1, 1, 2}',
        body: 'y = Resize (x, , by)',
      },
    ],
    [
      'through Einsum',
      1,
      {
        constants: 'float[6, 2] w = {1,2,3,4,5,6,7,8,9,1,2,3}',
        body: 'y = Einsum <equation = "bij, jk -> kbi"> (x, w)',
      },
    ],
    [
      'through Einsum of images with themselves',
      0,
      {
        body: 'y = Einsum <equation = "bij,bkj->bik"> (x, x)',
      },
    ],
    [
      'past shapes',
      0,
      {
        body: 's = Shape (x)  a = Neg (x)  y = Reshape (a, s)',
      },
    ],
  ])('%s', async (_, axis, graph) => {
    const model = modelFor(graph);
    const { axes } = flow(model);
    expect(axes).toBeInstanceOf(Map);
    expect((axes as Map<unknown, number>).get(named(model, 'y'))).toBe(axis);
    expect(await isOfHalf(model, (await run(model, ROWS))!, axis)).toBe(true);
  });
});

const FIXED = '4, 4, 6';
const ONES = (count: number) => Array.from({ length: count }, (_, i) => 1 + (i % 3)).join();

describe('is refused, and half of the rows are no half of the result', () => {
  it.each<[string, RegExp, Region]>([
    [
      'a value for each image',
      /"c" has a value for each image/,
      {
        x: FIXED,
        constants: 'float[4, 1, 1] c = {1, 2, 3, 4}',
        body: 'y = Add (x, c)',
      },
    ],
    [
      'a weight for each image',
      /"w" has a value for each image/,
      {
        x: FIXED,
        constants: `float[4, 6, 1] w = {${ONES(24)}}`,
        body: 'y = MatMul (x, w)',
      },
    ],
    [
      'two axes',
      /different axes/,
      {
        x: '4, 4',
        body: '[t] t = Transpose (x)  y = Add (x, t)',
      },
    ],
    [
      'Conv over another axis',
      /not lie on its first axis/,
      {
        x: '4, 4, 6',
        constants: `float[2, 4, 1] w = {${ONES(8)}}`,
        body: `${SECOND}  y = Conv (t, w)`,
      },
    ],
    [
      'weights of Conv made from images',
      /not all of its operands carry the batch, or others do/,
      {
        x: '4, 4, 1',
        body: 'a = Neg (x)  y = Conv (x, a)',
      },
    ],
    ['Softmax over the batch', /works across the batch/, { body: 'y = Softmax <axis = 0> (x)' }],
    [
      'a sum over the batch',
      /works across the batch/,
      {
        constants: 'int64[1] zero = {0}',
        body: 'y = ReduceSum <keepdims = 1> (x, zero)',
      },
    ],
    [
      'a maximum over everything',
      /axes that it reduces are not known/,
      {
        body: 'y = ReduceMax (x)',
      },
    ],
    [
      'a product over the batch',
      /sums over the batch/,
      {
        x: 'batch, 3',
        body: '[t] t = Transpose (x)  y = MatMul (t, x)',
      },
    ],
    [
      'a product of images with each other',
      /pairs its images/,
      {
        x: 'batch, 3',
        body: '[t] t = Transpose (x)  y = MatMul (x, t)',
      },
    ],
    [
      'Gemm over the batch',
      /not the rows/,
      {
        x: '4, 3',
        constants: `float[4, 2] w = {${ONES(8)}}`,
        body: 'y = Gemm <transA = 1> (x, w)',
      },
    ],
    [
      'Gemm of images with each other',
      /not the rows of its first operand/,
      {
        x: 'batch, 3',
        body: 'a = Neg (x)  y = Gemm <transB = 1> (x, a)',
      },
    ],
    [
      'a sum in Gemm for each image',
      /its bias does not follow the batch/,
      {
        x: '4, 3',
        constants: `float[3, 2] w = {${ONES(6)}}, float[4, 2] c = {${ONES(8)}}`,
        body: 'y = Gemm (x, w, c)',
      },
    ],
    [
      'a Reshape that folds what lies before it',
      /folds other axes/,
      {
        constants: 'int64[2] s = {-1, 6}',
        body: `${SECOND}  y = Reshape (t, s)`,
      },
    ],
    [
      'a Reshape across images',
      /takes the batch apart/,
      {
        x: FIXED,
        constants: 'int64[2] s = {3, -1}',
        body: 'y = Reshape (x, s)',
      },
    ],
    [
      'a batch of 1 that goes',
      /drops the batch/,
      {
        x: '1, 4, 6',
        constants: 'int64[1] a = {0}',
        body: 'y = Squeeze (x, a)',
      },
    ],
    [
      'a Split of the batch',
      /works along the batch/,
      {
        body: 'z, y = Split <axis = 0, num_outputs = 2> (x)',
      },
    ],
    [
      'a Concat along the batch',
      /works along the batch/,
      {
        x: 'batch, 3',
        body: 'a = Neg (x)  y = Concat <axis = 0> (x, a)',
      },
    ],
    [
      'a Concat with what is the same for all',
      /joins what is the same for all/,
      {
        x: FIXED,
        constants: `float[4, 1, 6] c = {${ONES(24)}}`,
        body: 'y = Concat <axis = 1> (x, c)',
      },
    ],
    [
      'a Slice of the batch',
      /works along the batch/,
      {
        constants: 'int64[1] from = {1}, int64[1] to = {4}, int64[1] axis = {0}',
        body: 'y = Slice (x, from, to, axis)',
      },
    ],
    [
      'an image that is gathered',
      /works along the batch/,
      {
        constants: 'int64[2] i = {0, -1}',
        body: 'y = Gather (x, i)',
      },
    ],
    [
      'an Einsum over the batch',
      /sums over the batch/,
      {
        body: 'y = Einsum <equation = "bij->ij"> (x)',
      },
    ],
    [
      'an Einsum of images with each other',
      /pairs its images/,
      {
        body: 'y = Einsum <equation = "bij,cij->bc"> (x, x)',
      },
    ],
    [
      'an Einsum with a weight for each image',
      /pairs its images/,
      {
        x: FIXED,
        constants: `float[4, 6] w = {${ONES(24)}}`,
        body: 'y = Einsum <equation = "bij,bj->bi"> (x, w)',
      },
    ],
    [
      'a scale of a norm made from images',
      /another of its inputs than the first carries the batch/,
      {
        x: '4, 4, 4',
        constants: 'int64[2] a = {1, 2}',
        body: 's = ReduceMax <keepdims = 0> (x, a)  y = LayerNormalization (x, s)',
      },
    ],
    [
      'a scale of a norm for each image',
      /"s" has a value for each image/,
      {
        x: FIXED,
        constants: `float[4, 1, 6] s = {${ONES(24)}}`,
        body: 'y = LayerNormalization (x, s)',
      },
    ],
    [
      'a sum over the images',
      /across the batch/,
      {
        constants: 'int64 zero = {0}',
        body: 'y = CumSum <reverse = 1> (x, zero)',
      },
    ],
    [
      'an operator that is not known',
      /not known how MeanVarianceNormalization/,
      {
        body: 'y = MeanVarianceNormalization <axes = [0]> (x)',
      },
    ],
  ])('%s', async (_, reason, graph) => {
    const model = modelFor(graph);
    const { axes } = flow(model);
    expect(axes).toMatchObject({ reason: expect.stringMatching(reason) });
    const rows = graph.x?.startsWith('1') ? 2 : ROWS;
    const full = await run(model, graph.x?.startsWith('1') ? 1 : rows);
    expect(full).toBeDefined();
    openBatch(model);
    const places = full!.dims.flatMap((d, axis) => (d % 2 === 0 ? [axis] : []));
    for (const axis of places) expect(await isOfHalf(model, full!, axis)).toBe(false);
  });
});

it.each<[string, RegExp, Region]>([
  ['a Flatten of all', /folds other axes/, { body: 'y = Flatten <axis = 0> (x)' }],
  [
    'columns of a product',
    /pairs its images/,
    {
      x: 'batch, 3',
      constants: 'float[2, 3] w = {1, 2, 3, 4, 5, 6}',
      body: 't = Transpose (x)  y = MatMul (w, t)',
    },
  ],
  [
    'a Slice of the first axes',
    /axes that it slices are not known/,
    { constants: 'int64[1] from = {0}, int64[1] to = {9}', body: 'y = Slice (x, from, to)' },
  ],
])('is refused though it would do: %s', (_, reason, graph) => {
  expect(flow(modelFor(graph)).axes).toMatchObject({ reason: expect.stringMatching(reason) });
});

it('names the node that refuses', () => {
  const { axes } = flow(modelFor({ body: 'a = Neg (x)  [mixes] y = Softmax <axis = 0> (a)' }));
  expect(axes).toMatchObject({ node: 'mixes' });
});
