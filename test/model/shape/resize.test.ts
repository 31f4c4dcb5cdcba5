/** What becomes larger or smaller by scales or to sizes, against onnxruntime. */
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { hasFreshSymbol } from '../../../src/model/sizes/dim.js';
import { casesOn, checkCase, parse } from './cases.js';
import { CONSTANTS, SIZES, X } from './maps.js';

const { listed } = casesOn(X, CONSTANTS, SIZES);

describe('Resize', () => {
  it.each([
    listed('by scales', [
      'Resize (x, "", twice)',
      'Resize <mode = "linear"> (x, roi, twice)',
      'Resize (x, "", twice, "")',
    ]),
    listed(
      'by sizes',
      ['Resize (x, "", "", sizes)', 'Resize (x, "", noscale, sizes)', 'Resize (x, "", "", target)'],
      { inputs: 'float[1, 6, height, width] x' },
      's = Shape (x)  front = Constant <value_ints = [1, 6]> ()  target = Concat <axis = 0> (front, both)',
    ),
    listed(
      'by scales that are rounded, at fixed sizes',
      ['Resize (x, "", odd)', 'Resize (x, "", third)', 'Resize (x, "", twice)'],
      { inputs: 'float[1, 6, 13, 10] x', sizes: [{}] },
    ),
    listed('by scales that are rounded', ['Resize (x, "", odd)', 'Resize (x, "", third)'], {
      open: true,
      sizes: [
        { batch: 1, height: 10, width: 10 },
        { batch: 1, height: 20, width: 30 },
      ],
    }),
    listed(
      'by scales that are computed',
      ['Resize (x, "", scales)', 'Resize (x, "", thirds)', 'Resize (x, "", hidden)'],
      { open: true, shape: 'batch,6,height*2,width*3' },
      `
      ones = Constant <value_floats = [1.0, 1.0]> ()  n = Constant <value_ints = [2, 3]> ()  f = Cast <to = 1> (n)  scales = Concat <axis = 0> (ones, f)
      t = Div (f, f3)  thirds = Concat <axis = 0> (ones, t)  all = Constant <value_ints = [0, 1, 2, 3]> ()  hidden = GatherElements (twice, all)`,
    ),
    listed(
      'by scales that are computed and rounded',
      ['Resize (y, "", thirds)'],
      {
        open: true,
        inputs: 'float[1, 1, height, width] y',
        sizes: Array.from({ length: 12 }, (_, i) => ({ height: i + 1, width: 3 * i + 3 })),
      },
      `sevens = Constant <value_floats = [1.0, 1.0, 7.0, 7.0]> ()  thirds = Div (sevens, f3)`,
    ),
    listed(
      'by sizes that are not known',
      ['Resize (x, "", "", k)'],
      { open: true, inputs: 'float[1, 6, height, width] x' },
      'all = Constant <value_ints = [0, 1, 2, 3]> ()  k = GatherElements (sizes, all)',
    ),
    listed(
      'of some axes',
      [
        'Resize <axes = [3, 2]> (x, "", two2)',
        'Resize <axes = [-1, 2]> (x, "", "", both)',
        'Resize <axes = [2, 3], keep_aspect_ratio_policy = "stretch"> (x, "", "", both)',
      ],
      { opset: 18 },
    ),
    listed(
      'that keeps the proportions, or crops',
      [
        'Resize <axes = [2, 3], keep_aspect_ratio_policy = "not_larger"> (x, "", "", both)',
        'Resize <axes = [2, 3], keep_aspect_ratio_policy = "not_smaller"> (x, "", "", both)',
        'Resize <coordinate_transformation_mode = "tf_crop_and_resize", mode = "linear"> (x, roi, twice)',
      ],
      { opset: 18, open: true },
    ),
    listed('in opset 10', ['Resize (x, twice)'], { opset: 10 }),
    listed('in opset 11', ['Resize (x, roi, twice)', 'Resize (x, roi, noscale, sizes)'], {
      opset: 11,
      inputs: 'float[1, 6, height, width] x',
    }),
    listed('called Upsample', ['Upsample (x, twice)', 'Upsample (x, up)'], {
      opset: 9,
      inputs: 'float[1, 6, 13, 10] x',
      sizes: [{}],
    }),
    listed(
      'called Upsample, by scales that are not known',
      ['Upsample (x, hidden)'],
      { opset: 9, open: true },
      's = Shape (x)  c = ConstantOfShape <value = float[1] {2.0}> (s)  all = Constant <value = int64[4] {0, 1, 2, 3}> ()  hidden = Gather (twice, all)',
    ),
    listed(
      'called Upsample, by an attribute',
      [
        'Upsample <scales = [1.0, 1.0, 2.0, 3.0]> (x)',
        'Upsample <scales = [1.0, 1.0, 1.5, 2.0]> (x)',
      ],
      { opset: 7 },
    ),
  ])('$name', checkCase);
});

it.each([
  // the specification has the cropped part count, which onnxruntime does not
  [
    'of a cropped part',
    'Resize <coordinate_transformation_mode = "tf_crop_and_resize", mode = "linear"> (x, roi, twice)',
    17,
    true,
  ],
  ['by scales that are fed', 'Upsample (x, fed)', 9, true],
  ['by a scale that single precision cannot hold the product of', 'Upsample (x, vast)', 9, false],
  ['by a scale that is no number', 'Upsample <scales = [1.0, 1.0, 1.0, 1e999]> (x)', 7, false],
] as const)('%s no size is claimed', (_, node, opset, all) => {
  const model = parse({
    opset,
    inputs: 'float[1, 6, 13, 10] x, float[4] fed',
    constants: `${CONSTANTS}, float[4] vast = {1.0, 1.0, 1.0, 3e38}`,
    body: `y = ${node}`,
    outputs: 'y',
  });
  const sizes = inferShapes(model).shape(model.graph.outputs[0]!);
  expect(sizes?.map(hasFreshSymbol)).toEqual(
    all ? Array(4).fill(true) : [false, false, false, true],
  );
});
