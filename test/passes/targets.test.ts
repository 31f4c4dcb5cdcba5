/**
 * Rewriting for a target: onnxruntime on the graph as it was given is the oracle, and near misses are left
 * alone with the condition that failed.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../passes/deepcache/index.js';
import { applyTarget, onnxruntimeCpu } from '../../passes/targets/index.js';
import { writeBundle } from '../../src/emit/index.js';
import { cloneModel } from '../../src/ir/clone.js';
import type { Model } from '../../src/ir/model.js';
import { findViolations } from '../../src/ir/validate.js';
import { verifyBundle } from '../../src/measure/index.js';
import { loadModel } from '../../src/onnx/files.js';
import { Pipeline } from '../../src/pipeline/index.js';
import { EMITS, EXACT, encodeSorted, ort } from '../helpers/compile.js';
import { relativeDifference, type Tensors } from '../helpers/injectable.js';
import { modelOf } from '../helpers/text.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-target-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** Numbers that are neither small nor alike. */
function tensor(dims: readonly number[]): ort.Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, (_, i) => 2 * Math.sin(1.7 * i + 0.01 * i * i));
  return new ort.Tensor('float32', data, dims);
}

async function run(model: Model, feeds: Tensors, level: 'disabled' | 'all'): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(encodeSorted(model), {
    ...EXACT,
    graphOptimizationLevel: level,
  });
  const result = (await session.run(feeds)) as Tensors;
  await session.release();
  return result.y!;
}

interface Rewritten {
  readonly rules: readonly string[];
  readonly reasons: readonly string[];
}

/** Rewrites a copy, and holds its results against the source's for each feed. */
async function rewrite(model: Model, ...feeds: readonly Tensors[]): Promise<Rewritten> {
  const { model: copy } = cloneModel(model);
  const { trace, misses } = applyTarget(copy, onnxruntimeCpu);
  expect(findViolations(copy.graph)).toEqual([]);
  for (const feed of feeds) {
    const expected = await run(model, feed, 'disabled');
    for (const level of ['disabled', 'all'] as const)
      expect(relativeDifference(await run(copy, feed, level), expected)).toBeLessThan(1e-5);
  }
  return { rules: trace.map(({ rule }) => rule), reasons: misses.map(({ reason }) => reason) };
}

const list = (count: number, of: (i: number) => number) =>
  Array.from({ length: count }, (_, i) => of(i).toFixed(4)).join(', ');

describe('channel-affine', () => {
  const norm = (
    options: { weight?: string; bias?: string; end?: string; groups?: string } = {},
  ) => {
    const {
      weight = 'float[4,1,1] w',
      bias = 'float[1,4,1,1] b',
      end = 'y = Add (b, m)',
    } = options;
    const size = (declared: string) =>
      declared
        .match(/\d+/g)!
        .map(Number)
        .reduce((a, b) => a * b, 1);
    const filled = (declared: string) =>
      `${declared} = {${list(size(declared), (i) => 0.5 + Math.cos(i))}}`;
    return modelOf(`norm (float[batch,4,h,w2] x) => (float[batch,4,h,w2] y)
<int64[3] groups = {0, 2, -1}, float[2] one = {1.5, 0.5}, float[2] zero = {0, 0.25}, ${filled(weight)}, ${filled(bias)}> {
  r = Reshape (x, groups)
  n = InstanceNormalization <epsilon = 0.00001> (r, one, zero)
  s = Shape (x)
  back = Reshape (n, s)
  m = Mul (back, w)
  ${end}
}`);
  };
  const feeds = [{ x: tensor([1, 4, 3, 5]) }, { x: tensor([3, 4, 2, 2]) }];

  test('the affine part of a GroupNorm is one pass, for any batch and size', async () => {
    expect((await rewrite(norm(), ...feeds)).rules).toEqual(['channel-affine']);
  });
  test.each<[string, Parameters<typeof norm>[0], RegExp, number[]?]>([
    ['a weight for each pixel', { weight: 'float[4,2,2] w' }, /weight does not hold one number/],
    ['a bias along the last axis', { bias: 'float[1,1,1,2] b' }, /bias does not hold one number/],
    [
      'a bias along the last axis, which is as long as there are channels',
      { bias: 'float[1,1,1,4] b' },
      /bias does not hold one number/,
      [2, 4, 2, 4],
    ],
    [
      'a weight along the rows, which are as many as channels',
      { weight: 'float[4,1] w' },
      /weight does not hold one number/,
      [2, 4, 4, 2],
    ],
    [
      'a product that is read elsewhere',
      { end: 'z = Add (m, b)\n  y = Add (z, m)' },
      /not one Add/,
    ],
    ['a product that is subtracted from', { end: 'y = Sub (m, b)' }, /not one Add/],
  ])('%s is left', async (_, options, reason, dims = [2, 4, 2, 2]) => {
    const { rules, reasons } = await rewrite(norm(options), { x: tensor(dims) });
    expect(rules).toEqual([]);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });
  test('the product as an output of the model is left', async () => {
    const model = norm();
    model.graph.addOutput(model.graph.find('m')!);
    expect((await rewrite(model, feeds[0]!)).reasons).toEqual([
      expect.stringMatching(/not one Add/),
    ]);
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
    expect(await rewrite(half)).toEqual({
      rules: [],
      reasons: [expect.stringMatching(/type float16/)],
    });
  });
});

describe('padded-convolution', () => {
  const padded = (pads: string, rest = '', conv = 'pads = [0, 1, 0, 0], strides = [2, 2]') =>
    modelOf(`down (float[batch,2,h,w2] x) => (float[batch,3,h2,w3] y)
<int64[8] p = {${pads}}, float c = {1}, float[3,2,3,3] k = {${list(54, Math.sin)}}, float[3] b = {1, 2, 3}> {
  z = Pad <mode = "constant"> (x, p${rest})
  y = Conv <kernel_shape = [3, 3], ${conv}> (z, k, b)
}`);
  const feeds = [{ x: tensor([1, 2, 6, 8]) }, { x: tensor([2, 2, 7, 5]) }];

  test('zeros on two sides only', async () => {
    expect((await rewrite(padded('0, 0, 0, 0, 0, 0, 1, 1'), ...feeds)).rules).toEqual([
      'padded-convolution',
    ]);
  });
  test.each([
    ['ones around it', padded('0, 0, 1, 1, 0, 0, 1, 1', ', c'), /not pad with zeros/],
    ['a channel of zeros', padded('0, 0, 1, 1, 0, 0, -1, 1'), /takes away/],
    ['automatic padding', padded('0, 0, 1, 1, 0, 0, 1, 1', '', 'auto_pad = "VALID"'), /auto_pad/],
  ])('%s is left', async (_, model, reason) => {
    const { rules, reasons } = await rewrite(model, ...feeds);
    expect(rules).toEqual([]);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });
});

describe('upsampled-convolution', () => {
  interface Parts {
    readonly resize?: string;
    readonly scales?: string;
    readonly conv?: string;
    readonly kernel?: string;
    readonly output?: string;
  }
  const up = (parts: Parts = {}) => {
    const {
      resize = 'mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric"',
      scales = '1, 1, 2, 2',
      conv = 'pads = [1, 1, 1, 1]',
      kernel = '3,3',
      output = 'y = Conv',
    } = parts;
    const taps = kernel.split(',').reduce((a, b) => a * Number(b), 6);
    return modelOf(`up (float[batch,2,h,w2] x) => (float[batch,3,h2,w3] y)
<float[4] s = {${scales}}, float[3,2,${kernel}] k = {${list(taps, Math.cos)}}, float[3] b = {1, -2, 3}> {
  u = Resize <${resize}> (x, , s)
  ${output} <${conv}> (u, k, b)
}`);
  };
  const feeds = [{ x: tensor([1, 2, 4, 3]) }, { x: tensor([2, 2, 2, 5]) }];

  test.each([
    ['asymmetric, floor', {}],
    ['half_pixel, round_prefer_floor', { resize: 'mode = "nearest"' }],
    [
      'half_pixel, round_prefer_ceil',
      { resize: 'mode = "nearest", nearest_mode = "round_prefer_ceil"' },
    ],
    [
      'asymmetric, round_prefer_floor',
      { resize: 'mode = "nearest", coordinate_transformation_mode = "asymmetric"' },
    ],
  ])('a doubled map is convolved as it was: %s', async (_, parts) => {
    expect((await rewrite(up(parts), ...feeds)).rules).toEqual(['upsampled-convolution']);
  });
  test.each<[string, Parts, RegExp]>([
    ['an interpolated map', { resize: 'mode = "linear"' }, /interpolates/],
    [
      'pixels that are repeated unevenly',
      { resize: 'mode = "nearest", nearest_mode = "floor"' },
      /does not repeat every pixel/,
    ],
    ['a tripled map', { scales: '1, 1, 3, 3' }, /does not double/],
    ['a map doubled one way', { scales: '1, 1, 2, 1' }, /does not double/],
    ['a kernel of 1x1', { kernel: '1,1', conv: 'pads = [1, 1, 1, 1]' }, /1x1, not 3x3/],
    ['no padding', { conv: 'strides = [1, 1]' }, /does not pad by 1/],
    ['strides', { conv: 'pads = [1, 1, 1, 1], strides = [2, 2]' }, /strides/],
    ['a map that is read elsewhere', { output: 'extra = Relu (u)\n  y = Conv' }, /something else/],
  ])('%s is left', async (_, parts, reason) => {
    const model = up(parts);
    const extra = model.graph.find('extra');
    if (extra) model.graph.addOutput(extra);
    const { rules, reasons } = await rewrite(model, ...feeds);
    expect(rules).toEqual([]);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });
});

describe('tanh-gelu', () => {
  const gelu = (body: string) =>
    modelOf(`gelu (float[batch,n,4] x) => (float[batch,n,4] y)
<float three = {3}, float c1 = {0.044715}, float c2 = {0.7978845608}, float one = {1}, float half = {0.5}, float two = {2}, float[4] b = {0.5, -1, 2, 0}, float[3,1] rows = {1, 2, 3}> {
  ${body}
}`);
  const feeds = [{ x: tensor([1, 3, 4]) }, { x: tensor([2, 3, 4]) }];
  const BY_POWER = `p = Pow (v, three)
  a = Mul (p, c1)
  s = Add (v, a)
  d = Mul (s, c2)
  t = Tanh (d)
  e = Add (t, one)`;
  const BY_PRODUCTS = `vv = Mul (v, v)
  vvv = Mul (v, vv)
  a = Mul (c1, vvv)
  s = Add (a, v)
  d = Mul (c2, s)
  t = Tanh (d)
  e = Add (one, t)`;
  test.each([
    ['by Pow, halved last', `v = Relu (x)\n${BY_POWER}\n f = Mul (v, e)\n y = Mul (f, half)`],
    [
      'by products, halved first',
      `v = Neg (x)\n${BY_PRODUCTS}\n h = Mul (v, half)\n y = Mul (h, e)`,
    ],
    ['divided by 2', `v = Neg (x)\n${BY_PRODUCTS}\n f = Mul (e, v)\n y = Div (f, two)`],
    ['behind a bias', `v = Add (x, b)\n${BY_POWER}\n f = Mul (v, e)\n y = Mul (f, half)`],
    [
      'behind a bias of rows',
      `v = Add (rows, x)\n${BY_POWER}\n f = Mul (v, e)\n y = Mul (f, half)`,
    ],
    ['of a product', `v = Mul (x, b)\n${BY_PRODUCTS}\n f = Mul (e, v)\n y = Mul (f, half)`],
    [
      'a bias that others read',
      `v = Add (x, b)\n${BY_POWER}\n f = Mul (v, e)\n g = Mul (f, half)\n y = Add (g, v)`,
    ],
  ])('%s', async (_, body) => {
    expect((await rewrite(gelu(body), ...feeds)).rules).toEqual(['tanh-gelu']);
  });
  test.each([
    [
      'another cube',
      `v = Neg (x)\n${BY_POWER.replace('Mul (p, c1)', 'Mul (p, half)')}\n f = Mul (v, e)\n y = Mul (f, half)`,
      /not x \+ 0.044715/,
    ],
    [
      'multiplied by another value',
      `v = Neg (x)\n${BY_POWER}\n f = Mul (x, e)\n y = Mul (f, half)`,
      /not multiplied by x/,
    ],
    ['not halved', `v = Neg (x)\n${BY_POWER}\n y = Mul (v, e)`, /not multiplied by x/],
    [
      'two added',
      `v = Neg (x)\n${BY_POWER.replace('Add (t, one)', 'Add (t, two)')}\n f = Mul (v, e)\n y = Mul (f, half)`,
      /1 is not what/,
    ],
  ])('%s is left', async (_, body, reason) => {
    const { rules, reasons } = await rewrite(gelu(body), ...feeds);
    expect(rules).toEqual([]);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });
});

describe('attention', () => {
  const TOKENS = 1024;
  const inFour = (way: string, tokens: number | string = TOKENS) =>
    modelOf(`attention (float[batch,${tokens},4] x) => (float[batch,${tokens},4] y)
<int64[4] apart = {0, 0, 2, 2}, int64[3] joined = {0, 0, 4}, float f = {0.7}, float[1,1,1,${TOKENS}] mask = {${list(TOKENS, (i) => -(i % 3))}}> {
  a = Reshape (x, apart)
  q = Transpose <perm = [0, 2, 1, 3]> (a)
  k = Transpose <perm = [0, 2, 3, 1]> (a)
  product = MatMul (q, k)
  ${way}
  o = MatMul (p, q)
  back = Transpose <perm = [0, 2, 1, 3]> (o)
  y = Reshape (back, joined)
}`);
  const SCALED = 'scores = Mul (f, product)\n  p = Softmax <axis = -1> (scores)';

  test('heads in an axis of their own, for any batch', async () => {
    const feeds = [{ x: tensor([1, TOKENS, 4]) }, { x: tensor([2, TOKENS, 4]) }];
    expect((await rewrite(inFour(SCALED), ...feeds)).rules).toEqual(['attention']);
  });
  test('three axes, without a scale, k to be turned', async () => {
    const model =
      modelOf(`attention (float[n,${TOKENS},2] x, float[n,2,${TOKENS}] k) => (float[n,${TOKENS},2] y) {
  scores = MatMul (x, k)
  p = Softmax (scores)
  y = MatMul (p, x)
}`);
    const feeds = { x: tensor([2, TOKENS, 2]), k: tensor([2, 2, TOKENS]) };
    expect((await rewrite(model, feeds)).rules).toEqual(['attention']);
  });
  test.each([
    [
      'a mask',
      inFour('scores = Add (product, mask)\n  p = Softmax (scores)'),
      /Add.* stands between/,
    ],
    ['another axis', inFour('p = Softmax <axis = 2> (product)'), /axis 2/],
    [
      'an axis of another sort',
      inFour('turned = Transpose <perm = [0, 1, 3, 2]> (product)\n  p = Softmax (turned)'),
      undefined,
    ],
    [
      'few keys',
      modelOf(
        'a (float[1,9,2] x, float[1,2,9] k) => (float[1,9,2] y) {\n s = MatMul (x, k)\n p = Softmax (s)\n y = MatMul (p, x)\n}',
      ),
      /with 9 keys/,
    ],
    [
      'keys of unknown number',
      modelOf(
        'a (float[1,n,2] x, float[1,2,n] k) => (float[1,n,2] y) {\n s = MatMul (x, k)\n p = Softmax (s)\n y = MatMul (p, x)\n}',
      ),
      /keys is not known/,
    ],
    [
      'heads that share keys',
      modelOf(
        'a (float[2,9,2] x, float[1,2,9] k) => (float[2,9,2] y) {\n s = MatMul (x, k)\n p = Softmax (s)\n y = MatMul (p, x)\n}',
      ),
      /different numbers of heads/,
    ],
    [
      'no attention',
      modelOf('a (float[1,9] x) => (float[1,9] y) {\n y = Softmax (x)\n}'),
      undefined,
    ],
  ])('%s is left', async (_, model, reason) => {
    const { rules, reasons } = await rewrite(model);
    expect(rules).toEqual([]);
    expect(reasons).toEqual(reason ? [expect.stringMatching(reason)] : []);
  });
});

describe('bundles', () => {
  const UNET = 'samples/digits/digits-unet.onnx';
  test.each(EMITS)('DeepCache in a %s bundle is proved', async (emit) => {
    const compilation = await Pipeline.create({ calls: 4, emit, target: onnxruntimeCpu })
      .use(deepcache, { branch: 3, interval: 2 })
      .compile(loadModel(UNET));
    const folder = path.join(root, emit);
    writeBundle(compilation, folder, { sourceFile: UNET });
    const { passed, unproved } = await verifyBundle({ folder, model: UNET });
    expect({ passed, unproved }).toEqual({ passed: true, unproved: [] });
    // onnxruntime takes kernels inside a branch only from a file of one name
    const names = fs.statSync(path.join(folder, 'weights.bin')).nlink;
    if (emit === 'merged') expect(names).toBe(1);
    else expect(names).toBeGreaterThan(1);
    const report = JSON.parse(fs.readFileSync(path.join(folder, 'report.json'), 'utf8'));
    const rules = Object.values<{ rewrites: Record<string, number> }>(report.target.models);
    // the architecture's GroupNorms: two a residual block, one an attention, one before the end
    const norms = rules.map(({ rewrites }) => rewrites['channel-affine'] ?? 0);
    const models = compilation.lowered.models.size;
    expect(norms).toHaveLength(models);
    expect(Math.max(...norms)).toBeGreaterThan(20);
  });
  test('a transformer alone, without any pass, is proved', async () => {
    const file = 'samples/dit-digits/dit-digits.onnx';
    const compilation = await Pipeline.create({ calls: 2, target: onnxruntimeCpu }).compile(
      loadModel(file),
    );
    const folder = path.join(root, 'dit');
    writeBundle(compilation, folder, { sourceFile: file });
    expect((await verifyBundle({ folder, model: file })).passed).toBe(true);
    // six layers
    const [result] = compilation.target!.models.values();
    expect(result!.trace.map(({ rule }) => rule)).toEqual(Array(6).fill('tanh-gelu'));
  });
});
