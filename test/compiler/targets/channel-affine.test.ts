/** A weight and a bias for each channel behind a normalization, and what only looks like them. */
import { expect, test } from 'vitest';
import { ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { expectLeft, list, rewrite, tensor } from './rewrite.js';

interface Parts {
  readonly weight?: string;
  readonly bias?: string;
  readonly end?: string;
  readonly scaled?: string;
  readonly input?: string;
  /** Between the normalization and the product. */
  readonly back?: string;
}

const filled = (declared: string) => {
  const size = declared.match(/\d+/g)!.reduce((a, b) => a * Number(b), 1);
  return `${declared} = {${list(size, (i) => 0.5 + Math.cos(i))}}`;
};

function norm(parts: Parts = {}) {
  const {
    weight = 'float[4,1,1] w',
    bias = 'float[1,4,1,1] b',
    scaled = 'm = Mul (back, w)',
    end = 'y = Add (b, m)',
    input = 'float[batch,4,h,w2] x',
    back = 's = Shape (x)\n  back = Reshape (n, s)',
  } = parts;
  return modelOf(`norm (${input}) => (float[] y)
<int64[3] groups = {0, 2, -1}, int64[2] flat = {-1, 4}, float[2] one = {1.5, 0.5}, float[2] zero = {0, 0.25}, ${filled(weight)}, ${filled(bias)}> {
  r = Reshape (x, groups)
  n = InstanceNormalization <epsilon = 0.00001> (r, one, zero)
  ${back}
  ${scaled}
  ${end}
}`);
}

const feeds = [
  { x: tensor(1, 4, 3, 5) },
  { x: tensor(3, 4, 2, 2) },
  {
    x: new ort.Tensor(
      Float32Array.from([1, Number.NaN, 2, -3, 5, -0, Number.POSITIVE_INFINITY, 1]),
      [1, 4, 1, 2],
    ),
  },
];
const FOUR_AXES = { x: tensor(2, 4, 2, 2) };

test.each<[string, Parts]>([
  ['of a GroupNorm', {}],
  ['with the constants on the other sides', { scaled: 'm = Mul (w, back)', end: 'y = Add (m, b)' }],
  ['of whole rank', { weight: 'float[1,4,1,1] w', bias: 'float[4,1,1] b' }],
  [
    'back in shape by two steps',
    { back: 'q = Reshape (n, flat)\n  s = Shape (x)\n  back = Reshape (q, s)' },
  ],
])('the affine part is one pass, for any batch and size: %s', async (_, parts) => {
  const { rules, reasons, model } = await rewrite(norm(parts), ...feeds);
  expect({ rules, reasons }).toEqual({ rules: ['channel-affine'], reasons: [] });
  // no operator of the engine's own
  expect([...model.opsets.keys()]).toEqual(['']);
});

test.each([1, 4])('the affine part of %i channels on three axes is one pass', async (channels) => {
  const model = modelOf(`norm (float[n,${channels},w2] x) => (float[] y)
<float[${channels}] one = {${list(channels)}}, float[${channels}] zero = {${list(channels)}}, ${filled(`float[${channels},1] w`)}, ${filled(`float[1,${channels},1] b`)}> {
  back = InstanceNormalization (x, one, zero)
  m = Mul (back, w)
  y = Add (m, b)
}`);
  const feeds = [2, 0].map((batch) => ({ x: tensor(batch, channels, 4) }));
  const { rules } = await rewrite(model, ...feeds);
  expect(rules).toEqual(['channel-affine']);
});

test.each<[string, Parts, RegExp | undefined, number[]?]>([
  [
    'a weight for each pixel',
    { weight: 'float[4,2,2] w' },
    /its weight does not hold one number for each of 4/,
  ],
  ['a bias along the last axis', { bias: 'float[1,1,1,2] b' }, /its bias does not hold one number/],
  [
    'a bias along the last axis, which is as long as there are channels',
    { bias: 'float[1,1,1,4] b' },
    /its bias does not hold one number/,
    [2, 4, 2, 4],
  ],
  [
    'a bias of one axis, which is as long as there are channels',
    { bias: 'float[4] b' },
    /its bias does not hold one number/,
    [2, 4, 2, 4],
  ],
  [
    'a weight along the rows, which are as many as channels',
    { weight: 'float[4,1] w' },
    /its weight does not hold one number/,
    [2, 4, 4, 2],
  ],
  [
    'a weight for each image',
    { weight: 'float[4,1,1,1] w' },
    /its weight does not hold one number/,
    [4, 4, 1, 2],
  ],
  ['a weight of a higher rank', { weight: 'float[1,1,4,1,1] w' }, /its weight does not hold/],
  ['a bias of a higher rank', { bias: 'float[1,1,4,1,1] b' }, /its bias does not hold/],
  ['one weight for all', { weight: 'float[1,1,1] w' }, /its weight does not hold one number/],
  ['a bias for all', { bias: 'float[1,1,1] b' }, /its bias does not hold one number/],
  ['a product that is read elsewhere', { end: 'z = Add (m, b)\n  y = Add (z, m)' }, /not one Add/],
  ['a product that is added to itself', { end: 'y = Add (m, m)' }, /not one Add/],
  ['a product that is subtracted from', { end: 'y = Sub (m, b)' }, /not one Add/],
  [
    'a weight that is computed',
    { scaled: 'v = Neg (x)\n  m = Mul (back, v)' },
    /its weight is no constant/,
  ],
  ['a bias that is computed', { end: 'y = Add (m, x)' }, /its bias is no constant/],
  ['a division', { scaled: 'm = Div (back, w)' }, undefined],
  ['what is not normalized', { scaled: 'm = Mul (x, w)\n  unused = Neg (back)' }, undefined],
  [
    'what was normalized before something else',
    { back: 's = Shape (x)\n  t = Reshape (n, s)\n  back = Neg (t)' },
    undefined,
  ],
  [
    'two axes',
    { back: 'back = Reshape (n, flat)', weight: 'float[4] w', bias: 'float[1,4] b' },
    /rank of what it scales is not known, or below 3/,
  ],
  [
    'an unknown rank',
    { input: 'float[batch,4,h,w2] x, int64[k] s', back: 'back = Reshape (n, s)' },
    /rank of what it scales is not known/,
  ],
  [
    'channels of unknown number',
    { input: 'float[batch,c,h,w2] x' },
    /number of channels is not known/,
  ],
])('%s is left', async (_, parts, reason, dims = [2, 4, 2, 2]) => {
  const s = new ort.Tensor('int64', BigInt64Array.from(dims, BigInt), [4]);
  await expectLeft(
    norm(parts),
    reason,
    parts.input?.includes('int64') ? { x: tensor(...dims), s } : { x: tensor(...dims) },
  );
});

test('the product as an output of the model is left', async () => {
  const model = norm();
  model.graph.addOutput(model.graph.find('m')!);
  await expectLeft(model, /not one Add/, FOUR_AXES);
});

test('a product that only a branch reads is left', async () => {
  const model = norm({
    input: 'float[batch,4,h,w2] x, bool flag',
    end: `y = If (flag) <
    then_branch = yes () => (float[] a) { a = Add (m, b) },
    else_branch = no () => (float[] c) { c = Neg (x) }
  >`,
  });
  const flags = [0, 1].map((flag) => ({
    ...FOUR_AXES,
    flag: new ort.Tensor('bool', Uint8Array.of(flag), []),
  }));
  await expectLeft(model, /not one Add/, ...flags);
});

test('float16 is left', async () => {
  const half = modelOf(`norm (float16[1,2,h,w2] x) => (float16[1,2,h,w2] y)
<int64[3] groups = {0, 1, -1}, float16[1] one = {15360}, float16[1] zero = {0}, float16[2,1,1] w = {15360, 16384}, float16[2,1,1] b = {0, 15360}> {
  r = Reshape (x, groups)
  n = InstanceNormalization (r, one, zero)
  s = Shape (x)
  back = Reshape (n, s)
  m = Mul (back, w)
  y = Add (m, b)
}`);
  await expectLeft(half, /type float16, and only float32/);
});
