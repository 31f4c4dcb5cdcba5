/** Where a module begins and ends, and which nodes are its own: one core, with other pieces around it. */
import { describe, expect, it, test } from 'vitest';
import { isZeroConstant } from '../../../src/compiler/analysis/attention/mask.js';
import { Graph } from '../../../src/model/ir/graph.js';
import { float32Tensor, int64Tensor } from '../../../src/model/ir/tensor.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { analyzed } from '../../helpers/attention-text.js';
import { namesOf } from '../../helpers/text.js';

const IDENTITY = '1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1';
const QKV = `[to_q] q = MatMul (x, w)
  [to_k] k = MatMul (x, w)
  [to_v] v = MatMul (x, w)`;
const SCORES = `kt = Transpose <perm = [0, 2, 1]> (k)
  s = MatMul (q, kt)`;
const MIX = `p = Softmax <axis = -1> (s)
  m = MatMul (p, v)`;

function found(body: string, outputs = 'float y') {
  const source = parseModel(`<ir_version: 8, opset_import: ["": 17, "com.microsoft": 1]>
    g (float[batch, 5, 4] x, float[batch, 5, 4] text) => (${outputs}) <
      float[4, 4] w = {${IDENTITY}}, float[4] b = {1, 2, 3, 4}, float[5, 2, 1] wc = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1},
      float[4, 12] w3 = {${Array.from({ length: 48 }, (_, i) => i % 5)}},
      int64[2] rows = {-1, 4}, int64[3] tokens = {-1, 5, 4}, float four = {4}
    > { ${body} }`);
  return analyzed(source).attention;
}

describe('the end', () => {
  /** The output projection, what it gives, and what leaves the module. */
  it.each<[string, string, string | undefined, string, string, string?]>([
    ['no layer', 'y = Relu (m)', undefined, 'm', 'm'],
    ['a layer', '[out] y = MatMul (m, w)', 'out', 'y', 'y'],
    ['a layer and a bias', '[out] a = MatMul (m, w)  y = Add (a, b)', 'out', 'a', 'y'],
    ['a bias and a layer', '[out] a = MatMul (m, w)  y = Add (b, a)', 'out', 'a', 'y'],
    ['a residual connection', '[out] a = MatMul (m, w)  y = Add (a, x)', 'out', 'a', 'a'],
    ['a gate', '[out] a = MatMul (m, w)  y = Mul (a, b)', 'out', 'a', 'a'],
    ['a layer twice', '[out] a = MatMul (m, w)  y = Add (a, a)', 'out', 'a', 'a'],
    [
      'a bias for one of two readers',
      '[out] a = MatMul (m, w)  c = Add (a, b)  d = Relu (a)  y = Add (c, d)',
      'out',
      'a',
      'a',
    ],
    ['a Cast on the way', 'c = Cast <to = 1> (m)  [out] y = MatMul (c, w)', 'out', 'y', 'y'],
    ['a sign on the way', 'c = Neg (m)  [out] y = MatMul (c, w)', undefined, 'm', 'm'],
    [
      'a layer in another layout, and back',
      `t = Transpose <perm = [0, 2, 1]> (m)  [out] c = MatMul (w, t)
       y = Transpose <perm = [0, 2, 1]> (c)`,
      'out',
      'c',
      'y',
    ],
    [
      'a layer in another layout, and not back',
      't = Transpose <perm = [0, 2, 1]> (m)  [out] c = MatMul (w, t)  y = Relu (c)',
      'out',
      'c',
      'c',
    ],
    [
      'a layer over rows, and back',
      'r = Reshape (m, rows)  [out] c = Gemm (r, w, b)  y = Reshape (c, tokens)',
      'out',
      'c',
      'y',
    ],
    [
      'a layout that comes back and goes on',
      `r = Reshape (m, rows)  [out] c = Gemm (r, w, b)  d = Reshape (c, tokens)
       y = Transpose (d)`,
      'out',
      'c',
      'd',
    ],
    [
      'rows that somebody else reads as well',
      `r = Reshape (m, rows)  [out] c = Gemm (r, w, b)  d = Reshape (c, tokens)
       e = Relu (c)  f = Reshape (e, tokens)  y = Add (d, f)`,
      'out',
      'c',
      'c',
    ],
    [
      'what the graph gives out',
      '[out] y = MatMul (m, w)',
      undefined,
      'm',
      'm',
      'float y, float m',
    ],
    ['two readers', '[out] a = MatMul (m, w)  r = Relu (m)  y = Add (a, r)', undefined, 'm', 'm'],
    [
      'a reader of its size alone beside the layer',
      'n = Shape (m)  [out] a = MatMul (m, w)  y = Expand (a, n)',
      'out',
      'a',
      'a',
    ],
    [
      'a product with what is no weight',
      'xt = Transpose <perm = [0, 2, 1]> (x)  y = MatMul (m, xt)',
      undefined,
      'm',
      'm',
    ],
    ['a layer that no attention ends in', 'y = ConvTranspose (m, wc)', undefined, 'm', 'm'],
  ])('%s', (_, tail, layer, projected, output, outputs) => {
    const attention = found(`${QKV} ${SCORES} ${MIX} ${tail}`, outputs);
    expect(attention.mixed.name).toBe('m');
    expect([
      attention.outputProjection?.label,
      attention.projected.name,
      attention.output.name,
    ]).toEqual([layer, projected, output]);
  });
});

describe('the module', () => {
  const CORE = ['k', 'kt', 'm', 'p', 'q', 's', 'v'];
  it.each<[string, string, readonly string[]]>([
    [
      'a number made for it',
      `root = Sqrt (four)  ${QKV} ${SCORES.replace('s =', 's0 =')}
      s = Div (s0, root) ${MIX}  y = Relu (m)`,
      ['root', 's0'],
    ],
    [
      'a number that is read elsewhere as well',
      `root = Sqrt (four)  ${QKV} ${SCORES.replace('s =', 's0 =')}
      s = Div (s0, root) ${MIX}  y = Div (m, root)`,
      ['s0'],
    ],
    [
      'a size that is read off on the way',
      `${QKV} n = Shape (q)  q1 = Relu (q)  q2 = Expand (q1, n)
      ${SCORES.replace('(q,', '(q2,')} ${MIX}  y = Relu (m)`,
      ['n', 'q1', 'q2'],
    ],
    [
      'what is made of one of its values for others',
      `${QKV} ${SCORES} ${MIX} side = Relu (q)
      y = Add (m, side)`,
      [],
    ],
  ])('has %s', (_, body, more) => {
    const made = namesOf(found(body).module).sort();
    expect(made).toEqual([...CORE, ...more].sort());
  });
});

describe('q, k and v', () => {
  it.each<[string, string, boolean, 'self' | 'cross', string | undefined]>([
    ['of layers of their own', QKV, false, 'self', 'x'],
    [
      'of one layer',
      '[to_all] all = MatMul (x, w3)  q, k, v = Split <axis = -1> (all, thirds)',
      true,
      'self',
      'x',
    ],
    [
      'q and k of one layer',
      '[to_both] q = MatMul (x, w)  k = Relu (q)  [to_v] v = MatMul (x, w)',
      false,
      'self',
      'x',
    ],
    [
      'q of a layer of its own',
      '[to_q] q = MatMul (x, w)  [to_both] k = MatMul (x, w)  v = Relu (k)',
      false,
      'self',
      'x',
    ],
    [
      'v of a text, whatever q and k',
      '[to_q] q = MatMul (x, w)  [to_k] k = MatMul (x, w)  [to_v] v = MatMul (text, w)',
      false,
      'self',
      undefined,
    ],
    [
      'k and v of a text',
      '[to_q] q = MatMul (x, w)  [to_k] k = MatMul (text, w)  [to_v] v = MatMul (text, w)',
      false,
      'cross',
      undefined,
    ],
    [
      'k of what another value changed',
      `[to_q] q = MatMul (x, w)  changed = Add (x, text)
       [to_k] k = MatMul (changed, w)  [to_v] v = MatMul (x, w)`,
      false,
      'cross',
      undefined,
    ],
    [
      'k of what numbers changed',
      `[to_q] q = MatMul (x, w)  changed = Add (x, b)
       [to_k] k = MatMul (changed, w)  [to_v] v = MatMul (x, w)`,
      false,
      'self',
      'x',
    ],
    [
      'q of what numbers changed',
      `changed = Add (x, b)  [to_q] q = MatMul (changed, w)
       [to_k] k = MatMul (x, w)  [to_v] v = MatMul (x, w)`,
      false,
      'self',
      'x',
    ],
  ])('%s', (_, body, packed, kind, input) => {
    const thirds = body.includes('thirds') ? 'thirds = Constant <value_ints = [4, 4, 4]> ()' : '';
    const attention = found(`${thirds} ${body} ${SCORES} ${MIX} y = Relu (m)`);
    expect([attention.packed, attention.kind, attention.input?.name]).toEqual([
      packed,
      kind,
      input,
    ]);
    expect(attention.id).toBe(kind === 'self' ? 'attention.0' : undefined);
  });
});

test('a constant is known to be zeros where it is of floats, and not too large to look at', () => {
  const graph = new Graph();
  const zeros = (count: number) => float32Tensor(new Array<number>(count).fill(0));
  const isZero = (tensor: Parameters<typeof graph.addInitializer>[1]) =>
    isZeroConstant(graph.addInitializer('c', tensor));
  expect(isZero(zeros(3))).toBe(true);
  expect(isZero(float32Tensor([0, -0]))).toBe(true);
  expect(isZero(float32Tensor([0, 1e-30]))).toBe(false);
  expect(isZero(float32Tensor([Number.NaN]))).toBe(false);
  expect(isZero(int64Tensor([0, 0]))).toBe(false);
  expect(isZero({ dtype: 'float32', dims: [2], data: { kind: 'none' } } as never)).toBe(false);
  expect(isZero(zeros(2 ** 20))).toBe(true);
  expect(isZero(zeros(2 ** 20 + 1))).toBe(false);
  expect(isZeroConstant(graph.addInput('x'))).toBe(false);
});
