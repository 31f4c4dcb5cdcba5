/** What looks like attention and is none, and what is attention though it may not look like it. */
import { describe, expect, test } from 'vitest';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';

const INPUTS =
  'float[batch, 6, 4] x, float[batch, 3, 4] text, float[6] positions, float[1, 6] bias';
const WEIGHT = 'float[4, 4] w = {1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1}';

const model = (body: string, constants = '', opset = 17): Model =>
  parseModel(`<ir_version: 8, opset_import: ["": ${opset}, "com.microsoft": 1]>
    g (${INPUTS}) => (float y) <${[WEIGHT, constants].filter(Boolean).join(', ')}> { ${body} }`);

function analyze(body: string, constants = '', opset = 17) {
  const source = model(body, constants, opset);
  return findAttention(source.graph, inferShapes(source));
}

const QKV = `q = MatMul (x, w)
  [to_k] k = MatMul (x, w)
  [to_v] v = MatMul (x, w)`;
const SCORES = `${QKV}
  kt = Transpose <perm = [0, 2, 1]> (k)
  [scores] s = MatMul (q, kt)`;
const END = `[normalise] p = Softmax <axis = -1> (m)
  [mix] y = MatMul (p, v)`;

describe('refused, with the node and the condition', () => {
  test.each<[string, string, string, string, string?, number?]>([
    ['no product', '[normalise] y = Softmax (x)', 'normalise', 'no matrix product lies behind'],
    [
      'classes of a layer',
      `[classes] c = MatMul (x, w)
      [normalise] y = Softmax (c)`,
      'normalise',
      'comes from the layer "classes"',
    ],
    [
      'scores that two products add up to',
      `${SCORES}
      r = MatMul (k, kt)
      m = Add (s, r)
      ${END}`,
      'normalise',
      '2 products of activations lie behind its input',
    ],
    [
      'probabilities that nothing multiplies',
      `${SCORES}
      [normalise] y = Softmax <axis = -1> (s)`,
      'normalise',
      'no product of activations reads its output',
    ],
    [
      'probabilities for two products',
      `${SCORES}
      [normalise] p = Softmax <axis = -1> (s)
      a = MatMul (p, v)
      b = MatMul (p, k)
      y = Add (a, b)`,
      'normalise',
      '2 products read its output',
    ],
    [
      'probabilities on both sides',
      `${SCORES}
      [normalise] p = Softmax <axis = -1> (s)
      [mix] y = MatMul (p, p)`,
      'normalise',
      '"mix" multiplies its output with itself',
    ],
    [
      'a Softmax over the batch',
      `${SCORES}
      [normalise] p = Softmax <axis = 0> (s)
      y = MatMul (p, v)`,
      'normalise',
      'over an axis that q and k share',
    ],
    [
      'keys that two layers add up to',
      `${QKV}
      [of_text] kx = MatMul (text, w)
      both = Add (k, kx)
      kt = Transpose <perm = [0, 2, 1]> (both)
      s = MatMul (q, kt)
      [normalise] p = Softmax <axis = -1> (s)
      y = MatMul (p, v)`,
      'normalise',
      'comes from 2 layers ("of_text", "to_k")',
    ],
    [
      'an operator whose keys come from two layers',
      `${QKV}
      [of_text] kx = MatMul (text, w)
      both = Add (k, kx)
      [all] y = com.microsoft.MultiHeadAttention <num_heads = 2> (q, both, both)`,
      'all',
      'comes from 2 layers ("of_text", "to_k")',
    ],
    [
      'an operator that keeps keys',
      `${QKV}
      [all] y = Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v, , past, past)`,
      'all',
      'that an earlier call has kept',
      'float[1, 2, 1, 2] past = {1, 2, 3, 4}',
      23,
    ],
    [
      'an operator that is not known',
      `${QKV}
      [all] y = com.microsoft.GroupQueryAttention <num_heads = 2, kv_num_heads = 2> (q, k, v)`,
      'all',
      'com.microsoft.GroupQueryAttention is not taken apart',
    ],
    [
      'a Softmax behind attention',
      `${QKV}
      [all] a = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)
      [normalise] y = Softmax <axis = -1> (a)`,
      'normalise',
      '"all", which is attention itself',
    ],
  ])('%s', (_, body, node, reason, constants, opset) => {
    const { refused } = analyze(body, constants, opset);
    expect(refused).toEqual([{ node, reason: expect.stringContaining(reason) }]);
  });
});

describe('masks', () => {
  const steep = Array.from({ length: 36 }, (_, i) => (i % 6 > i / 6 ? -9 : 0)).join(', ');
  test.each<[string, string, string | undefined, string?]>([
    ['a value that is fed', 'm = Add (s, bias)', 'bias'],
    [
      'a table that is not all zeros',
      'm = Add (table, s)',
      'table',
      `float[6, 6] table = {${steep}}`,
    ],
    ['a table of zeros', 'm = Add (s, table)', undefined, `float[6] table = {0, 0, 0, 0, 0, 0}`],
    ['one number', 'm = Add (s, one)', undefined, 'float[1, 1] one = {-3}'],
    [
      'one number that is computed',
      `size = Size (x)
      number = Cast <to = 1> (size)
      m = Sub (s, number)`,
      undefined,
    ],
    [
      'a choice by a table',
      'm = Where (table, s, low)',
      'table',
      'bool[6] table = {1, 1, 1, 1, 1, 0}, float low = {-9}',
    ],
    [
      'what is made for the scores, not what it is made of',
      `one_less = Sub (one, bias)
      made = Mul (one_less, one)
      m = Add (s, made)`,
      'made',
      'float one = {1}',
    ],
  ])('%s', (_, body, expected, constants) => {
    const { found } = analyze(`${SCORES} ${body} ${END}`, constants);
    expect(found.map((a) => a.mask?.name)).toEqual([expected]);
  });
});

describe('masks of operators', () => {
  test.each<[string, string, string | undefined, string?]>([
    [
      'one length for one image',
      'Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v, , , , length)',
      'length',
      'int64[1] length = {4}',
    ],
    ['a table', 'Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v, bias)', 'bias'],
    [
      'a table of zeros',
      'Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v, none)',
      undefined,
      'float[1, 6] none = {0, 0, 0, 0, 0, 0}',
    ],
    [
      'padding',
      'com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v, , keys)',
      'keys',
      'int32[1] keys = {5}',
    ],
  ])('%s', (_, operator, expected, constants) => {
    const { found } = analyze(`${QKV} y = ${operator}`, constants, 24);
    expect(found.map((a) => a.mask?.name)).toEqual([expected]);
  });
});

describe('found', () => {
  test('with a rotary embedding whose angles are a product of positions', () => {
    const { found, refused } = analyze(
      `${QKV}
      column = Unsqueeze (positions, last)
      angles = MatMul (column, frequencies)
      cosine = Cos (angles)
      sine = Sin (angles)
      a = Mul (q, cosine)
      b = Mul (k, sine)
      kt = Transpose <perm = [0, 2, 1]> (b)
      m = MatMul (a, kt)
      ${END}`,
      'int64[1] last = {1}, float[1, 4] frequencies = {1, 0.1, 0.01, 0.001}',
    );
    expect(refused).toEqual([]);
    expect(found.map((a) => [a.kind, ...a.k.projections.map((node) => node.name)])).toEqual([
      ['self', 'to_k'],
    ]);
  });

  const JOINED = `${QKV}
      [of_text] kx = MatMul (text, w)
      kboth = Concat <axis = 1> (k, kx)
      vboth = Concat <axis = 1> (v, kx)
      kt = Transpose <perm = [0, 2, 1]> (kboth)`;

  test('as cross-attention where the keys are those of image and text', () => {
    const { found, refused } = analyze(`${JOINED}
      s = MatMul (q, kt)
      p = Softmax <axis = -1> (s)
      y = MatMul (p, vboth)`);
    expect(refused).toEqual([]);
    expect(found.map((a) => [a.kind, ...a.k.sources.map((v) => v.name)])).toEqual([
      ['cross', 'x', 'text'],
    ]);
  });

  test('as attention of image and text to both, where each has layers of its own', () => {
    const { found, refused } = analyze(`${JOINED}
      [q_of_text] qx = MatMul (text, w)
      qboth = Concat <axis = 1> (q, qx)
      s = MatMul (qboth, kt)
      p = Softmax <axis = -1> (s)
      y = MatMul (p, vboth)`);
    expect(refused).toEqual([]);
    expect(found.map((a) => [a.kind, ...a.q.projections.map((n) => n.output.name)])).toEqual([
      ['self', 'q', 'qx'],
    ]);
  });

  test('with v made of the same value as q and k, though by another way', () => {
    const { found } = analyze(
      `with_position = Add (x, position)
      q = MatMul (with_position, w)
      k = MatMul (with_position, w)
      v = MatMul (x, w)
      kt = Transpose <perm = [0, 2, 1]> (k)
      m = MatMul (q, kt)
      ${END}`,
      `float[6, 4] position = {${Array.from({ length: 24 }, (_, i) => i)}}`,
    );
    expect(found.map((a) => [a.kind, a.input?.name])).toEqual([['self', 'x']]);
    // the position is added inside
    expect(found[0]!.module.size).toBe(8);
  });

  test('as cross-attention where the other sequence goes in as well', () => {
    const { found } = analyze(
      `joined = Concat <axis = 1> (x, text)
      q = MatMul (x, w)
      k = MatMul (joined, w)
      v = MatMul (joined, w)
      kt = Transpose <perm = [0, 2, 1]> (k)
      m = MatMul (q, kt)
      ${END}`,
    );
    expect(found.map((a) => [a.kind, a.id, a.input])).toEqual([['cross', undefined, undefined]]);
  });

  test('and numbered in topological order, whatever the order in the file', () => {
    const source = model(
      `${SCORES}
      p = Softmax <axis = -1> (s)
      y1 = MatMul (p, v)
      q2 = MatMul (y1, w)
      k2 = Transpose <perm = [0, 2, 1]> (q2)
      m = MatMul (q2, k2)
      ${END.replace('(p, v)', '(p2, q2)').replace('p =', 'p2 =')}`,
    );
    source.graph.reorder([...source.graph.nodes].reverse());
    const { found } = findAttention(source.graph, inferShapes(source));
    expect(found.map((a) => [a.id, a.mix.output.name])).toEqual([
      ['attention.0', 'y1'],
      ['attention.1', 'y'],
    ]);
  });
});
