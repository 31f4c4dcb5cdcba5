/** Tensors out of shapes, numbers and attributes, and what becomes larger or smaller by scales. */
import { describe, it } from 'vitest';
import { casesOn, checkCase, checkRefusal, nodes } from './cases.js';
import { CONSTANTS, SIZES, X } from './maps.js';

const { listed, refusal } = casesOn(X, CONSTANTS, SIZES);

const HIDDEN =
  'k = GatherElements (pair, same)  k1 = GatherElements (first, first)  k2 = GatherElements (three, first)  d1 = Squeeze (k2)';

describe('sources', () => {
  it.each(
    [
      listed('Shape and Size', [
        'Shape (x)',
        ...[0, 1, 3, 4, 9, -1, -3, -4, -9].flatMap((start) => [
          `Shape <start = ${start}> (x)`,
          `Shape <end = ${start}> (x)`,
          `Shape <start = ${start}, end = 3> (x)`,
          `Shape <start = 1, end = ${start}> (x)`,
        ]),
        'Shape (one)',
        'Size (x)',
        'Size (one)',
      ]),
      listed(
        'ConstantOfShape',
        [
          'ConstantOfShape <value = int64[1] {-4}> (pair)',
          'ConstantOfShape <value = bool[1] {1}> (first)',
          'ConstantOfShape <value = int32[1] {7}> (none)',
          'ConstantOfShape <value = int64[1] {1}> (empty)',
          'ConstantOfShape (pair)',
          'ConstantOfShape <value = float[1] {0.25}> (pair)',
          'Cast <to = 7> (float0)',
          'Cast <to = 7> (float9)',
        ],
        {},
        'empty = Shape (one)  float0 = ConstantOfShape (pair)  float9 = ConstantOfShape <value = float[1] {9.0}> (pair)',
      ),
      listed(
        'ConstantOfShape of many',
        [
          'ConstantOfShape <value = int64[1] {1}> (large)',
          'ConstantOfShape <value = int64[1] {1}> (s)',
          'ConstantOfShape <value = int64[1] {1}> (k)',
          'ConstantOfShape (k1)',
        ],
        { open: true },
        `s = Shape (x)  ${HIDDEN}`,
      ),
      listed(
        'Range of floats and of what is not known',
        [
          'Range (f0, f3, f1)',
          'Range (f0, f3, half)',
          'Range (half, f3, f1)',
          'Range (f0, half, f1)',
          'Range (zero, d1, one)',
          'Range (d1, five, one)',
          'Range (zero, five, d1)',
        ],
        { open: true },
        HIDDEN,
      ),
      listed(
        'Range up to sizes',
        [
          'Range (zero, h, one)',
          'Range (one, h, two)',
          'Range (h, zero, minus)',
          'Range (h, w, minus)',
          'Range (zero, w, h)',
          'Range (h, h2, one)',
        ],
        { open: true },
        's = Shape (x)  i2 = Constant <value_int = 2> ()  h = Gather (s, i2)  w = Gather (s, minus)  h2 = Add (h, five)',
      ),
      listed('Constant', [
        'Constant <value_int = 3> ()',
        'Constant <value_ints = [3, -4]> ()',
        'Constant <value_float = 3.5> ()',
        'Constant <value_floats = [3.5]> ()',
        'Constant <value = bool[2] {1, 0}> ()',
      ]),
      listed(
        'random and other numbers',
        [
          'RandomNormal <shape = [2, 3]> ()',
          'RandomUniform <shape = [4], dtype = 11> ()',
          'RandomNormalLike (x)',
          'RandomUniformLike <dtype = 11> (x)',
          'Bernoulli (x)',
          'Bernoulli <dtype = 11> (x)',
          'EyeLike (m)',
          'EyeLike <dtype = 7> (m)',
          'OneHot (pair, five, onoff)',
          'OneHot <axis = 0> (pair, five, onoff64)',
          'OneHot <axis = 1> (m64, five, onoff)',
          'OneHot <axis = -2> (m64, five, onoff)',
        ],
        { inputs: `${X}, float[height, 2] m, int64[2, width] m64`, data: true },
      ),
      listed(
        'OneHot and NonZero by data',
        [
          'OneHot (pair, d1, onoff)',
          'OneHot <axis = 0> (pair, d1, onoff)',
          'NonZero (x)',
          'NonZero (pair)',
          'TopK (x, k1)',
        ],
        {
          ...nodes(
            [
              'OneHot (pair, d1, onoff)',
              'OneHot <axis = 0> (pair, d1, onoff)',
              'NonZero (x)',
              'NonZero (pair)',
            ],
            HIDDEN,
          ),
          open: true,
        },
      ),
      listed(
        'OneHot of depths that may be zero',
        ['OneHot (pair, less, onoff)'],
        { open: true, sizes: SIZES.slice(1, 2) },
        's = Shape (x)  i2 = Constant <value_int = 2> ()  h = Gather (s, i2)  less = Sub (h, one)',
      ),
    ].map((test) => ({ ...test, constants: `${CONSTANTS}, int64[1] three = {3}` })),
  )('$name', checkCase);
});

it.each([
  refusal('a negative size', 'm = Neg (pair)  y = ConstantOfShape (m)', 'negative'),
  refusal('a Constant that holds nothing', 'y = Constant ()', 'holds no value'),
  refusal('ArgMax along no axis', 'y = ArgMax <axis = 4> (x)', 'out of range'),
  refusal('a reduction of no axis', 'y = ReduceMean <axes = [4]> (x)', 'out of range'),
  refusal('TopK along no axis', 'y, i = TopK <axis = 4> (x, first)', 'out of range', {
    outputs: 'y, i',
  }),
])('refuses $name', checkRefusal);
