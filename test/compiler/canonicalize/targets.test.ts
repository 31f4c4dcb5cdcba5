/** Sizes that are computed and become constants: near misses of each rule, and what the engine makes of both. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import type { Rule } from '../../../src/compiler/canonicalize/rewrite.js';
import { reshapeTarget } from '../../../src/compiler/canonicalize/rules/reshape-target.js';
import { resizeScale } from '../../../src/compiler/canonicalize/rules/resize-scale.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import { readNumbers } from '../../../src/model/ir/tensor.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';
import { runModel } from '../../model/shape/engine.js';

/** Sizes of x by name, each a list of one. */
const SIZES = `shape = Shape (x)
  n = Slice (shape, zero, one)
  h = Slice (shape, one, two)
  w = Slice (shape, two, three)`;
const NUMBERS = `<int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3},
  int64[1] far = {99}, int64[1] open = {-1}>`;

const modelWith = (body: string, inputs = 'float[n, h, w] x', opset = 17) =>
  modelOf(`g (${inputs}) => (y) ${NUMBERS} { ${SIZES}\n ${body} }`, opset);

/** What a rule makes of the node that makes y, in a few words. */
function made(rule: Rule, model: ReturnType<typeof modelOf>, opset = 17): string {
  const node = named(model, 'y').producer!;
  const rewrite = rule(node, { shapes: inferShapes(model), opset });
  if (!rewrite) return 'nothing';
  const shown = (to: unknown) =>
    to && typeof to === 'object' && 'dims' in to ? `[${readNumbers(to as never)}]` : 'none';
  if (rewrite.operands)
    return rewrite.operands.map(({ index, to }) => `${index}: ${shown(to)}`).join(', ');
  const { to } = rewrite.replace![0]!;
  if (!('steps' in to)) throw new Error('other nodes were expected');
  return to.steps
    .map(({ opType, inputs, attributes }) => {
      const axes = attributes?.axes?.type === 'ints' ? ` axes ${attributes.axes.value}` : '';
      return opType + axes + inputs.map((v) => (v && 'dims' in v ? ` ${shown(v)}` : '')).join('');
    })
    .join(', ');
}

describe('a Reshape', () => {
  test.each<[string, string, string, string?]>([
    ['to the same sizes', 't = Concat <axis = 0> (n, h, w) y = Reshape (x, t)', '1: [0,0,0]'],
    ['that is an Expand', 't = Concat <axis = 0> (n, h, w) y = Expand (x, t)', 'nothing'],
    [
      'to numbers',
      't = Concat <axis = 0> (two, open) y = Reshape (x, t)',
      '1: [2,2]',
      'float[4] x',
    ],
    ['by a constant', 'c = Constant <value = int64[2] {0, -1}> () y = Reshape (x, c)', 'nothing'],
    ['to what is fed', 'y = Reshape (x, t)', 'nothing', 'float[n, h, w] x, int64[r] t'],
    [
      'of what has no known shape',
      'o = own.Thing (x) t = Concat <axis = 0> (two, three) y = Reshape (o, t)',
      'nothing',
    ],
    [
      'to one size that is left',
      'm = Mul (h, w) t = Concat <axis = 0> (n, m) y = Reshape (x, t)',
      '1: [0,-1]',
    ],
    ['to two sizes out of place', 't = Concat <axis = 0> (w, h, n) y = Reshape (x, t)', 'nothing'],
    [
      'to one axis in front',
      'm = Mul (n, h) t = Concat <axis = 0> (one, m, w) y = Reshape (x, t)',
      '1: [1,-1,0]',
    ],
    [
      'that folds one axis into another',
      'm = Mul (n, h) t = Concat <axis = 0> (m, w) y = Reshape (x, t)',
      'Reshape [1,-1,0], Squeeze [0]',
    ],
    [
      'that splits one axis off',
      'm = Div (n, two) t = Concat <axis = 0> (m, two, h, w) y = Reshape (x, t)',
      'Unsqueeze [0], Reshape [-1,2,0,0]',
    ],
    [
      'where zeros do not copy, and none is said',
      'm = Mul (h, w) k = Mul (m, n) y = Reshape <allowzero = 1> (x, k)',
      '1: [-1]',
    ],
    [
      'where zeros do not copy',
      'm = Mul (h, w) t = Concat <axis = 0> (n, m) y = Reshape <allowzero = 1> (x, t)',
      'Reshape [0,-1]',
    ],
    [
      'of nothing',
      'm = Mul (h, w) t = Concat <axis = 0> (zero, m) y = Reshape <allowzero = 1> (x, t)',
      'nothing',
      'float[0, h, w] x',
    ],
  ])('%s', (_, body, expected, inputs) => {
    expect(made(reshapeTarget, modelWith(body, inputs))).toBe(expected);
  });

  test.each([11, 12, 13, 17])('by an axis of its own, opset %i', async (opset) => {
    const body = 'm = Mul (n, h) t = Concat <axis = 0> (m, w) y = Reshape (x, t)';
    const source = modelWith(body, undefined, opset);
    const expected = `Reshape [1,-1,0], Squeeze${opset < 13 ? ' axes 0' : ' [0]'}`;
    expect(made(reshapeTarget, source, opset)).toBe(expected);
    await expectSame(source, [
      [2, 3, 4],
      [1, 1, 5],
    ]);
  });
});

describe('a Resize', () => {
  const twice = (how: string, inputs = '(x, , , t)') =>
    `a = Mul (h, two) b = Mul (w, two) t = Concat <axis = 0> (n, a, b)
     y = Resize <mode = "nearest"${how}> ${inputs}`;
  const scaled = '2: [1,2,2], 3: none';

  test.each<[string, string, string, string?]>([
    ['to twice the size', twice(''), scaled],
    ['that stretches, as it says', twice(', keep_aspect_ratio_policy = "stretch"'), scaled],
    ['of some axes', twice(', axes = [0, 1, 2]'), 'nothing'],
    [
      'to as many times as there are, and half',
      'a = Div (h, two) t = Concat <axis = 0> (n, a, w) y = Resize (x, , , t)',
      'nothing',
    ],
    [
      'to nothing',
      't = Concat <axis = 0> (n, zero, w) y = Resize (x, , , t)',
      'nothing',
      'float[n, 4, w] x',
    ],
    ['by scales', 's = Constant <value = float[3] {1, 2, 2}> () y = Resize (x, , s)', 'nothing'],
    [
      'to sizes in numbers',
      't = Constant <value = int64[3] {1, 4, 6}> () y = Resize (x, , , t)',
      'nothing',
      'float[1, 2, 3] x',
    ],
    ['to sizes that are fed', 'y = Resize (x, , , t)', 'nothing', 'float[n, h, w] x, int64[3] t'],
    ['of what has no known shape', 'o = own.Thing (x) y = Resize (o, , , shape)', 'nothing'],
    ['of nothing', twice('', '( , , , t)'), 'nothing'],
  ])('%s', (_, body, expected, inputs) => {
    expect(made(resizeScale, modelWith(body, inputs))).toBe(expected);
  });

  test.each(['not_larger', 'not_smaller'])('that is %s, to sizes that the file says', (policy) => {
    const model = modelWith(twice(`, keep_aspect_ratio_policy = "${policy}"`), undefined, 18);
    named(model, 'y').type = tensorType('float32', ['n', '2*h', '2*w']);
    expect(made(resizeScale, model, 18)).toBe('nothing');
  });

  test.each([11, 13, 18])('gives the same, opset %i', async (opset) => {
    for (const mode of ['half_pixel', 'align_corners', 'asymmetric', 'pytorch_half_pixel'])
      await expectSame(
        modelWith(
          `a = Mul (h, two) b = Mul (w, three) t = Concat <axis = 0> (n, a, b)
           roi = Constant <value = float[0] {}> ()
           y = Resize <mode = "linear", coordinate_transformation_mode = "${mode}"> (x, roi, ${opset < 13 ? 'roi' : ''}, t)`,
          undefined,
          opset,
        ),
        [
          [1, 3, 2],
          [1, 1, 5],
        ],
      );
  });
});

/** Bit for bit, at some sizes, with what is no number among the numbers. */
async function expectSame(
  source: ReturnType<typeof modelOf>,
  sizes: readonly (readonly number[])[],
): Promise<void> {
  const { model } = cloneModel(source);
  const { trace } = await canonicalize.run(model);
  expect(trace.some(({ rule }) => rule.startsWith('res'))).toBe(true);
  for (const dims of sizes) {
    const count = dims.reduce((a, b) => a * b, 1);
    const numbers = Float32Array.from({ length: count }, (_, i) =>
      i === 3 ? Number.POSITIVE_INFINITY : i % 7 === 0 ? -0 : i - 4.5,
    );
    const feeds = { x: new ort.Tensor('float32', numbers, dims) };
    const [before, after] = [await runModel(source, feeds), await runModel(model, feeds)];
    expect(after.y!.dims).toEqual(before.y!.dims);
    expect(after.y!.data).toEqual(before.y!.data);
  }
}

describe('known numbers', () => {
  test('of two results become constants where they are read, and are told so', async () => {
    const model = modelOf(`g (float[4, n] x) => (float[4, n] y, float[4, n] z) {
      shape = Shape (x)
      parts = Constant <value = int64[2] {1, 1}> ()
      a, b = Split <axis = 0> (shape, parts)
      one = Constant <value = int64[1] {1}> ()
      first, other = Split <axis = 0> (a, one)
      d = Cast <to = 1> (a)
      y = Mul (x, d)
      z = Neg (x)
    }`);
    const { trace } = await canonicalize.run(model);
    const known = trace.filter(({ rule }) => rule === 'known-integers');
    expect(known.map(({ values }) => values)).toEqual([['a']]);
  });
});
