/** What the rules for engines with limits make, held against onnxruntime on the graph as it was given. */
import { expect, test } from 'vitest';
import {
  cudaGraph,
  directml,
  qnn,
  type Target,
  webnn,
} from '../../../../src/compiler/targets/index.js';
import { opsetVersion } from '../../../../src/model/ir/model.js';
import type { Tensors } from '../../../helpers/injectable.js';
import { modelOf } from '../../../helpers/text.js';
import { list, rewriteFor, tensor } from '../rewrite.js';

/** A model with its rewrites, which computes what it did, and of which the engine takes every node. */
async function expectTaken(
  target: Target,
  text: string,
  opset: number,
  rules: string[],
  ...feeds: Tensors[]
) {
  const rewritten = await rewriteFor(target, modelOf(text, opset), ...feeds);
  expect(rewritten.rules).toEqual(rules);
  expect(rewritten.findings.filter(({ code }) => code !== 'TARGET_OPEN_SIZE')).toEqual([]);
  return rewritten.model;
}

const norm = (sizes: string) => `norm (float[${sizes}] x) => (float[] y) {
  s = Constant <value = float[6] {${list(6)}}> ()
  b = Constant <value = float[6] {${list(6, (i) => i / 3)}}> ()
  y = GroupNormalization <num_groups = 2, epsilon = 0.01> (x, s, b)
}`;
test.each([
  ['a map', '2,6,4,3', tensor(2, 6, 4, 3)],
  ['tokens', '2,6,5', tensor(2, 6, 5)],
  ['no axis but channels', '3,6', tensor(3, 6)],
])('GroupNormalization of %s', async (_, sizes, x) => {
  await expectTaken(webnn, norm(sizes), 21, ['group-normalization'], { x });
});

test('GroupNormalization of open sizes, which are asked for', async () => {
  const two = [{ x: tensor(2, 6, 4, 3) }, { x: tensor(1, 6, 2, 2) }];
  await expectTaken(cudaGraph, norm('n,6,h,w'), 21, ['group-normalization'], ...two);
});

test('GroupNormalization of set 18, with a weight for each group, is left', async () => {
  const text =
    'g (float[2,6,4] x, float[2] s, float[2] b) => (float[] y) { y = GroupNormalization <num_groups = 2> (x, s, b) }';
  const { rules, reasons, findings } = await rewriteFor(webnn, modelOf(text, 18));
  expect({ rules, reasons }).toEqual({
    rules: [],
    reasons: ['before operator set 21 it is another operator'],
  });
  expect(findings.map(({ code }) => code)).toEqual(['TARGET_OPERATOR']);
});

test('half precision is normalized in float32', async () => {
  const text = `g (float16[2,6,4] x, float16[6] s, float16[6] b) => (float16[] y) {
    y = GroupNormalization <num_groups = 2> (x, s, b)
  }`;
  const { rules, model } = await rewriteFor(webnn, modelOf(text, 21));
  expect(rules).toEqual(['group-normalization']);
  const made = [...model.graph.nodes].map(({ opType }) => opType).join(' ');
  expect(made).toBe('Cast Reshape InstanceNormalization Reshape Cast Reshape Mul Reshape Add');
});

test('RMSNormalization by its older name', async () => {
  const text = `g (float[2,3,4] x, float[4] s) => (float[] y) { y = RMSNormalization <axis = -1, epsilon = 0.1> (x, s) }`;
  await expectTaken(webnn, text, 23, ['rms-normalization'], { x: tensor(2, 3, 4), s: tensor(4) });
});

const attention = (attributes = '', mask = '') =>
  `g (float[2,3,5,4] q, float[2,3,7,4] k, float[2,3,7,6] v${mask && `, ${mask} m`}) => (float[] y) {
  y = Attention${attributes} (q, k, v${mask && ', m'})
}`;
const qkv = { q: tensor(2, 3, 5, 4), k: tensor(2, 3, 7, 4), v: tensor(2, 3, 7, 6) };
test.each<[string, string, Tensors]>([
  ['as it is', attention(), qkv],
  ['with a scale', attention(' <scale = 0.3>'), qkv],
  ['with a mask for all heads', attention('', 'float[2,1,5,7]'), { ...qkv, m: tensor(2, 1, 5, 7) }],
  [
    'with a mask and a scale',
    attention(' <scale = 2.0>', 'float[1,1,5,7]'),
    { ...qkv, m: tensor(1, 1, 5, 7) },
  ],
])('Attention %s', async (_, text, feeds) => {
  for (const [target, rule] of [
    [webnn, 'attention-products'],
    [qnn, 'attention-products'],
    [directml, 'attention-microsoft'],
    [cudaGraph, 'attention-microsoft'],
  ] as const) {
    const { rules } = await rewriteFor(target, modelOf(text, 23), feeds);
    expect(rules.filter((name) => name !== 'operator-set')).toEqual([rule]);
  }
});

test('a mask of fewer axes goes with the products', async () => {
  const feeds = { ...qkv, m: tensor(5, 7) };
  const { rules } = await rewriteFor(directml, modelOf(attention('', 'float[5,7]'), 23), feeds);
  expect(rules[0]).toBe('attention-products');
});

test.each<[string, string, RegExp]>([
  ['causal attention', attention(' <is_causal = 1>'), /causal/],
  ['capped scores', attention(' <softcap = 5.0>'), /capped/],
  ['a mask of booleans', attention('', 'bool[5,7]'), /not added/],
  [
    'shared keys',
    'g (float[2,4,5,4] q, float[2,2,7,4] k, float[2,2,7,6] v) => (float[] y) { y = Attention (q, k, v) }',
    /shared among heads/,
  ],
  [
    'heads in the last axis',
    'g (float[2,5,4] q, float[2,7,4] k, float[2,7,6] v) => (float[] y) { y = Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v) }',
    /no axis of their own/,
  ],
])('%s is left, and found', async (_, text, why) => {
  const { rules, reasons, findings } = await rewriteFor(webnn, modelOf(text, 23));
  expect({ rules, reasons }).toEqual({ rules: [], reasons: [expect.stringMatching(why)] });
  expect(findings.map(({ opType }) => opType)).toEqual(['Attention']);
});

const x = tensor(3, 5);
const gelu = (lines: string) => `g (float[3,5] x) => (float[] y) {
  r = Constant <value = float {1.4142135}> ()
  i = Constant <value = float {0.70710677}> ()
  o = Constant <value = float {1}> ()
  h = Constant <value = float {0.5}> ()
  ${lines}
}`;
test.each([
  [
    'divided, halved last',
    'd = Div (x, r)\n e = Erf (d)\n a = Add (e, o)\n m = Mul (x, a)\n y = Mul (m, h)',
  ],
  [
    'divided, halved first',
    'd = Div (x, r)\n e = Erf (d)\n a = Add (o, e)\n m = Mul (x, h)\n y = Mul (m, a)',
  ],
  [
    'multiplied, the sum halved',
    'd = Mul (i, x)\n e = Erf (d)\n a = Add (e, o)\n m = Mul (a, h)\n y = Mul (m, x)',
  ],
])('Gelu by Erf, %s', async (_, lines) => {
  await expectTaken(qnn, gelu(lines), 17, ['erf-gelu'], { x });
});

test.each([
  [
    'another root',
    'd = Div (x, h)\n e = Erf (d)\n a = Add (e, o)\n m = Mul (x, a)\n y = Mul (m, h)',
    /divided by the root/,
  ],
  [
    'another sum',
    'd = Div (x, r)\n e = Erf (d)\n a = Add (e, h)\n m = Mul (x, a)\n y = Mul (m, h)',
    /adds 1/,
  ],
  [
    'another half',
    'd = Div (x, r)\n e = Erf (d)\n a = Add (e, o)\n m = Mul (x, a)\n y = Mul (m, o)',
    /by 1\/2/,
  ],
  [
    'another factor',
    'd = Div (x, r)\n e = Erf (d)\n a = Add (e, o)\n m = Mul (r, a)\n y = Mul (m, h)',
    /what it began with/,
  ],
  [
    'a sum that is read elsewhere',
    'd = Div (x, r)\n e = Erf (d)\n a = Add (e, o)\n m = Mul (x, a)\n n = Mul (m, h)\n y = Add (n, a)',
    /what it began with/,
  ],
])('Erf with %s is left', async (_, lines, why) => {
  const { rules, reasons } = await rewriteFor(qnn, modelOf(gelu(lines), 17), { x });
  expect({ rules, reasons }).toEqual({ rules: [], reasons: [expect.stringMatching(why)] });
});

test.each([
  ['by erf', ''],
  ['by tanh', ' <approximate = "tanh">'],
])("Gelu %s in onnxruntime's words", async (_, how) => {
  await expectTaken(
    directml,
    `g (float[3,5] x) => (float[] y) { y = Gelu${how} (x) }`,
    20,
    ['microsoft-gelu'],
    { x },
  );
});

const gather = (indices: string, shape = '3,5') =>
  `g (float[${shape}] x) => (float[] y) {\n i = Constant <value = int64[3] {${indices}}> ()\n y = Gather <axis = -1> (x, i)\n}`;
test('indices are of 32 bits, counted from the start', async () => {
  await expectTaken(qnn, gather('-1, 0, -5'), 17, ['positive-indices', 'narrow-indices'], { x });
  await expectTaken(webnn, gather('4, 0, -5'), 17, ['narrow-indices'], { x });
});

test('an axis of open size, and an index beyond 32 bits, are left', async () => {
  const open = await rewriteFor(qnn, modelOf(gather('-1, 0, 1', '3,n'), 17), { x });
  expect([open.rules, open.reasons]).toEqual([
    ['narrow-indices'],
    ['the size of axis -1 is not known'],
  ]);
  const far = await rewriteFor(webnn, modelOf(gather('0, 1, 2147483648'), 17));
  expect([far.rules, far.reasons]).toEqual([[], ['an index is beyond 32 bits']]);
});

const COS = 'g (float[3,5] x) => (float[] y) {\n a = Cos (x)\n y = Transpose (a)\n}';
test('an operator set is lowered to one that the engine has, and no further than that', async () => {
  for (const [target, opset, lowered] of [
    [directml, 23, 21],
    [directml, 21, 21],
    [cudaGraph, 25, 21],
    [webnn, 25, 25],
  ] as const) {
    const { model, rules } = await rewriteFor(target, modelOf(COS, opset), { x });
    expect([opsetVersion(model), rules]).toEqual([
      lowered,
      lowered === opset ? [] : ['operator-set'],
    ]);
  }
});

test.each([
  [
    'an operator that is newer',
    'g (float[3,5] x) => (float[] y) {\n a = Cos (x)\n y = Swish (a)\n}',
    24,
  ],
  ['a type that is newer', 'g (bfloat16[3,5] x) => (bfloat16[] y) {\n y = Cos (x)\n}', 23],
])('%s holds the operator set', async (_, text, opset) => {
  const { model, findings } = await rewriteFor(directml, modelOf(text, opset));
  expect(opsetVersion(model)).toBe(opset);
  expect(findings.map(({ code }) => code)).toContain('TARGET_OPERATOR_VERSION');
});
