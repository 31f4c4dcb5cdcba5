/**
 * Where the batch goes is said only where it is known: each of these either keeps the images apart, which
 * onnxruntime shows on half of them, or is refused.
 */
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { followBatch } from '../../../src/compiler/analysis/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';
import { runModel } from '../../model/shape/engine.js';

const IMAGES = 4;

interface Case {
  readonly body: string;
  readonly opset?: number;
  /** Further inputs of the graph, outside of the region. */
  readonly inputs?: string;
  /** How it is refused; undefined where the batch stays on axis 0. */
  readonly refused?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  'a reduction along other axes': {
    body: 'axes = Constant <value_ints = [1]> ()\n y = ReduceMean <keepdims = 0> (x, axes)',
    opset: 18,
  },
  'a reduction along axes that are fed': {
    body: 'y = ReduceMean (x, axes)',
    inputs: 'int64[1] axes',
    opset: 18,
    refused: 'the axes that it reduces are not known',
  },
  'a reduction along no axes, which is along all': {
    body: 'none = Constant <value = int64[0] {}> ()\n y = ReduceMean (x, none)',
    opset: 18,
    refused: 'the axes that it reduces are not known',
  },
  'a slice along axes that are fed': {
    body: `one = Constant <value_ints = [1]> ()
           two = Constant <value_ints = [2]> ()
           y = Slice (x, one, two, axes)`,
    inputs: 'int64[1] axes',
    refused: 'the axes that it slices are not known',
  },
  'a sum with what has no known shape': {
    body: 'y = Add (x, other)',
    inputs: 'float[] other',
    refused: 'the shape of "other" is not known',
  },
  'a Softmax of the last axis': { body: 'y = Softmax <axis = -1> (x)' },
  'an early Softmax without an axis, on which the batch is the second': {
    body: 't = Transpose <perm = [1, 0, 2]> (x)\n y = Softmax (t)',
    opset: 12,
    refused: 'it works across the batch',
  },
  'a choice of rows by indices that come from the images': {
    body: `number = Cast <to = 7> (x)
           axes = Constant <value_ints = [1, 2]> ()
           at = ReduceMax <axes = [1, 2], keepdims = 0> (number)
           y = Gather <axis = 1> (x, at)`,
    refused: 'its table and its indices carry the batch both',
  },
  'a Pad of the images': {
    body: `by = Constant <value_ints = [1, 0, 0, 0, 0, 0]> ()
           y = Pad (x, by)`,
    refused: 'it pads the batch',
  },
  'a Pad by what is not known': {
    body: `by = Shape (x)
           both = Concat <axis = 0> (by, by)
           y = Pad (x, both)`,
    refused: 'it pads the batch',
  },
  'a Resize of the images': {
    body: `by = Constant <value_floats = [2.0, 1.0, 1.0]> ()
           y = Resize (x, , by)`,
    refused: 'it may resize the batch',
  },
  'a Resize of a part': {
    body: `by = Constant <value_floats = [1.0, 1.0, 1.0]> ()
           roi = Constant <value_floats = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]> ()
           y = Resize <coordinate_transformation_mode = "tf_crop_and_resize"> (x, roi, by)`,
    refused: 'it crops',
  },
  'a product of matrices that both come from the images': {
    body: `rows = Flatten (x)
           y = Gemm <transB = 1> (rows, rows)`,
    refused: 'the batch is not the rows of its first operand',
  },
  'a layer with a bias': {
    body: `rows = Flatten (x)
           w = Constant <value = float[2,6] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}> ()
           y = Gemm <transB = 1> (rows, w)`,
  },
  'a convolution by kernels that come from the images': {
    body: `kernel = Flatten (x)
           axes = Constant <value_ints = [2]> ()
           k = Unsqueeze (kernel, axes)
           w = Transpose <perm = [1, 0, 2]> (k)
           small = Transpose <perm = [0, 2, 1]> (x)
           y = Conv (fixed, w)`,
    inputs: 'float[1, 4, 5] fixed',
    refused: 'not all of its operands carry the batch, or others do',
  },
  'an Einsum of axes that are not all named': {
    body: 'y = Einsum <equation = "...ij->...ji"> (x)',
    refused: 'its axes are not all named',
  },
  'an Einsum with spaces': { body: 'y = Einsum <equation = "b i j -> b j i"> (x)' },
};

describe('the batch', () => {
  it.each(Object.entries(CASES))('through %s', async (_, { body, opset, inputs, refused }) => {
    const signature = ['float[4, 3, 2] x', ...(inputs ? [inputs] : [])].join(', ');
    const model = modelOf(`test (${signature}) => (y) { ${body} }`, opset);
    if (inputs?.includes('other')) {
      named(model, 'other').type = { kind: 'tensor', elem: 'float32' };
      named(model, 'y').type = { kind: 'tensor', elem: 'float32', shape: [IMAGES, 3, 2] };
    }
    const region = new Set(model.graph.nodes);
    const axes = followBatch(region, named(model, 'x'), inferShapes(model));
    if (refused) return expect(axes).toMatchObject({ reason: refused });
    if ('reason' in axes) throw new Error(axes.reason);
    expect(axes.get(named(model, 'y'))).toBe(0);
    const numbers = Float32Array.from({ length: IMAGES * 6 }, (_, i) => Math.sin(i * 1.7));
    const whole = (await runModel(model, { x: new ort.Tensor(numbers, [IMAGES, 3, 2]) })).y!;
    const rows = whole.size / IMAGES;
    const half = modelOf(`test (float[2, 3, 2] x) => (y) { ${body} }`, opset);
    const first = new ort.Tensor(numbers.slice(0, 12), [IMAGES / 2, 3, 2]);
    const { y } = await runModel(half, { x: first });
    expect(Array.from(y!.data as Float32Array)).toEqual(
      Array.from(whole.data as Float32Array).slice(0, (rows * IMAGES) / 2),
    );
  });
});
