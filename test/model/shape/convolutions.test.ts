/** Convolutions and pooling with every attribute, against onnxruntime at several sizes each. */
import { describe, it } from 'vitest';
import { type Case, checkCase, checkRefusal, nodes, type Refusal } from './cases.js';

const X = 'float[batch, 4, height, width] x';
const W = 'float[6, 4, 3, 2] w';
/** Down to the smallest that any of the windows fits into. */
const SIZES = [
  { batch: 2, height: 5, width: 5 },
  { batch: 1, height: 6, width: 8 },
  { batch: 1, height: 9, width: 7 },
  { batch: 1, height: 12, width: 13 },
];

const conv = (attributes: string, weight = 'w') => `Conv <${attributes}> (x, ${weight})`;
const transposed = (attributes: string, weight = 't') =>
  `ConvTranspose <${attributes}> (x, ${weight})`;
const pool = (opType: string, attributes: string) => `${opType} <${attributes}> (x)`;

const listed = (name: string, lines: readonly string[], more: Partial<Case> = {}): Case => ({
  name,
  inputs: X,
  ...nodes(lines),
  sizes: SIZES,
  ...more,
});

describe('convolutions', () => {
  it.each([
    listed(
      'Conv',
      [
        conv('strides = [1, 1]'),
        conv('kernel_shape = [3, 2]'),
        conv('strides = [2, 3]'),
        conv('pads = [1, 0, 2, 1]'),
        conv('pads = [0, 1, 0, 3], dilations = [1, 3]'),
        conv('dilations = [2, 4], strides = [3, 1]'),
        conv('auto_pad = "NOTSET", pads = [1, 0, 1, 0]'),
        conv('auto_pad = "VALID", strides = [2, 1]'),
        conv('auto_pad = "VALID", dilations = [1, 3]'),
        conv('auto_pad = "SAME_UPPER", strides = [2, 1]'),
        conv('auto_pad = "SAME_LOWER", strides = [3, 4]', 'one'),
        conv('group = 2, strides = [2, 2]', 'g'),
      ],
      {
        inputs: `${X}, ${W}, float[6, 4, 1, 1] one, float[6, 2, 3, 2] g`,
        shape: 'batch,6,height-2,width-1',
      },
    ),
    listed(
      'ConvTranspose',
      [
        transposed('strides = [1, 1]'),
        transposed('strides = [3, 2], pads = [1, 0, 2, 1]'),
        transposed('strides = [2, 3], output_padding = [1, 2]'),
        transposed(
          'strides = [2, 2], output_padding = [0, 1], dilations = [2, 3], pads = [0, 1, 3, 0]',
        ),
        transposed('group = 2, dilations = [1, 2]', 'g'),
        transposed('auto_pad = "SAME_UPPER", strides = [3, 2]'),
        transposed(
          'auto_pad = "SAME_LOWER", strides = [2, 2], output_padding = [1, 0], dilations = [2, 1]',
        ),
        // kernels that do not reach from one place to the next
        transposed('auto_pad = "SAME_UPPER", strides = [5, 2]'),
        transposed('auto_pad = "SAME_LOWER", strides = [4, 4]'),
        transposed('auto_pad = "SAME_UPPER", strides = [5, 4], output_padding = [1, 3]'),
        transposed('auto_pad = "SAME_UPPER", strides = [6, 5], dilations = [2, 3]'),
        transposed('auto_pad = "VALID", strides = [2, 2]'),
      ],
      { inputs: `${X}, float[4, 6, 3, 2] t, float[4, 3, 2, 2] g` },
    ),
    listed(
      'ConvTranspose to a given shape',
      [transposed('output_shape = [14, 13], strides = [3, 3]')],
      { inputs: 'float[batch, 4, 5, 5] x, float[4, 6, 3, 2] t' },
    ),
    listed('pooling', [
      pool('MaxPool', 'kernel_shape = [3, 2]'),
      pool('MaxPool', 'kernel_shape = [2, 3], strides = [2, 3], pads = [1, 2, 0, 1]'),
      pool('MaxPool', 'kernel_shape = [3, 2], dilations = [2, 3], strides = [1, 2]'),
      pool('MaxPool', 'kernel_shape = [3, 3], strides = [2, 3], ceil_mode = 0'),
      pool('MaxPool', 'kernel_shape = [3, 3], strides = [2, 3], ceil_mode = 1'),
      pool(
        'MaxPool',
        'kernel_shape = [2, 3], strides = [4, 5], pads = [1, 2, 1, 2], ceil_mode = 1',
      ),
      pool('MaxPool', 'kernel_shape = [1, 1], strides = [3, 4], ceil_mode = 1'),
      pool(
        'MaxPool',
        'auto_pad = "SAME_LOWER", kernel_shape = [3, 2], strides = [2, 3], ceil_mode = 1',
      ),
      pool('AveragePool', 'auto_pad = "SAME_UPPER", kernel_shape = [3, 2], strides = [2, 1]'),
      pool('AveragePool', 'auto_pad = "VALID", kernel_shape = [3, 2], strides = [2, 2]'),
      pool('LpPool', 'kernel_shape = [3, 2], strides = [2, 3], pads = [1, 0, 1, 1]'),
      pool('GlobalLpPool', 'p = 2'),
      'GlobalMaxPool (x)',
    ]),
    listed(
      'pooling with dilations',
      [
        pool('AveragePool', 'kernel_shape = [3, 2], strides = [2, 2], dilations = [2, 1]'),
        pool(
          'LpPool',
          'kernel_shape = [3, 2], dilations = [1, 2], ceil_mode = 1, strides = [3, 3]',
        ),
      ],
      { opset: 19 },
    ),
  ])('$name', checkCase);

  // beside VALID, Conv is refused pads
  it.each([0, 1])('of a pool, the pads count for nothing beside VALID (ceil_mode %s)', (ceil) =>
    checkCase({
      name: '',
      inputs: 'float[batch, 4, height, width] x',
      body: `y = MaxPool <auto_pad = "VALID", kernel_shape = [3, 3], strides = [5, 5], ceil_mode = ${ceil},
        pads = [2, 1, 2, 2]> (x)`,
      outputs: 'y',
      sizes: [...SIZES, { batch: 1, height: 4, width: 4 }],
    }),
  );

  it('along one axis, and along three', () =>
    checkCase({
      name: '',
      inputs:
        'float[batch, 2, height] x, float[3, 2, 4] w, float[batch, 2, 5, 4, height] v, float[3, 2, 3, 2, 4] u',
      body: `
        a = Conv <strides = [3], pads = [1, 2]> (x, w)
        b = AveragePool <kernel_shape = [4]> (x)
        c = GlobalAveragePool (x)
        d = Conv <strides = [2, 1, 3], pads = [0, 1, 2, 1, 0, 1], dilations = [1, 2, 1]> (v, u)
        e = GlobalMaxPool (v)`,
      outputs: 'a, b, c, d, e',
      sizes: SIZES,
    }));

  const given = (name: string, body: string, why: string, inputs = `${X}, ${W}`): Refusal => ({
    name,
    inputs,
    body,
    why,
    size: SIZES[0]!,
  });

  it.each([
    given('a kernel of another rank', 'y = Conv <kernel_shape = [3]> (x, w)', 'has 1 sizes for 2'),
    given(
      'too few strides',
      'y = Conv <strides = [1]> (x, w)',
      'strides has 1 entries, it needs 2',
    ),
    given(
      'too many dilations',
      'y = Conv <dilations = [1, 1, 1]> (x, w)',
      'dilations has 3 entries',
    ),
    given('pads of one side', 'y = Conv <pads = [1, 1]> (x, w)', 'pads has 2 entries, it needs 4'),
    given('no spatial axes', 'y = GlobalMaxPool (x)', 'it needs at least 3', 'float[batch, 4] x'),
    given(
      'a short output_shape',
      'y = ConvTranspose <output_shape = [9]> (x, w)',
      'output_shape is too short',
      `${X}, float[4, 6, 3, 2] w`,
    ),
    given('a pool without a kernel', 'y = MaxPool (x)', 'kernel_shape is missing'),
    given(
      'a window larger than what it slides over',
      'y = Conv (x, v)',
      'negative',
      'float[1, 4, 2, 2] x, float[6, 4, 5, 5] v',
    ),
  ])('refuses $name', checkRefusal);
});
