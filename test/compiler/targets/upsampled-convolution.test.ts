/** A convolution of a map that was doubled by repeating pixels, or nearly so. */
import { expect, test } from 'vitest';
import { ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { expectLeft, list, rewrite, tensor } from './rewrite.js';

interface Parts {
  readonly resize?: string;
  /** What the Resize reads behind the map: its scales or sizes. */
  readonly read?: string;
  readonly scales?: string;
  readonly conv?: string;
  readonly kernel?: string;
  readonly operands?: string;
  readonly map?: string;
  readonly inputs?: string;
  readonly opset?: number;
  readonly extra?: string;
}

const NEAREST = 'mode = "nearest"';
const FLOOR = `${NEAREST}, nearest_mode = "floor", coordinate_transformation_mode = "asymmetric"`;

function up(parts: Parts = {}) {
  const {
    resize = FLOOR,
    read = ', , s',
    scales = '1, 1, 2, 2',
    conv = 'pads = [1, 1, 1, 1]',
    kernel = '3,2,3,3',
    operands = 'u, k, b',
    map = 'float[batch,2,h,w2] x',
    inputs = '',
    extra = '',
  } = parts;
  const taps = kernel.split(',').reduce((a, b) => a * Number(b), 1);
  const many = scales.split(',').length;
  return modelOf(
    `up (${map}${inputs}) => (float[] y)
<float[0] none = {}, float[${many}] s = {${scales}}, int64[4] doubled = {1, 2, 8, 8}, int64[4] wide = {2, 2, 8, 8}, float[${kernel}] k = {${list(taps, Math.cos)}}, float[3] b = {1, -2, 3}> {
  u = Resize <${resize}> (x${read})
  ${extra}
  y = Conv <${conv}> (${operands})
}`,
    parts.opset,
  );
}

const feeds = [{ x: tensor(1, 2, 4, 3) }, { x: tensor(2, 2, 1, 5) }, { x: tensor(0, 2, 2, 2) }];
const SQUARE = [{ x: tensor(1, 2, 4, 4) }];
const KNOWN = 'float[1,2,4,4] x';

test.each<[string, Parts, typeof feeds?]>([
  ['asymmetric, floor', {}],
  ['half_pixel, round_prefer_floor', { resize: NEAREST }],
  ['half_pixel, round_prefer_ceil', { resize: `${NEAREST}, nearest_mode = "round_prefer_ceil"` }],
  [
    'asymmetric, round_prefer_floor',
    { resize: `${NEAREST}, coordinate_transformation_mode = "asymmetric"` },
  ],
  ...['round_prefer_floor', 'round_prefer_ceil'].map((rounding): [string, Parts] => [
    `pytorch_half_pixel, ${rounding}`,
    {
      resize: `${NEAREST}, coordinate_transformation_mode = "pytorch_half_pixel", nearest_mode = "${rounding}"`,
    },
  ]),
  ['of no mode', { resize: 'coordinate_transformation_mode = "half_pixel"' }],
  ['without a bias', { operands: 'u, k' }],
  [
    'strides and dilations of one',
    {
      conv: 'pads = [1, 1, 1, 1], strides = [1, 1], dilations = [1, 1], group = 1, kernel_shape = [3, 3], auto_pad = "NOTSET"',
    },
  ],
  ['in opset 11', { opset: 11, read: ', none, s' }],
  ['sizes in place of scales', { read: ', , , doubled', map: KNOWN }, SQUARE],
  ['sizes, and scales of none', { read: ', , none, doubled', map: KNOWN }, SQUARE],
])('a doubled map is convolved as it was: %s', async (_, parts, given = feeds) => {
  const model = up(parts);
  const { rules, reasons, model: after } = await rewrite(model, ...given);
  expect({ rules, reasons }).toEqual({ rules: ['upsampled-convolution'], reasons: [] });
  expect([...after.graph.nodes].some(({ opType }) => opType === 'Resize')).toBe(false);
});

const float = (...numbers: number[]) =>
  new ort.Tensor(Float32Array.from(numbers), [numbers.length]);

test.each<[string, Parts, RegExp, Record<string, ort.Tensor>[]?]>([
  ['an interpolated map', { resize: 'mode = "linear"' }, /interpolates/],
  [
    'pixels that are repeated unevenly',
    { resize: `${NEAREST}, nearest_mode = "floor"` },
    /does not repeat every pixel twice \(half_pixel, floor\)/,
  ],
  [
    'pixels that are repeated one place on',
    { resize: `${NEAREST}, nearest_mode = "ceil", coordinate_transformation_mode = "asymmetric"` },
    /\(asymmetric, ceil\)/,
  ],
  [
    'pixels that are rounded up',
    {
      resize: `${NEAREST}, nearest_mode = "round_prefer_ceil", coordinate_transformation_mode = "asymmetric"`,
    },
    /\(asymmetric, round_prefer_ceil\)/,
  ],
  [
    'corners that stay',
    { resize: `${NEAREST}, coordinate_transformation_mode = "align_corners"` },
    /\(align_corners/,
  ],
  ['a tripled map', { scales: '1, 1, 3, 3' }, /does not double/],
  ['a map doubled one way', { scales: '1, 1, 2, 1' }, /does not double/],
  ['doubled channels', { scales: '1, 2, 2, 2', kernel: '3,4,3,3' }, /does not double/],
  ['a map a little more than doubled', { scales: '1, 1, 2.2, 2.2' }, /does not double/, SQUARE],
  [
    'a map a little more than doubled, of known size',
    { scales: '1, 1, 2.2, 2.2', map: KNOWN },
    /does not double/,
    SQUARE,
  ],
  [
    'a map a little more than doubled along named axes',
    { scales: '2.2, 2.2', resize: `${FLOOR}, axes = [2, 3]`, opset: 18, map: KNOWN },
    /does not double/,
    SQUARE,
  ],
  [
    'a map doubled along named axes',
    {
      scales: '2.0, 2.0, 1.0, 1.0',
      resize: `${FLOOR}, axes = [3, 2, 1, 0]`,
      opset: 18,
      map: KNOWN,
    },
    /does not double/,
    SQUARE,
  ],
  [
    'scales that are fed',
    { read: ', , f', inputs: ', float[4] f' },
    /does not double/,
    [{ x: tensor(1, 2, 4, 4), f: float(1, 1, 2.2, 2.2) }],
  ],
  ['sizes for a map of unknown size', { read: ', , , doubled' }, /does not double/, SQUARE],
  ['images doubled', { read: ', , , wide', map: KNOWN }, /does not double/, SQUARE],
  ['a kernel of 1x1', { kernel: '3,2,1,1' }, /its kernel is 1x1, not 3x3/],
  ['a kernel of 3x1', { kernel: '3,2,3,1' }, /its kernel is 3x1, not 3x3/],
  ['a kernel of 1x3', { kernel: '3,2,1,3' }, /its kernel is 1x3, not 3x3/],
  [
    'a kernel that is fed',
    { operands: 'u, f, b', inputs: ', float[3,2,3,3] f' },
    /its kernel is no constant/,
    feeds.map((feed) => ({ ...feed, f: tensor(3, 2, 3, 3) })),
  ],
  [
    'two groups',
    { kernel: '4,1,3,3', conv: 'group = 2, pads = [1, 1, 1, 1]', operands: 'u, k' },
    /in groups/,
  ],
  ['no padding', { conv: 'strides = [1, 1]' }, /does not pad by 1/, SQUARE],
  ['padding on one side', { conv: 'pads = [1, 1, 0, 1]' }, /does not pad by 1/],
  ['padding by 2', { conv: 'pads = [2, 2, 2, 2]' }, /does not pad by 1/],
  ['automatic padding', { conv: 'auto_pad = "SAME_UPPER"' }, /does not pad by 1/],
  ['strides', { conv: 'pads = [1, 1, 1, 1], strides = [2, 2]' }, /strides/],
  ['strides one way', { conv: 'pads = [1, 1, 1, 1], strides = [1, 2]' }, /strides/],
  ['gaps', { conv: 'pads = [1, 1, 1, 1], dilations = [1, 2]' }, /dilations/],
  ['a map that is read elsewhere', { extra: 'v = Neg (u)' }, /something else reads what/],
])('%s is left', async (_, parts, reason, given = feeds) => {
  const model = up(parts);
  const extra = model.graph.find('v');
  if (extra) model.graph.addOutput(extra);
  await expectLeft(model, reason, ...given);
});

test.each([
  ['a Resize of opset 10', 10, 'Resize <mode = "nearest"> (x, s)'],
  ['an Upsample', 9, 'Upsample <mode = "nearest"> (x, s)'],
])('%s is left', async (_, opset, resize) => {
  const model = modelOf(
    `up (float[n,1,h,w2] x) => (float[] y) <float[4] s = {1, 1, 2, 2}, float[1,1,3,3] k = {${list(9)}}> {
  u = ${resize}
  y = Conv <pads = [1, 1, 1, 1]> (u, k)
}`,
    opset,
  );
  await expectLeft(model, /is of an old opset/, { x: tensor(2, 1, 3, 4) });
});

test.each([
  ['a map that is made otherwise', 'u = Neg (x)\n  y = Conv <pads = [1, 1, 1, 1]> (u, k)'],
  ['a doubled map that is not convolved', 'u = Resize (x, , s)\n  y = Neg (u)'],
  ['a doubled kernel', 'u = Resize (k, , s)\n  y = Conv (x, u)'],
])('%s is no near miss', async (_, body) => {
  const model =
    modelOf(`up (float[n,1,h,w2] x) => (float[] y) <float[4] s = {1, 1, 2, 2}, float[1,1,3,3] k = {${list(9)}}> {
  ${body}
}`);
  await expectLeft(model, undefined, { x: tensor(2, 1, 6, 7) });
});

test('float16 is left', async () => {
  const model =
    modelOf(`up (float16[n,1,h,w2] x) => (float16[] y) <float[4] s = {1, 1, 2, 2}, float16[1,1,3,3] k = {0, 1, 2, 3, 4, 5, 6, 7, 8}> {
  u = Resize <${FLOOR}> (x, , s)
  y = Conv <pads = [1, 1, 1, 1]> (u, k)
}`);
  await expectLeft(model, /not of type float32/);
});
