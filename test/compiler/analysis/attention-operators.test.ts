/** How each operator of attention is to be read, by the documentation of ONNX and of onnxruntime. */
import { describe, expect, it, test } from 'vitest';
import { raiseCore } from '../../../src/compiler/analysis/attention/index.js';
import { operatorForm } from '../../../src/compiler/analysis/attention/operator.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import {
  analyzed,
  attentionModel,
  HEADS_APART,
  WIDTH,
  weight,
  X,
} from '../../helpers/attention-text.js';
import { modelFor } from '../../helpers/halves.js';
import { relativeDifference } from '../../helpers/injectable.js';
import { raisedModel } from '../../helpers/raised.js';
import { named } from '../../helpers/text.js';
import { randomFeeds, runModel } from '../../model/shape/engine.js';

/** Two images, five tokens, three heads of four: as tokens, heads apart, packed of three and of two. */
const INPUTS = `float[2, 3, 5, 4] apart, float[2, 5, 3, 3, 4] all, float[2, 5, 3, 2, 4] both,
  float[12, 36] w, float[12, 48] wide, float[36] b, float[2, 1, 5, 5] m, int32[2] lengths, float[2, 3, 1, 4] kept`;
const multi = (inputs: string, more = '') =>
  `y = com.microsoft.MultiHeadAttention <num_heads = 3${more}> (${inputs})`;
const own = (inputs: string, more = '') =>
  `y = com.microsoft.Attention <num_heads = 3${more}> (${inputs})`;
const onnx = (inputs: string, more = '') =>
  `y = Attention <q_num_heads = 3, kv_num_heads = 3${more}> (${inputs})`;

function formOf(body: string) {
  const model = modelFor({ x: '2, 5, 12', inputs: INPUTS, body, opset: 24 });
  return operatorForm(named(model, 'y').producer!, inferShapes(model));
}

/** Layout and part of q, k and v. */
function operandsOf(body: string): string {
  const form = formOf(body);
  if ('reason' in form) throw new Error(form.reason);
  for (const { heads, tokens, size } of [form.q, form.k, form.v])
    expect([heads, tokens, size].map((d) => d?.constant)).toEqual([3, 5, 4]);
  return [form.q, form.k, form.v]
    .map(({ value, layout, part }) => `${value.name} ${layout} ${part}`)
    .join(', ');
}

test.each([
  [multi('x, x, x'), 'x tokens 0, x tokens 0, x tokens 0'],
  [multi('x, apart, apart'), 'x tokens 0, apart heads 0, apart heads 0'],
  [multi('x, both'), 'x tokens 0, both packed 0, both packed 1'],
  [multi('all'), 'all packed 0, all packed 1, all packed 2'],
  [own('x, w, b'), 'x tokens 0, x tokens 0, x tokens 0'],
  [onnx('x, x, x'), 'x tokens 0, x tokens 0, x tokens 0'],
  [onnx('apart, x, apart'), 'apart heads 0, x tokens 0, apart heads 0'],
  ['y = Attention (apart, apart, apart)', 'apart heads 0, apart heads 0, apart heads 0'],
])('operands of %s', (body, expected) => {
  expect(operandsOf(body)).toBe(expected);
});

const PLAIN = {
  projectsItself: false,
  scale: undefined,
  softcap: undefined,
  precision: undefined,
  headsApart: false,
  causal: false,
  more: undefined,
  bias: undefined,
  masks: [],
};

test.each<[string, object]>([
  [multi('x, x, x'), {}],
  [multi('x, x, x, b'), { bias: 'b' }],
  [multi('x, x, x', ', scale = 0.5'), { scale: 0.5 }],
  [multi('x, x, x', ', scale = 0.0'), {}],
  [multi('x, x, x', ', unidirectional = 1'), { causal: true }],
  [multi('x, x, x, , lengths'), { masks: ['lengths'] }],
  [multi('x, x, x, , lengths, m'), { masks: ['lengths', 'm'] }],
  [own('x, w'), { projectsItself: true }],
  [own('x, w, b'), { projectsItself: true, bias: 'b' }],
  [own('x, w, b, lengths'), { projectsItself: true, bias: 'b', masks: ['lengths'] }],
  [own('x, w, , , , m'), { projectsItself: true, masks: ['m'] }],
  [own('x, w', ', scale = 0.5'), { projectsItself: true, scale: 0.5 }],
  [own('x, w', ', scale = 0.0'), { projectsItself: true }],
  [own('x, w', ', unidirectional = 1'), { projectsItself: true, causal: true }],
  [
    own('x, w', ', do_rotary = 1'),
    { projectsItself: true, more: 'it turns q and k by their positions' },
  ],
  [onnx('x, x, x'), {}],
  [onnx('apart, x, x'), { headsApart: true }],
  [onnx('x, apart, apart'), {}],
  [onnx('x, x, x', ', scale = 0.5'), { scale: 0.5 }],
  [onnx('x, x, x', ', softcap = 2.0'), { softcap: 2 }],
  [onnx('x, x, x', ', softcap = 0.0'), {}],
  [onnx('x, x, x', ', softmax_precision = 1'), { precision: 1 }],
  [onnx('x, x, x', ', is_causal = 1'), { causal: true }],
  [onnx('x, x, x, m'), { masks: ['m'] }],
  [onnx('x, x, x, , , , lengths'), { masks: ['lengths'] }],
  [onnx('x, x, x', ', left_window_size = 0'), { more: 'it attends within a window of its own' }],
  [onnx('x, x, x', ', right_window_size = 2'), { more: 'it attends within a window of its own' }],
  [onnx('x, x, x', ', left_window_size = -1, right_window_size = -1'), {}],
])('beside them, %s', (body, expected) => {
  const { node, q, k, v, masks, bias, ...form } = formOf(body) as Exclude<
    ReturnType<typeof formOf>,
    { reason: string }
  >;
  expect({ ...form, bias: bias?.name, masks: masks.map((m) => m.name) }).toEqual({
    ...PLAIN,
    ...expected,
  });
});

test('widths of q, k and v that are said, or are a third each', () => {
  const widths = (body: string) => {
    const form = formOf(body);
    if ('reason' in form) throw new Error(form.reason);
    return [form.q, form.k, form.v].map(({ size }) => size?.constant);
  };
  expect(widths(own('x, wide', ', qkv_hidden_sizes = [12, 12, 24]'))).toEqual([4, 4, 8]);
  expect(widths(own('x, w'))).toEqual([4, 4, 4]);
  expect(widths(own('x, m'))).toEqual([undefined, undefined, undefined]);
});

test.each<[string, string]>([
  [multi('x, , x'), 'it lacks q, k or v'],
  [multi(', x, x'), 'it lacks q, k or v'],
  [onnx('x, x'), 'it lacks q, k or v'],
  [onnx('x, , x'), 'it lacks q, k or v'],
  [onnx(', x, x'), 'it lacks q, k or v'],
  [own('x'), 'it lacks its input or weight'],
  [own(', w'), 'it lacks its input or weight'],
  ['y = com.microsoft.MultiHeadAttention (x, x, x)', 'it does not say how many heads it has'],
  [multi('x, x, x, , , , kept, kept'), 'that an earlier call has kept'],
  [multi('x, x, x, , , , , kept'), 'that an earlier call has kept'],
  [own('x, w, b, , kept'), 'that an earlier call has kept'],
  [onnx('x, x, x, , kept, kept'), 'that an earlier call has kept'],
  [onnx('x, x, x, , , kept'), 'that an earlier call has kept'],
  ['y = com.microsoft.PackedAttention <num_heads = 3> (x, w, b)', 'is not taken apart'],
])('%s: %s', (body, reason) => {
  expect(formOf(body)).toMatchObject({ reason: expect.stringContaining(reason) });
});

describe('raised, it computes what it did', () => {
  const SIX = { values: 6 };
  it.each<[string, string, Parameters<typeof attentionModel>[1]?]>([
    [
      'with a scale that follows from the size',
      'o = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)',
    ],
    [
      'with v of another width',
      'o = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)',
      SIX,
    ],
    [
      'with v of another width and a bias',
      'o = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v, bias)',
      { ...SIX, constants: weight('bias', [2 * WIDTH + 6], 4) },
    ],
    ['with heads apart', `${HEADS_APART} o = Attention (qh, kh, vh)`, { opset: 23 }],
    [
      'with a result that nobody reads',
      'o, keys, values = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)',
    ],
    [
      'with a mask of zeros',
      'o = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v, , , none)',
      { constants: `float[1, 1, 5, 5] none = {${Array(25).fill(0).join()}}` },
    ],
  ])('%s', async (_, body, options) => {
    const source = attentionModel(body, options);
    const { attention, shapes } = analyzed(source);
    const { model } = raisedModel(source, attention, shapes);
    const feeds = randomFeeds(source, { x: X });
    const [expected, actual] = [await runModel(source, feeds), await runModel(model, feeds)];
    expect(actual.y!.dims).toEqual(expected.y!.dims);
    expect(relativeDifference(actual.y!, expected.y!)).toBeLessThan(1e-5);
  });
});

test.each<[string, string, Parameters<typeof attentionModel>[1]?]>([
  [
    'it adds a bias to operands whose heads are apart',
    `${HEADS_APART} o = com.microsoft.MultiHeadAttention <num_heads = 2> (q, kh, vh, bias)`,
    { constants: weight('bias', [12], 4) },
  ],
  [
    'it attends within a window of its own',
    'o = Attention <q_num_heads = 2, kv_num_heads = 2, left_window_size = 1> (q, k, v)',
    { opset: 23 },
  ],
  [
    'q has 2 heads, k 2 and v 1',
    `one = Constant <value_ints = [1]> ()  v1 = Unsqueeze (v, one)
     o = Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v1)`,
    { opset: 23 },
  ],
  [
    'the type or the size of its heads is not known',
    'o = com.microsoft.MultiHeadAttention <num_heads = 3> (q, k, v)',
  ],
  [
    'projects q, k and v by itself',
    'wide = Concat <axis = 1> (wq, wk, wv)  o = com.microsoft.Attention <num_heads = 2> (x, wide)',
  ],
])('%s', (reason, body, options) => {
  const { attention, shapes } = analyzed(attentionModel(body, options));
  expect(raiseCore(attention, shapes)).toMatchObject({ reason: expect.stringContaining(reason) });
});
