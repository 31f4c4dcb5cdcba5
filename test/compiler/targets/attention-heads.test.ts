/** Attention over heads that have an axis of their own. */
import { expect, test } from 'vitest';
import type { Tensors } from '../../helpers/injectable.js';
import { modelOf } from '../../helpers/text.js';
import { expectLeft, rewrite, tensor } from './rewrite.js';

const KEYS = 1024;

interface Parts {
  readonly inputs: string;
  readonly keys?: string;
  readonly queries?: string;
  readonly opset?: number;
}

const heads = ({ inputs, keys = 'k = Identity (x)', opset, queries = 'float[b,2,3,4] q' }: Parts) =>
  modelOf(
    `heads (${queries}, ${inputs}) => (float[] y) {
  ${keys}
  s = MatMul (q, k)
  p = Softmax <axis = 3> (s)
  y = MatMul (p, v)
}`,
    opset,
  );

const V = `float[b,2,${KEYS},5] v`;
const q = tensor(2, 2, 3, 4);
const v = tensor(2, 2, KEYS, 5);
const BY_TOKENS = `float[b,2,${KEYS},4] x, ${V}`;
const byTokens = { q, v, x: tensor(2, 2, KEYS, 4) };
const byKeys = { q, v, x: tensor(2, 2, 4, KEYS) };

test.each<[string, Parts, Tensors, string]>([
  [
    'keys as the product takes them',
    { inputs: `float[b,2,4,${KEYS}] x, ${V}` },
    byKeys,
    'Identity Transpose',
  ],
  [
    'keys that were turned',
    { inputs: BY_TOKENS, keys: 'k = Transpose <perm = [0, 1, 3, 2]> (x)' },
    byTokens,
    '',
  ],
  [
    'keys that were turned and split into heads',
    { inputs: `float[b,${KEYS},2,4] x, ${V}`, keys: 'k = Transpose <perm = [0, 2, 3, 1]> (x)' },
    { q, v, x: tensor(2, KEYS, 2, 4) },
    'Transpose',
  ],
  [
    'keys that were turned twice',
    {
      inputs: `float[b,2,4,${KEYS}] x, ${V}`,
      keys: 'j = Transpose <perm = [0, 1, 3, 2]> (x)\n  k = Transpose <perm = [0, 1, 2, 3]> (x)',
    },
    byKeys,
    'Transpose',
  ],
  [
    'keys of which all axes were turned around',
    { inputs: `float[${KEYS},4,2,b] x, ${V}`, keys: 'k = Transpose (x)' },
    { q, v, x: tensor(KEYS, 4, 2, 2) },
    'Transpose Transpose',
  ],
  [
    'no batch',
    { inputs: BY_TOKENS, keys: 'k = Transpose <perm = [0, 1, 3, 2]> (x)' },
    { q: tensor(0, 2, 3, 4), v: tensor(0, 2, KEYS, 5), x: tensor(0, 2, KEYS, 4) },
    '',
  ],
  [
    'before opset 13',
    { inputs: BY_TOKENS, keys: 'k = Transpose <perm = [0, 1, 3, 2]> (x)', opset: 12 },
    byTokens,
    '',
  ],
  [
    'in opset 13',
    { inputs: BY_TOKENS, keys: 'k = Transpose <perm = [0, 1, 3, 2]> (x)', opset: 13 },
    byTokens,
    '',
  ],
])('%s', async (_, parts, feeds, turns) => {
  const { rules, reasons, model } = await rewrite(heads(parts), feeds);
  expect({ rules, reasons }).toEqual({ rules: ['attention'], reasons: [] });
  const left = [...model.graph.nodes].map(({ opType }) => opType).join(' ');
  expect(left).toBe(
    `${turns} Reshape Squeeze Reshape Squeeze Reshape Squeeze MultiHeadAttention Unsqueeze Reshape`.trim(),
  );
});

const SHARED = `float[b,1,4,${KEYS}] x, ${V}`;
test.each<[string, Parts, Tensors, RegExp]>([
  [
    'heads of unknown number',
    { inputs: `float[b,m,4,${KEYS}] x, float[b,m,${KEYS},5] v`, queries: 'float[b,m,3,4] q' },
    byKeys,
    /number of heads is not known/,
  ],
  [
    'heads that share keys',
    { inputs: SHARED },
    { q, v, x: tensor(2, 1, 4, KEYS) },
    /different numbers of heads/,
  ],
  [
    'heads that share values',
    { inputs: `float[b,2,4,${KEYS}] x, float[b,1,${KEYS},5] v` },
    { ...byKeys, v: tensor(2, 1, KEYS, 5) },
    /different numbers of heads/,
  ],
  [
    'one query head',
    { inputs: `float[b,2,4,${KEYS}] x, ${V}`, queries: 'float[b,1,3,4] q' },
    { ...byKeys, q: tensor(2, 1, 3, 4) },
    /different numbers of heads/,
  ],
])('%s are left', async (_, parts, feeds, reason) => {
  await expectLeft(heads(parts), reason, feeds);
});
