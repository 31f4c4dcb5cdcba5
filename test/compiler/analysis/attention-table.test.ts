/** The table of attentions, for which everything is counted by hand: 5 tokens of 4 channels, 7 of a text. */
import { expect, test } from 'vitest';
import {
  type AttentionInfo,
  attentionTable,
  findAttention,
} from '../../../src/compiler/analysis/attention/index.js';
import { findPlaces } from '../../../src/compiler/analysis/places/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import {
  K_TURNED,
  attentionModel as model,
  PLAIN_MIX,
  TOKENS,
  WIDTH,
} from '../../helpers/attention-text.js';
import { named } from '../../helpers/text.js';

const BATCH = 2;
const MACS = { all: 10_000, layers: 5_000 };

function tableOf(
  body: string,
  options?: Parameters<typeof model>[1],
  unknown = false,
): AttentionInfo {
  const source = model(body, options);
  if (unknown) named(source, 'x').type = { kind: 'tensor', elem: 'float32' };
  const shapes = inferShapes(source);
  const analysis = findAttention(source.graph, shapes);
  const places = findPlaces(source.graph, shapes);
  const table = attentionTable(analysis, shapes, new Map([['batch', BATCH]]), MACS, places);
  expect(table).toHaveLength(1);
  return table[0]!;
}

const CORE = `${K_TURNED}  [scores] s = MatMul (q, kt)  [normalise] p = Softmax <axis = -1> (s)  ${PLAIN_MIX}`;
const LAYER = BATCH * TOKENS * WIDTH * WIDTH;
const PRODUCT = BATCH * TOKENS * TOKENS * WIDTH;

test('self-attention with an output projection', () => {
  const body = `${CORE.replace('o =', 'm =')}  [out] o = MatMul (m, wq)`;
  const macs = { projections: 4 * LAYER, products: 2 * PRODUCT };
  expect(tableOf(body)).toEqual({
    id: 'attention.0',
    kind: 'self',
    tokens: TOKENS,
    keys: TOKENS,
    heads: 1,
    headSize: WIDTH,
    macs,
    share: { projections: macs.projections / MACS.all, products: macs.products / MACS.all },
    mask: null,
    causal: false,
    window: { possible: true },
    grid: { node: 'scores', reason: expect.stringContaining('does not show on which grid') },
    input: 'x',
    output: 'o',
    nodes: {
      operator: null,
      q: 'to_q',
      k: 'to_k',
      v: 'to_v',
      scores: 'scores',
      softmax: 'normalise',
      mix: 'mix',
      outputProjection: 'out',
    },
  });
});

test('cross-attention to a text of any length', () => {
  const body = `[of_text] kx = MatMul (text, wk)  [kt] kt = Transpose <perm = [0, 2, 1]> (kx)
    [v_of_text] vx = MatMul (text, wv)  [scores] s = MatMul (q, kt)
    p = Softmax <axis = -1> (s)  o = MatMul (p, vx)`;
  const x = `float[batch, ${TOKENS}, ${WIDTH}] x, float[batch, 7, ${WIDTH}] text`;
  const layers = LAYER + 2 * BATCH * 7 * WIDTH * WIDTH;
  const found = tableOf(body, { x });
  expect(found).toMatchObject({ id: null, kind: 'cross', tokens: TOKENS, keys: 7, input: null });
  expect(found.macs).toEqual({ projections: layers, products: 2 * BATCH * TOKENS * 7 * WIDTH });
  expect(found.window).toMatchObject({ possible: false, node: 'scores' });
  expect(found.nodes).toMatchObject({ k: 'of_text', v: 'v_of_text', outputProjection: null });
  const free = tableOf(body, { x: x.replace('7,', 'length,') });
  expect(free).toMatchObject({ keys: 'length', macs: null, share: null });
});

test('one operator, causal', () => {
  const body =
    '[all] o = com.microsoft.MultiHeadAttention <num_heads = 2, unidirectional = 1> (q, k, v)';
  expect(tableOf(body)).toMatchObject({
    heads: 2,
    headSize: WIDTH / 2,
    causal: true,
    window: { possible: false },
    nodes: {
      operator: 'com.microsoft.MultiHeadAttention',
      scores: 'all',
      softmax: 'all',
      mix: 'all',
    },
  });
  const standard = tableOf('[all] o = Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v)', {
    opset: 23,
  });
  expect(standard).toMatchObject({ causal: false, nodes: { operator: 'Attention' } });
});

test('a mask, operands without a layer, and layers that are joined', () => {
  const masked = tableOf(
    CORE.replace('(s)', '(t)').replace('[normalise]', 't = Add (s, hides)  [normalise]'),
    {
      constants: `float[5] hides = {0, 0, 0, 0, -9}`,
    },
  );
  expect(masked).toMatchObject({ mask: 'hides', window: { possible: false } });
  const bare = tableOf(CORE.replace('(q, kt)', '(x, kt)'));
  expect(bare.nodes).toMatchObject({ q: null, k: 'to_k' });
  expect(bare.macs).toEqual({ projections: 2 * LAYER, products: 2 * PRODUCT });
  const joined = tableOf(`j = Concat <axis = 1> (k, q)  jv = Concat <axis = 1> (v, q)
    kt = Transpose <perm = [0, 2, 1]> (j)  s = MatMul (q, kt)  p = Softmax <axis = -1> (s)  o = MatMul (p, jv)`);
  expect(joined.nodes).toMatchObject({ q: 'to_q', k: 'to_k, to_q', v: 'to_v, to_q' });
  // a layer that several operands share counts once
  expect(joined.macs).toEqual({ projections: 3 * LAYER, products: 2 * 2 * PRODUCT });
});

test('shapes that nobody knows', () => {
  expect(tableOf(CORE, {}, true)).toMatchObject({
    tokens: null,
    keys: null,
    heads: null,
    headSize: null,
    macs: null,
    share: null,
  });
});
