/** Products, attention, quantized and fused operators, against onnxruntime wherever it has them. */
import { describe, it } from 'vitest';
import { type Case, checkCase, checkRefusal, nodes, type Refusal } from './cases.js';

const SIZES = [
  { batch: 2, tokens: 3, keys: 4 },
  { batch: 1, tokens: 5, keys: 2 },
];
const listed = (
  name: string,
  inputs: string,
  lines: readonly string[],
  more: Partial<Case> = {},
  first = '',
): Case => ({
  name,
  inputs,
  ...nodes(lines, first),
  sizes: SIZES,
  ...more,
});
const einsum = (equation: string, ...inputs: string[]) =>
  `Einsum <equation = "${equation}"> (${inputs})`;

describe('products', () => {
  it.each([
    listed(
      'MatMul',
      'float[batch, 1, tokens, 6] x, float[keys, 6, 5] y, float[6] v, float[6, 4] w',
      [
        'MatMul (x, y)',
        'MatMul (x, w)',
        'MatMul (x, v)',
        'MatMul (v, y)',
        'MatMul (v, w)',
        'MatMul (v, v)',
      ],
    ),
    listed('Gemm', 'float[tokens, 6] x, float[6, keys] y, float[keys, 6] z, float[6, tokens] t', [
      'Gemm (x, y)',
      'Gemm <transB = 1> (x, z)',
      'Gemm <transA = 1> (t, y)',
      'Gemm <transA = 1, transB = 1> (t, z)',
      'Gemm <transA = 0, transB = 0> (x, y)',
    ]),
    listed(
      'Einsum',
      'float[batch, tokens, 6] x, float[batch, keys, 6] y, float[batch, 3, 3] q, float[6, 2] w, float[1, 6] o',
      [
        einsum('bid,bjd->bij', 'x', 'y'),
        einsum(' b i d , b j d -> b j i ', 'x', 'y'),
        einsum('bid,bjd', 'x', 'y'),
        einsum('zid,ajd', 'x', 'y'),
        einsum('bid->dib', 'x'),
        einsum('bii->bi', 'q'),
        einsum('bid', 'x'),
        einsum('...d,de->...e', 'x', 'w'),
        einsum('...d,de', 'x', 'w'),
        einsum('b...->...b', 'x'),
        einsum('b...d->d...', 'x'),
        einsum('...id,...jd->...ij', 'x', 'y'),
        einsum('bid,kd->bid', 'x', 'o'),
        einsum('bid,id->bd', 'x', 'o'),
      ],
    ),
    listed(
      'Attention of opset 23',
      'float[batch, tokens, 8] x, float[batch, keys, 4] k, float[batch, keys, 6] v, float[batch, 4, tokens, 8] q4, float[batch, 2, keys, 8] k4, float[batch, 2, keys, 6] v4',
      ['Attention <q_num_heads = 4, kv_num_heads = 2> (x, k, v)', 'Attention (q4, k4, v4)'],
      { opset: 23 },
    ),
    listed(
      'attention of com.microsoft',
      'float[batch, tokens, 8] x, float[batch, keys, 8] k, float[batch, keys, 10] v, float[batch, 2, keys, 4] k4, float[batch, 2, keys, 3] v4, float[8, 24] w, float[24] b, float[8, 22] w2, float[22] b2',
      [
        'com.microsoft.MultiHeadAttention <num_heads = 2> (x, k, k)',
        'com.microsoft.MultiHeadAttention <num_heads = 2> (x, k, v)',
        'com.microsoft.MultiHeadAttention <num_heads = 2> (x, k4, k4)',
        'com.microsoft.Attention <num_heads = 2> (x, w, b)',
        'com.microsoft.Attention <num_heads = 2, qkv_hidden_sizes = [8, 8, 6]> (x, w2, b2)',
      ],
    ),
    listed(
      'fused products',
      'float[batch, tokens, 8] x, float[batch, tokens, 6] y, float[batch, keys, 8] z, float[8] v, float[8, 3] w, float[3, 8] wt',
      [
        'com.microsoft.FusedMatMul <transA = 1> (x, y)',
        'com.microsoft.FusedMatMul <transB = 1> (x, z)',
        'com.microsoft.FusedMatMul <transA = 1, transB = 1> (xt, zt)',
        'com.microsoft.FusedMatMul <transA = 0, transB = 0> (x, w)',
        'com.microsoft.FusedMatMul <transA = 1> (v, w)',
        'com.microsoft.FusedGemm <transB = 1, activation = "Relu"> (w, w)',
        'com.microsoft.FusedGemm <transA = 1, transB = 1, activation = "Relu"> (w, wt)',
        'com.microsoft.QuickGelu (x)',
        'com.microsoft.BiasGelu (x, v)',
        'com.microsoft.FastGelu (x, v)',
        'com.microsoft.Gelu (x)',
      ],
      {},
      'xt = Transpose <perm = [0, 2, 1]> (x)  zt = Transpose <perm = [0, 2, 1]> (xt)',
    ),
    listed(
      'normalizations',
      'float[batch, 6, tokens] x, float[6] s, float[tokens] g, float[6, tokens] g2',
      [
        'InstanceNormalization (x, s, s)',
        'LpNormalization <axis = 1> (x)',
        'MeanVarianceNormalization <axes = [0, 2]> (x)',
        'LRN <size = 3> (i)',
        'LayerNormalization <axis = 1> (x, g2, g2)',
      ],
      {},
      'two = Constant <value_ints = [2]> ()  i = Unsqueeze (x, two)',
    ),
    listed(
      'statistics of normalizations',
      'float[batch, 6, tokens] x, float[6] s, float[tokens] g, float[6, tokens] g2',
      [],
      {
        body: 'a, b, c = LayerNormalization (x, g, g)  d, e, f = LayerNormalization <axis = 1> (x, g2)  h, i, j = LayerNormalization <axis = -2, stash_type = 1> (x, g2)  k, l, m = BatchNormalization <training_mode = 1> (x, s, s, s, s)',
        outputs: 'a, b, c, d, e, f, h, i, j, k, l, m',
      },
    ),
    listed(
      'products of integers',
      'float[batch, tokens, 4] x',
      [
        'MatMulInteger (q, w)',
        'QLinearMatMul (q, half, point, w, half, point, half, point)',
        'ConvInteger <strides = [2]> (q, c)',
        'ConvInteger <auto_pad = "SAME_UPPER"> (q, c)',
        'QLinearConv <pads = [1, 1]> (q, half, point, c, half, point, half, point)',
        'DequantizeLinear (q, half)',
        'DequantizeLinear (q, half, point)',
        'QuantizeLinear (x, half, zero8)',
        'QuantizeLinear (x, half)',
      ],
      {
        constants:
          'uint8[4, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, float half = {0.5}, uint8 point = {3}, int8 zero8 = {0}',
        sizes: SIZES.map((s) => ({ ...s, tokens: 3 })),
        inputs: 'float[batch, 3, 4] x',
        data: true,
      },
      'q = QuantizeLinear (x, half, point)  c = Constant <value = uint8[2, 3, 2] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}> ()',
    ),
    listed(
      'quantization to the type of an attribute',
      'float[batch, 4] x',
      [
        'QuantizeLinear <output_dtype = 3> (x, half)',
        'QuantizeLinear <output_dtype = 0> (x, half)',
        'QuantizeLinear (x, half)',
      ],
      {
        opset: 21,
        constants: 'float half = {0.5}',
        data: true,
      },
    ),
  ])('$name', checkCase);

  const refusal = (
    name: string,
    inputs: string,
    body: string,
    why: string,
    more: Partial<Refusal> = {},
  ): Refusal => ({ name, inputs, body: `y = ${body}`, why, ...more });

  it.each([
    refusal(
      'other inner sizes',
      'float[2, 3] x, float[4, 5] z',
      'MatMul (x, z)',
      'the sizes 3 and 4 must be equal',
    ),
    refusal(
      'other inner sizes of a vector',
      'float[3] x, float[4, 5] z',
      'MatMul (x, z)',
      'must be equal',
    ),
    refusal('a scalar', 'float x, float[4, 5] z', 'MatMul (x, z)', 'a factor is a scalar'),
    refusal('a scalar behind', 'float[4] x, float z', 'MatMul (x, z)', 'a factor is a scalar'),
    refusal(
      'other inner sizes of Gemm',
      'float[2, 3] x, float[2, 5] z',
      'Gemm (x, z)',
      'must be equal',
    ),
    refusal(
      'an Einsum of too many terms',
      'float[2, 3] x',
      einsum('ij,jk->ik', 'x'),
      'equation has 2 terms',
    ),
    refusal(
      'an Einsum of too few letters',
      'float[2, 3] x',
      einsum('i->i', 'x'),
      'does not fit an input of rank 2',
    ),
    refusal(
      'an Einsum of too many letters',
      'float[2, 3] x',
      einsum('ijk...->i', 'x'),
      'does not fit an input of rank 2',
    ),
    refusal(
      'an Einsum of a letter from nowhere',
      'float[2, 3] x',
      einsum('ij->ik', 'x'),
      'the letter "k" is in no input',
    ),
    refusal('an Einsum of other sizes', 'float[2, 3] x', einsum('ii->i', 'x'), 'do not broadcast'),
  ])('refuses $name', checkRefusal);
});
