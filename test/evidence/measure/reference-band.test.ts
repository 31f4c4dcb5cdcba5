/** The band of the reference against loops over the definition, in any layout that is let through. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { addBanded, seenKeys } from '../../../src/evidence/measure/reference/band.js';
import { addBandedOperator } from '../../../src/evidence/measure/reference/band-operator.js';
import { decodeFloat16, encodeFloat16 } from '../../../src/io/float16.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { encodeSorted } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

const TOKENS = 7;
const HEADS = 3;
const SIZE = 2;

/** [heads, tokens, size], different in every element. */
const operand = (phase: number): Float32Array =>
  Float32Array.from({ length: HEADS * TOKENS * SIZE }, (_, i) => 2 * Math.sin(phase + i * i));
const [q, k, v] = [operand(1), operand(2), operand(3)] as const;
const at = (head: number, token: number, i: number) => (head * TOKENS + token) * SIZE + i;

/** softmax(q k^T + mask) v, where the mask is 0 for |i - j| <= width and minus infinity elsewhere. */
function defined(width: number): number[] {
  const result: number[] = [];
  for (let head = 0; head < HEADS; head++)
    for (let query = 0; query < TOKENS; query++) {
      const weights = Array.from({ length: TOKENS }, (_, key) => {
        if (Math.abs(query - key) > width) return 0;
        let score = 0;
        for (let i = 0; i < SIZE; i++) score += q[at(head, query, i)]! * k[at(head, key, i)]!;
        return Math.exp(score);
      });
      const sum = weights.reduce((a, b) => a + b);
      for (let i = 0; i < SIZE; i++)
        result.push(weights.reduce((a, w, key) => a + (w / sum) * v[at(head, key, i)]!, 0));
    }
  return result;
}

const attention = (scores: string, softmax: string, mix = 'w, v') => `attention
(float[${HEADS},${TOKENS},${SIZE}] q, float[${HEADS},${TOKENS},${SIZE}] k, float[${HEADS},${TOKENS},${SIZE}] v)
=> (float[${HEADS},${TOKENS},${SIZE}] mixed) { ${scores} ${softmax} ${mix} }`;

const PLAIN = attention(
  'kt = Transpose <perm = [0, 2, 1]> (k) s = MatMul (q, kt)',
  'w = Softmax <axis = -1> (s)',
  'mixed = MatMul (w, v)',
);
/** Queries before heads: [tokens, heads, tokens]. */
const QUERIES_FIRST = attention(
  'kt = Transpose <perm = [0, 2, 1]> (k) s0 = MatMul (q, kt) s = Transpose <perm = [1, 0, 2]> (s0)',
  'same = Identity (s) w0 = Softmax <axis = 2> (same) w = Transpose <perm = [1, 0, 2]> (w0)',
  'mixed = MatMul (w, v)',
);

const banded = (text: string, window: { tokens: number } | { fraction: number }, opset = 17) => {
  const model = modelOf(text, opset);
  const shapes = inferShapes(model);
  const result = addBanded(model, shapes, named(model, 's'), named(model, 'mixed'), window);
  return { model, ...result };
};

describe.each([
  ['heads before queries', PLAIN],
  ['queries before heads, and an operator that changes nothing', QUERIES_FIRST],
])('%s', (_, text) => {
  test.each([1, 2, 5, 6, 100])('%i tokens a side', async (width) => {
    const { model, banded: value, mask } = banded(text, { tokens: width });
    model.graph.addOutput(value);
    const session = await ort.InferenceSession.create(encodeSorted(model));
    const tensor = (data: Float32Array) => new ort.Tensor('float32', data, [HEADS, TOKENS, SIZE]);
    const seen = new ort.Tensor('bool', seenKeys(mask), [...mask.dims]);
    const feeds = { q: tensor(q), k: tensor(k), v: tensor(v), [mask.name]: seen };
    const actual = (await session.run(feeds))[value.name]!.data as Float32Array;
    await session.release();
    const expected = defined(width);
    expect(actual).toHaveLength(expected.length);
    for (const [i, x] of expected.entries()) expect(actual[i]).toBeCloseTo(x, 5);
  });
});

/** All of the attention in one operator; q, k and v come as [1, heads, tokens, size]. */
const OPERATORS = {
  'ONNX Attention': ['[all] mixed = Attention <scale = 1.0> (q4, k4, v4)', 23],
  'ONNX Attention with a mask of its own': [
    `zero = Constant <value = float[${TOKENS},${TOKENS}] {${Array(TOKENS * TOKENS).fill(0)}}> () [all] mixed = Attention <scale = 1.0> (q4, k4, v4, zero)`,
    23,
  ],
  MultiHeadAttention: [
    `qt = Transpose <perm = [0, 2, 1, 3]> (q4) flat = Constant <value = int64[3] {1, ${TOKENS}, ${HEADS * SIZE}}> ()
    q3 = Reshape (qt, flat)
    [all] mixed3 = com.microsoft.MultiHeadAttention <num_heads = ${HEADS}, scale = 1.0> (q3, k4, v4)
    back = Constant <value = int64[4] {1, ${TOKENS}, ${HEADS}, ${SIZE}}> ()
    apart = Reshape (mixed3, back) mixed = Transpose <perm = [0, 2, 1, 3]> (apart)`,
    17,
  ],
} as const;

describe.each(Object.entries(OPERATORS))('%s', (_, [body, opset]) => {
  test.each([1, 3, 100])('%i tokens a side', async (width) => {
    const type = `float[${HEADS},${TOKENS},${SIZE}]`;
    const model = modelOf(
      `g (${type} q, ${type} k, ${type} v) => (float[1,${HEADS},${TOKENS},${SIZE}] mixed)
      { a = Constant <value = int64[1] {0}> ()
      q4 = Unsqueeze (q, a) k4 = Unsqueeze (k, a) v4 = Unsqueeze (v, a) ${body} }`,
      opset,
    );
    const operator = [...model.graph.nodes].find((node) => node.name === 'all')!;
    const { banded: value, mask } = addBandedOperator(
      model.graph,
      inferShapes(model),
      operator.output,
      { tokens: width },
    );
    model.graph.addOutput(value);
    const session = await ort.InferenceSession.create(encodeSorted(model));
    const tensor = (data: Float32Array) => new ort.Tensor('float32', data, [HEADS, TOKENS, SIZE]);
    const seen = new ort.Tensor('bool', seenKeys(mask), [...mask.dims]);
    const feeds = { q: tensor(q), k: tensor(k), v: tensor(v), [mask.name]: seen };
    const flat = (await session.run(feeds))[value.name]!.data as Float32Array;
    await session.release();
    const headsFirst = operator.opType === 'Attention';
    for (const [i, x] of defined(width).entries()) {
      const [head, token] = [Math.floor(i / (TOKENS * SIZE)), Math.floor(i / SIZE) % TOKENS];
      const place = headsFirst ? i : (token * HEADS + head) * SIZE + (i % SIZE);
      expect(flat[place]).toBeCloseTo(x, 5);
    }
  });
});

test('the source itself stays as it is beside the band', async () => {
  const { model } = banded(PLAIN, { tokens: 1 });
  const [softmax, second] = [...model.graph.nodes].filter((n) => n.opType === 'Softmax');
  expect(softmax!.inputs[0]!.name).toBe('s');
  expect(second!.inputs[0]!.producer!.opType).toBe('Where');
  expect(model.graph.outputs[0]).toBe(named(model, 'mixed'));
});

test('a fraction is rounded down, and 1 at least', () => {
  const width = (fraction: number) => {
    const { mask } = banded(PLAIN, { fraction });
    // the first query sees itself and as many behind it
    return (
      seenKeys(mask)
        .subarray(0, mask.tokens)
        .reduce((a, b) => a + b) - 1
    );
  };
  expect([1, 0.5, 2 / 7, 1 / 8].map(width)).toEqual([6, 3, 2, 1]);
});

test('on a grid, which keys are seen, drawn by hand', () => {
  // one row of the grid sees none of the other; on the longer axis the places beside are seen
  const grid = { from: 1, sizes: [2, 3], extents: [1, 2] };
  const seen = seenKeys({ tokens: 8, window: { grid } });
  const drawn = [
    ['1', '111', '111', '1'],
    ['1', '110', '000', '1'],
    ['1', '111', '000', '1'],
    ['1', '011', '000', '1'],
    ['1', '000', '110', '1'],
    ['1', '000', '111', '1'],
    ['1', '000', '011', '1'],
    ['1', '111', '111', '1'],
  ];
  expect([...seen].join('')).toBe(drawn.flat().join(''));
});

describe('there is no reference', () => {
  const reason = (text: string, opset?: number) => () => banded(text, { tokens: 1 }, opset);

  test.each([
    ['over another axis', 'w = Softmax <axis = 1> (s)', 17, /not over the last axis/],
    ['over all axes from the second on', 'w = Softmax (s)', 11, /not over the last axis/],
    ['twice', 'w1 = Softmax (s) w = Softmax (w1)', 17, /no single Softmax/],
  ])('for a Softmax %s', (_, softmax, opset, message) => {
    const text = attention(
      'kt = Transpose <perm = [0, 2, 1]> (k) s = MatMul (q, kt)',
      softmax,
      'mixed = MatMul (w, v)',
    );
    expect(reason(text, opset)).toThrow(message);
  });

  test('for queries and keys that are not neighbours', () => {
    const text = `cross (float[3,7,2] q, float[3,2,5] k, float[3,5,2] v) => (float[3,7,2] mixed)
      { s = MatMul (q, k) w = Softmax (s) mixed = MatMul (w, v) }`;
    expect(reason(text)).toThrow(/not as many queries as keys/);
  });

  test.each([
    [
      'one list of scores',
      'f (float[7] s) => (float[7] mixed) { w = Softmax (s) mixed = Neg (w) }',
    ],
    [
      'scores whose number is not known',
      'f (float[n,n] s) => (float[n,n] mixed) { w = Softmax (s) mixed = Neg (w) }',
    ],
  ])('for %s', (_, text) => {
    expect(reason(text)).toThrow(/not as many queries as keys, or their number is not known/);
  });

  test('for scores of double precision', () => {
    const text = 'f (double[7,7] s) => (double[7,7] mixed) { w = Softmax (s) mixed = Neg (w) }';
    expect(reason(text)).toThrow(/the scores "s" are of type float64/);
  });

  const operator = (mask: string, tokens: number | string = TOKENS) => {
    const model = modelOf(
      `f (float[1,3,${tokens},2] q, bool[${TOKENS},${TOKENS}] keys) => (float[1,3,${tokens},2] mixed)
        { mixed = Attention (q, q, q${mask}) }`,
      23,
    );
    const { graph } = model;
    return () => addBandedOperator(graph, inferShapes(model), named(model, 'mixed'), { tokens: 1 });
  };

  test('for an operator with a mask that chooses keys, or of tokens that nobody knows', () => {
    expect(operator('')).not.toThrow();
    expect(operator(', keys')).toThrow(/has a mask that chooses keys/);
    expect(operator('', 'n')).toThrow(/the number of tokens of .*mixed.* is not known/);
  });
});

/** Rows of [tokens, tokens] scores under a band, softmax over each. */
function softmaxed(scores: readonly number[][], width: number): number[] {
  return scores.flatMap((row, query) => {
    const weights = row.map((s, key) => (Math.abs(query - key) > width ? 0 : Math.exp(s)));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((w) => w / sum);
  });
}

describe('scores alone, as they come', () => {
  const scores = [
    [1, 2, 3],
    [-1, 0.5, 2],
    [0.25, 4, -2],
  ];
  const run = async (text: string, opset: number, half = false) => {
    const { model, banded: value, mask } = banded(text, { tokens: 1 }, opset);
    model.graph.addOutput(value);
    const session = await ort.InferenceSession.create(encodeSorted(model));
    const flat = Float32Array.from(scores.flat());
    const dims = text.includes('[1,3,3]') ? [1, 3, 3] : [3, 3];
    const s = half
      ? new ort.Tensor('float16', encodeFloat16(flat) as never, dims)
      : new ort.Tensor('float32', flat, dims);
    const seen = new ort.Tensor('bool', seenKeys(mask), [...mask.dims]);
    const { data } = (await session.run({ s, [mask.name]: seen }))[value.name]!;
    await session.release();
    return [...(half ? decodeFloat16(data as never) : (data as Float32Array))];
  };

  test.each<[what: string, text: string, opset: number, half?: boolean]>([
    ['of two axes', 'f (float[3,3] s) => (float[3,3] mixed) { mixed = Softmax (s) }', 17],
    ['before opset 13', 'f (float[3,3] s) => (float[3,3] mixed) { mixed = Softmax (s) }', 11],
    ['from opset 13 on', 'f (float[1,3,3] s) => (float[1,3,3] mixed) { mixed = Softmax (s) }', 13],
    ['of halves', 'f (float16[3,3] s) => (float16[3,3] mixed) { mixed = Softmax (s) }', 17, true],
  ])('%s', async (_, text, opset, half) => {
    const actual = await run(text, opset, half);
    const expected = softmaxed(scores, 1);
    for (const [i, x] of expected.entries()) expect(actual[i]).toBeCloseTo(x, half ? 2 : 5);
    // hidden, and not merely small
    expect([actual[2], actual[6]]).toEqual([0, 0]);
  });
});

describe('one attention behind another', () => {
  const layer = (i: number, from: string) =>
    `k${i} = Transpose <perm = [1, 0]> (${from}) s${i} = MatMul (${from}, k${i}) w${i} = Softmax (s${i}) m${i} = MatMul (w${i}, ${from})`;
  const model = () =>
    modelOf(`f (float[3,2] x) => (float[3,2] m2) { ${layer(1, 'x')} ${layer(2, 'm1')} }`);

  test.each([1, 2])('number %i is found, whatever else there is, and one mask is enough', (i) => {
    const both = model();
    const shapes = inferShapes(both);
    const add = (n: number) =>
      addBanded(both, shapes, named(both, `s${n}`), named(both, `m${n}`), { tokens: 1 });
    const before = [...both.graph.nodes].length;
    const { banded: first, mask } = add(i);
    // a mask and what hides, the Softmax and the product once more
    expect([...both.graph.nodes].length - before).toBe(3);
    expect(first.producer!.inputs[1]).toBe(named(both, i === 1 ? 'x' : 'm1'));
    const { mask: second } = add(3 - i);
    expect(second).toEqual(mask);
    expect(both.graph.inputs.map(({ name }) => name)).toEqual(['x', mask.name]);
  });

  test('so it is for operators', () => {
    const two = modelOf(
      `f (float[1,1,3,2] q) => (float[1,1,3,2] m2) { m1 = Attention (q, q, q) m2 = Attention (m1, m1, m1) }`,
      23,
    );
    const shapes = inferShapes(two);
    const values = ['m1', 'm2'].map((name) => named(two, name));
    const masks = values.map(
      (value) => addBandedOperator(two.graph, shapes, value, { tokens: 1 }).mask.name,
    );
    expect(two.graph.inputs.map(({ name }) => name)).toEqual(['q', masks[0]]);
    expect(masks[1]).toBe(masks[0]);
  });
});
