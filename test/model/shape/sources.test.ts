/** Tensors out of shapes, numbers and attributes, and what becomes larger or smaller by scales. */
import { describe, expect, it } from 'vitest';
import type { Attribute } from '../../../src/model/ir/attribute.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { modelOf, named } from '../../helpers/text.js';
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
        'Range whose length is counted in double precision',
        ['Range (zero, most, big)', 'Range (less, zero, big)', 'Range (most, zero, back)'],
        {
          open: true,
          constants: `${CONSTANTS}, int64 most = {9007199254740993}, int64 less = {-9007199254740993}, int64 big = {9007199254740992}, int64 back = {-9007199254740992}`,
        },
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
          'OneHot (m64, five, onoff)',
        ],
        { inputs: `${X}, float[height, 2] m, int64[2, width] m64`, data: true },
      ),
      listed(
        'OneHot of places that are known, from either end or outside',
        [
          'OneHot (ends, five, onoff64)',
          'OneHot <axis = 0> (ends, five, onoff64)',
          'OneHot (ends2, five, onoff64)',
          'OneHot <axis = 1> (ends2, five, onoff64)',
          'OneHot <axis = 0> (ends2, five, onoff64)',
        ],
        {},
        `ends = Constant <value = int64[4] {0, -1, 7, -6}> ()
         ends2 = Constant <value = int64[2,3] {4, -5, 1, 2, -2, 5}> ()`,
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
    ].map((test) => ({ ...test, constants: `${test.constants}, int64[1] three = {3}` })),
  )('$name', checkCase);
});

it.each([
  refusal('a negative size', 'm = Neg (pair)  y = ConstantOfShape (m)', 'negative'),
  refusal(
    'one negative size',
    'm = Neg (pair)  i = Slice (m, none, one1)  y = ConstantOfShape (i)',
    'negative',
    {
      constants: `${CONSTANTS}, int64[1] one1 = {1}`,
    },
  ),
  refusal('a Constant that holds nothing', 'y = Constant ()', 'holds no value'),
  refusal('ArgMax along no axis', 'y = ArgMax <axis = 4> (x)', 'out of range'),
  refusal('a reduction of no axis', 'y = ReduceMean <axes = [4]> (x)', 'out of range'),
  refusal('TopK along no axis', 'y, i = TopK <axis = 4> (x, first)', 'out of range', {
    outputs: 'y, i',
  }),
])('refuses $name', checkRefusal);

it.each([
  ['ConstantOfShape <value = int64[1] {5}> (n256)', '256', 256],
  ['ConstantOfShape <value = int64[1] {5}> (n257)', '257', undefined],
  ['Range (zero, i256, one)', '256', 256],
  ['Range (zero, i257, one)', '257', undefined],
])('of few elements all are known, of many none: %s', (node, shape, count) => {
  const model = modelOf(
    `g () => (y) <int64 zero = {0}, int64 one = {1}, int64[1] n256 = {256}, int64[1] n257 = {257}, int64 i256 = {256}, int64 i257 = {257}> { y = ${node} }`,
  );
  const table = inferShapes(model);
  const y = named(model, 'y');
  expect([table.shape(y)?.join(), table.contents(y)?.length]).toEqual([shape, count]);
});

it.each([
  ['value_string', { type: 'string', value: new Uint8Array(1) }, 'string', ''],
  [
    'value_strings',
    { type: 'strings', value: [new Uint8Array(1), new Uint8Array(2)] },
    'string',
    '2',
  ],
  [
    'sparse_value',
    { type: 'opaque', value: {}, tensor: tensorType('float32', [2, 3]) },
    'float32',
    '2,3',
  ],
  ['sparse_value', { type: 'opaque', value: {} }, undefined, 'it holds no value'],
  ['other', { type: 'int', value: 3n }, undefined, 'it holds no value'],
] as [string, Attribute, string | undefined, string][])(
  'a Constant of a %s is of its type and sizes',
  (name, attribute, dtype, shape) => {
    const model = modelOf('g () => (y) { y = Constant () }');
    for (const node of model.graph.nodes) node.attributes.set(name, attribute);
    const table = inferShapes(model);
    const y = named(model, 'y');
    expect(table.dtype(y)).toBe(dtype);
    expect(table.shape(y)?.join() ?? table.whyUnknown(y)).toContain(shape);
  },
);
