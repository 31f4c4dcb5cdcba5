/** Of which types outputs are, also where nothing is known of their shapes. */
import { expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';
import { parse } from './cases.js';
import { runModel } from './engine.js';

it('the types of what follows an unknown shape are those that onnxruntime makes', async () => {
  const lines = [
    ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((op) => `${op} (y, y)`),
    ...['And', 'Or', 'Xor'].map((op) => `${op} (p, p)`),
    'Not (p)',
    'IsInf (y)',
    'IsNaN (y)',
    'Shape (y)',
    'Size (y)',
    'NonZero (y)',
    'ArgMax (y)',
    'ArgMin (y)',
    'CastLike (y, k)',
    'Where (p, k, k)',
    'OneHot (k, five, onoff)',
    'EyeLike (y)',
    'EyeLike <dtype = 7> (y)',
    'RandomNormalLike (y)',
    'RandomUniformLike <dtype = 11> (y)',
    'Bernoulli <dtype = 9> (y)',
    'QuantizeLinear (y, half)',
    'QuantizeLinear (y, half, zero8)',
    'DequantizeLinear (q, half)',
    'MatMulInteger (q, q)',
    'Neg (k)',
    'Cast <to = 6> (y)',
    'Cast <to = 9> (y)',
    'ConstantOfShape (k)',
    'ConstantOfShape <value = int64[1] {3}> (k)',
  ];
  const pairs = ['MaxPool <kernel_shape = [1]> (y3)', 'TopK (y, one)', 'Dropout (y)'];
  const names = [
    ...lines.map((_, i) => `o${i}`),
    ...pairs.flatMap((_, i) => [`p${i}`, `q${i}`]),
    'm0',
    'm1',
    'm2',
    'n0',
    'n1',
    'n2',
  ];
  const model = modelOf(`g (float[2, 2] x) => (${names})
    <int64 at = {0}, int64[1] one = {1}, int64[1] first = {0}, float half = {0.5}, int8 zero8 = {0}, int64 five = {5}, float[2] onoff = {0.0, 1.0}> {
    s = SequenceConstruct (x)  y = SequenceAt (s, at)  y3 = Unsqueeze (y, first)
    k = Cast <to = 7> (y)  p = Cast <to = 9> (y)  q = QuantizeLinear (y, half)
    ${lines.map((line, i) => `o${i} = ${line}`).join('\n')}
    ${pairs.map((line, i) => `p${i}, q${i} = ${line}`).join('\n')}
    m0, m1, m2 = DynamicQuantizeLinear (y)
    n0, n1, n2 = LayerNormalization (y, y)
  }`);
  const table = inferShapes(model);
  const { Tensor } = await import('onnxruntime-node');
  const real = await runModel(model, { x: new Tensor('float32', [1, 2, 3, 4], [2, 2]) });
  expect(names.map((name) => `${name}: ${table.dtype(named(model, name))}`)).toEqual(
    names.map((name) => `${name}: ${real[name]!.type}`),
  );
  expect(table.shape(named(model, 'o0'))).toBeUndefined();
});

// onnxruntime has no half precision of these on a processor: the types are those of the specifications
it.each([
  ['BatchNormalization (h, h, h, f, f)', ['float16', 'float32', 'float32']],
  ['BatchNormalization (f, f, f, f, f)', ['float32', 'float32', 'float32']],
  ['LayerNormalization (h, h)', ['float16', 'float32', 'float32']],
  ['LayerNormalization <stash_type = 16> (h, h)', ['float16', 'bfloat16', 'bfloat16']],
  ['LayerNormalization <stash_type = 1> (b, b)', ['bfloat16', 'float32', 'float32']],
  ['SimplifiedLayerNormalization <stash_type = 10> (f, f)', ['float32', 'float16']],
  ['com.microsoft.SkipLayerNormalization (h, h, h)', ['float16', 'float32', 'float32', 'float16']],
  [
    'com.microsoft.SkipSimplifiedLayerNormalization (h, h, h)',
    ['float16', 'float32', 'float32', 'float16'],
  ],
])('the statistics of %s are of a type of their own', (node, types) => {
  const outputs = types.map((_, i) => `y${i}`);
  const typesOf = (inputs: string, before = '') => {
    const model = parse({
      inputs,
      body: `${before} ${outputs} = ${node}`,
      outputs: outputs.join(),
    });
    const table = inferShapes(model);
    return outputs.map((name) => table.dtype(named(model, name)));
  };
  expect(typesOf('float16[2, 3] h, float[2, 3] f, bfloat16[2, 3] b')).toEqual(types);
  const cut = (name: string) =>
    `s${name} = SequenceConstruct (${name}0)  ${name} = SequenceAt (s${name}, at)`;
  expect(
    typesOf(
      'float16[2, 3] h0, float[2, 3] f0, bfloat16[2, 3] b0, int64 at',
      ['h', 'f', 'b'].map(cut).join(' '),
    ),
  ).toEqual(types);
});
