/** Shapes of operators of which onnxruntime has no kernel on a processor, as their descriptions say. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { inferShapes } from '../../../src/model/shape/infer.js';

describe('operators of other processors', () => {
  const said = (inputs: string, node: string, outputs = 'y') => {
    const model: Model = parseModel(
      `<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1, "com.microsoft.nchwc" : 1]> test (${inputs}) => (${outputs}) { ${outputs} = ${node} }`,
    );
    const table = inferShapes(model);
    return model.graph.outputs.map(
      (v) => table.shape(v)?.join() ?? table.whyUnknown(v)!.replace(/.*: /, ''),
    );
  };

  it.each([
    ['float[b, n, 2, 3, 4] x', 'com.microsoft.MultiHeadAttention (x)', 'b,n,8'],
    [
      'float[b, n, 8] x, float[b, m, 2, 2, 4] k',
      'com.microsoft.MultiHeadAttention (x, k)',
      'b,n,8',
    ],
    [
      'float[b, n] x, float[b, m, 8] k',
      'com.microsoft.MultiHeadAttention (x, k, k)',
      'its query or values have a rank that is not followed',
    ],
    [
      'float[b, n, 8] x, float[b, m] k',
      'com.microsoft.MultiHeadAttention (x, k, k)',
      'its query or values have a rank that is not followed',
    ],
    [
      'float[b, n, 8] x, float[8, 10] w',
      'com.microsoft.Attention <num_heads = 2> (x, w)',
      'its packed weight is not three wide',
    ],
    ['float[b, n, 640] x, float[640] c', 'com.microsoft.BiasSplitGelu (x, c)', 'b,n,320'],
    [
      'float[b, h, w, 8] x, float[3, 3, 2, 8] k',
      'com.microsoft.NhwcConv <strides = [2, 1]> (x, k)',
      'b,floor((h+1)/2)-1,w-1,3',
    ],
    [
      'float[b, 6] x, uint8[3, 1, 8] w, float[3] s',
      'com.microsoft.MatMulNBits <K = 6> (x, w, s)',
      'its attribute N is missing',
    ],
    ['float[b, n, 8] x', 'Attention (x, x, x)', 'q_num_heads is missing'],
    ['float[b, n, 8] x', 'Attention <q_num_heads = 2> (x, x, x)', 'kv_num_heads is missing'],
    [
      'float[b, n, 8] x',
      'Attention <q_num_heads = 2, kv_num_heads = 3> (x, x, x)',
      'heads do not divide the width',
    ],
    // channels in blocks of 8 or 16
    ['float[b, 32, h, w] x', 'com.microsoft.nchwc.ReorderInput (x)', 'b,32,h,w'],
    ['float[b, 24, h, w] x', 'com.microsoft.nchwc.ReorderInput (x)', 'b,y_dim_1,h,w'],
    ['float[b, c, h, w] x', 'com.microsoft.nchwc.ReorderInput (x)', 'b,y_dim_1,h,w'],
    [
      'float[b, h, w, 32] x',
      'com.microsoft.nchwc.ReorderInput <channels_last = 1> (x)',
      'b,32,h,w',
    ],
    [
      'float[b, 32] x',
      'com.microsoft.nchwc.ReorderInput (x)',
      'its input has rank 2, it needs at least 3',
    ],
    ['float[b, 32, h] x', 'com.microsoft.nchwc.ReorderInput (x)', 'b,32,h'],
    ['float[b, 32, h, w] x', 'com.microsoft.nchwc.ReorderOutput <channels = 30> (x)', 'b,30,h,w'],
    [
      'float[b, 32, h, w] x',
      'com.microsoft.nchwc.ReorderOutput <channels = 30, channels_last = 1> (x)',
      'b,h,w,30',
    ],
    ['float[b, 32, h, w] x', 'com.microsoft.nchwc.ReorderOutput (x)', 'its channels are missing'],
    [
      'float[b, 32, h, w] x',
      'com.microsoft.nchwc.Upsample <scales = [1, 1, 2, 3]> (x)',
      'b,32,h*2,w*3',
    ],
    ['float[b, 32, h, w] x', 'com.microsoft.nchwc.Upsample (x)', 'its scales are missing'],
    [
      'float[b, 32, h, w] x, float[16, 32, 3, 3] k',
      'com.microsoft.nchwc.Conv (x, k)',
      'b,16,h-2,w-2',
    ],
    ['float[b, 32, h, w] x', 'custom.Twist (x)', 'no shape rule for this operator'],
    ['float[b, 32, h, w] x', 'com.microsoft.nchwc.Twist (x)', 'no shape rule for this operator'],
    ['float[b, 32, h, w] x', 'constructor.Twist (x)', 'no shape rule for this operator'],
  ])('(%s) %s: %s', (inputs, node, expected) => {
    expect(said(inputs, node)).toEqual([expected]);
  });

  it('make statistics and sums beside the norm', () => {
    const inputs = 'float[b, n, 8] x, float[8] g';
    const outputs = 'y, mean, deviation, sum';
    const same = 'b,n,8';
    expect(said(inputs, 'com.microsoft.SkipLayerNormalization (x, x, g)', outputs)).toEqual([
      same,
      'b,n,1',
      'b,n,1',
      same,
    ]);
    expect(said(inputs, 'com.microsoft.SkipGroupNorm (x, g, g, x)', 'y, sum')).toEqual([
      same,
      same,
    ]);
  });
});
