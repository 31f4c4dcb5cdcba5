/** Attention spelled as two products, and softmaxes of other things. */
import { expect, test } from 'vitest';
import { applyTarget, onnxruntimeCpu } from '../../../src/compiler/targets/index.js';
import { attrNumber } from '../../../src/model/ir/attribute.js';
import { ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { expectLeft, list, rewrite, tensor } from './rewrite.js';

const KEYS = 1024;

interface Parts {
  /** From the product of queries and keys to `p`. */
  readonly way?: string;
  readonly end?: string;
  readonly inputs?: string;
  readonly opset?: number;
}

const Q = 'float[n,3,2] q';
const K = `float[n,2,${KEYS}] k`;
const V = `float[n,${KEYS},5] v`;

function three(parts: Parts = {}) {
  const {
    way = 'p = Softmax <axis = -1> (s)',
    end = 'y = MatMul (p, v)',
    inputs = `${Q}, ${K}, ${V}`,
  } = parts;
  return modelOf(
    `attention (${inputs}) => (float[] y)
<float f = {0.7}, float zero = {0}, float minus = {-0.5}, float four = {4}, float[1,1,1,1] wide = {0.7}, float[1,1,2] two = {0.5, 0.5}, float tiny = {1e-30}, float huge = {1e30}, float[1,1,${KEYS}] mask = {${list(KEYS, (i) => -(i % 3))}}, float[1,1,${KEYS}] same = {${list(KEYS, () => 0.5)}}> {
  s = MatMul (q, k)
  ${way}
  ${end}
}`,
    parts.opset,
  );
}

const feed = (n: number) => ({ q: tensor(n, 3, 2), k: tensor(n, 2, KEYS), v: tensor(n, KEYS, 5) });
const feeds = [feed(1), feed(2), feed(0)];

test.each<[string, Parts, number]>([
  ['without a scale', {}, 1],
  ['of no axis', { way: 'p = Softmax (s)' }, 1],
  ['over the last axis by its place', { way: 'p = Softmax <axis = 2> (s)' }, 1],
  ['over the last axis, before opset 13', { way: 'p = Softmax <axis = 2> (s)', opset: 11 }, 1],
  ['of no axis, in opset 13', { way: 'p = Softmax (s)', opset: 13 }, 1],
  ['of queries of unknown number', { inputs: `float[n,t,2] q, ${K}, ${V}` }, 1],
  ['times a number', { way: 'a = Mul (s, f)\n  p = Softmax (a)' }, 0.7],
  ['times a negative number', { way: 'a = Mul (s, minus)\n  p = Softmax (a)' }, -0.5],
  ['a number times them', { way: 'a = Mul (f, s)\n  p = Softmax (a)' }, 0.7],
  ['by a number', { way: 'a = Div (s, four)\n  p = Softmax (a)' }, 0.25],
  [
    'times two numbers and by one',
    { way: 'a = Mul (f, s)\n  b = Div (a, four)\n  c = Mul (b, f)\n  p = Softmax (c)' },
    0.1225,
  ],
  [
    'times a number and one more',
    { way: 'a = Mul (f, s)\n  b = Mul (four, a)\n  p = Softmax (b)' },
    2.8,
  ],
])('on three axes: %s', async (_, parts, scale) => {
  const { rules, reasons, model } = await rewrite(three(parts), ...feeds);
  expect({ rules, reasons }).toEqual({ rules: ['attention'], reasons: [] });
  const node = [...model.graph.nodes].find(({ opType }) => opType === 'MultiHeadAttention')!;
  expect(attrNumber(node, 'scale', 0)).toBeCloseTo(scale, 6);
  expect(model.opsets.get('com.microsoft')).toBe(1);
});

test.each<[string, Parts, RegExp | undefined, Record<string, ort.Tensor>?]>([
  [
    'a mask',
    { way: 'a = Add (s, mask)\n  p = Softmax (a)' },
    /\(Add\) stands between the product and it/,
  ],
  [
    'a mask that is taken off',
    { way: 'a = Sub (s, mask)\n  p = Softmax (a)' },
    /\(Sub\) stands between/,
  ],
  [
    'a number for each key',
    { way: 'a = Mul (s, mask)\n  p = Softmax (a)' },
    /\(Mul\) by no constant number lies before it/,
  ],
  [
    'the same number for each key',
    { way: 'a = Mul (same, s)\n  p = Softmax (a)' },
    /\(Mul\) by no constant number/,
  ],
  [
    'a number that is fed',
    { way: 'a = Mul (s, g)\n  p = Softmax (a)', inputs: `${Q}, ${K}, ${V}, float g` },
    /\(Mul\) by no constant number/,
    { g: new ort.Tensor(Float32Array.of(2), []) },
  ],
  [
    'a number by the scores',
    { way: 'a = Div (f, s)\n  p = Softmax (a)' },
    /\(Div\) by no constant number/,
  ],
  [
    'a number of more axes',
    { way: 'a = Mul (s, wide)\n  p = Softmax (a)', end: 'y = MatMul (p, v)' },
    /q, k and v are not all of the rank of the scores/,
  ],
  [
    'an axis of queries',
    { way: 'p = Softmax <axis = 1> (s)' },
    /normalises over axis 1, not the last/,
  ],
  [
    'an axis of queries from behind',
    { way: 'p = Softmax <axis = -2> (s)' },
    /normalises over axis -2, not the last/,
  ],
  [
    'the axes that no axis meant before opset 13',
    { way: 'p = Softmax (s)', opset: 12 },
    /normalises over axis 1/,
  ],
  ['scores that are turned', { way: 'a = Relu (s)\n  p = Softmax (a)' }, undefined],
  [
    'another product of the weights',
    {
      end: 'y = Mul (p, p2)',
      way: 'p = Softmax (s)\n  p2 = Relu (q2)',
      inputs: `${Q}, ${K}, ${V}, float[n,3,${KEYS}] q2`,
    },
    /not the left operand of a MatMul \("Mul making y" reads it\)/,
    { q2: tensor(1, 3, KEYS) },
  ],
  [
    'weights as the right operand',
    { end: 'y = MatMul (v2, p)', inputs: `${Q}, ${K}, ${V}, float[n,2,3] v2` },
    /not the left operand/,
    { v2: tensor(1, 2, 3) },
  ],
  [
    'weights that are read elsewhere',
    { end: 'o = MatMul (p, v)\n  r = ReduceSum (p)\n  y = Add (o, r)' },
    undefined,
  ],
  [
    'scores that are read elsewhere',
    {
      way: 'a = Mul (s, f)\n  p = Softmax (a)',
      end: 'o = MatMul (p, v)\n  r = ReduceSum (s)\n  y = Add (o, r)',
    },
    /something else reads its scores/,
  ],
  [
    'scaled scores that are read elsewhere',
    {
      way: 'a = Div (s, four)\n  p = Softmax (a)',
      end: 'o = MatMul (p, v)\n  r = ReduceSum (a)\n  y = Add (o, r)',
    },
    /something else reads its scores/,
  ],
  [
    'values of no batch',
    { inputs: `${Q}, ${K}, float[${KEYS},5] v` },
    /not all of the rank of the scores/,
    { v: tensor(KEYS, 5) },
  ],
  [
    'keys of no batch',
    { inputs: `${Q}, float[2,${KEYS}] k, ${V}` },
    /not all of the rank of the scores/,
    { k: tensor(2, KEYS) },
  ],
  [
    'queries of no batch',
    { inputs: `float[3,2] q, ${K}, ${V}` },
    /not all of the rank of the scores/,
    { q: tensor(3, 2) },
  ],
  [
    'keys of one batch for many',
    { inputs: `${Q}, float[1,2,${KEYS}] k, ${V}` },
    /different numbers of heads or batches/,
    { q: tensor(2, 3, 2), v: tensor(2, KEYS, 5) },
  ],
  [
    'values of one batch for many',
    { inputs: `${Q}, ${K}, float[1,${KEYS},5] v` },
    /different numbers of heads or batches/,
    { q: tensor(2, 3, 2), k: tensor(2, 2, KEYS) },
  ],
  [
    'keys one too few',
    { inputs: `${Q}, float[n,2,${KEYS - 1}] k, float[n,${KEYS - 1},5] v` },
    /with 1023 keys it is no faster/,
    { k: tensor(1, 2, KEYS - 1), v: tensor(1, KEYS - 1, 5) },
  ],
  [
    'keys of unknown number',
    { inputs: `${Q}, float[n,2,m] k, float[n,m,5] v` },
    /number of keys is not known/,
  ],
  [
    'scores times nothing',
    { way: 'a = Mul (s, zero)\n  p = Softmax (a)', inputs: `${Q}, ${K}, ${V}` },
    /times 0, which to the operator is no scale/,
  ],
  [
    'scores times less than a float holds',
    { way: 'a = Mul (s, tiny)\n  b = Mul (a, tiny)\n  p = Softmax (b)' },
    /times 1\.0\d+e-60/,
  ],
  [
    'scores times more than a float holds',
    { way: 'a = Mul (s, huge)\n  b = Mul (a, huge)\n  p = Softmax (b)' },
    /times 1\.0\d+e\+60/,
  ],
  ['scores by nothing', { way: 'a = Div (s, zero)\n  p = Softmax (a)' }, /times Infinity/],
])('%s is left', async (_, parts, reason, more) => {
  await expectLeft(three(parts), reason, { ...feed(1), ...more });
});

test.each<[string, number, string, RegExp]>([
  ['scores of two axes', 2, 'x, k', /neither three nor four axes/],
  ['scores of five axes', 5, 'x, k', /neither three nor four axes/],
])('%s are left', async (_, rank, operands, reason) => {
  const ones = (...last: number[]) => [...Array<number>(rank - 2).fill(1), ...last];
  const model =
    modelOf(`attention (float[${ones(3, 2)}] x, float[${ones(2, KEYS)}] k, float[${ones(KEYS, 2)}] v) => (float[] y) {
  s = MatMul (${operands})
  p = Softmax <axis = -1> (s)
  y = MatMul (p, v)
}`);
  const feed = {
    x: tensor(...ones(3, 2)),
    k: tensor(...ones(2, KEYS)),
    v: tensor(...ones(KEYS, 2)),
  };
  await expectLeft(model, reason, feed);
});

test.each([
  ['a softmax of what is fed', 'float[n,3,4] x', 'p = Softmax (x)\n  y = MatMul (p, v)'],
  [
    'another norm',
    'float[n,3,4] x',
    's = MatMul (x, v)\n  p = LogSoftmax (s)\n  y = MatMul (p, v)',
  ],
  [
    'a softmax of two constants',
    'float[n,3,4] x',
    's = Mul (one, one)\n  p = Softmax (s)\n  y = MatMul (p, w)',
  ],
])('%s is no near miss', async (_, input, body) => {
  const model = modelOf(
    `attention (${input}) => (float[] y) <float[4,4] v = {${list(16)}}, float[1,1] one = {2}, float[1,4] w = {1, 2, 3, 4}> {\n  ${body}\n}`,
  );
  await expectLeft(model, undefined, { x: tensor(2, 3, 4) });
});

test.each(['float16', 'double'])('%s is left', async (type) => {
  const inputs = [Q, K, V].join(', ').replaceAll('float[', `${type}[`);
  const name = type === 'double' ? 'float64' : type;
  await expectLeft(three({ inputs }), new RegExp(`of type ${name}, and only float32`));
});

test('how many keys there are is as a caller says, where the model leaves it open', () => {
  const missed = (m: number) => {
    const model = three({ inputs: `${Q}, float[n,2,m] k, float[n,m,5] v` });
    return applyTarget(model, onnxruntimeCpu, new Map([['m', m]])).misses.map(
      ({ reason }) => reason,
    );
  };
  expect(missed(1024)).toEqual([]);
  expect(missed(1023)).toEqual([expect.stringMatching(/with 1023 keys/)]);
});
