/** Projections with adapters that were not merged into them: what is found, where it ends, and what it costs, by hand. */
import { describe, expect, test } from 'vitest';
import { attentionTable, findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { findPlaces } from '../../../src/compiler/analysis/places/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import {
  attentionModel,
  K_TURNED,
  PLAIN_MIX,
  TOKENS,
  WIDTH,
} from '../../helpers/attention-text.js';

const RANK = 2;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => (i % 5) - 2).join();
const CONSTANTS = `float[${WIDTH},${RANK}] down = {${numbers(WIDTH * RANK)}},
  float[${RANK},${WIDTH}] up = {${numbers(WIDTH * RANK)}},
  float[${RANK},${RANK}] inner = {${numbers(RANK * RANK)}},
  float[${WIDTH}] bias = {${numbers(WIDTH)}}, float scale = {0.5}`;

/** An adapter of `from` in three nodes, added to what a projection makes of it. */
const adapter = (made: string, from: string, projected: string) => `
  [${made}_down] ${made}1 = MatMul (${from}, down)
  [${made}_up] ${made}2 = MatMul (${made}1, up)
  ${made}3 = Mul (${made}2, scale)
  ${made} = Add (${projected}, ${made}3)`;

const found = (body: string) => {
  const model = attentionModel(body, { constants: CONSTANTS });
  const shapes = inferShapes(model);
  const analysis = findAttention(model.graph, shapes);
  return {
    ...analysis,
    table: attentionTable(
      analysis,
      shapes,
      new Map([['batch', 1]]),
      { all: 1, layers: 1 },
      findPlaces(model.graph, shapes),
    ),
  };
};

/** Attention over q, k and v of the given names, up to `m`. */
const core = (q: string, k: string, v: string) =>
  `${K_TURNED.replace('(k)', `(${k})`)}  s = MatMul (${q}, kt)  p = Softmax <axis = -1> (s)
   ${PLAIN_MIX.replace('o =', 'm =').replace(/\bv\b/, v)}`;

const LAYER = TOKENS * WIDTH * WIDTH;
const ADAPTER = 2 * TOKENS * WIDTH * RANK;
const PRODUCTS = 2 * TOKENS * TOKENS * WIDTH;

test('at q, k, v and the output', () => {
  const { table, found: modules } = found(`
    ${adapter('qa', 'x', 'q')} ${adapter('ka', 'x', 'k')} ${adapter('va', 'x', 'v')}
    ${core('qa', 'ka', 'va')}
    [out] o0 = MatMul (m, wq)
    ob = Add (o0, bias)
    ${adapter('o', 'm', 'ob')}`);
  expect(table).toMatchObject([
    {
      id: 'attention.0',
      kind: 'self',
      input: 'x',
      output: 'o',
      window: { possible: true },
      nodes: { q: 'to_q', k: 'to_k', v: 'to_v', outputProjection: 'out' },
      macs: { projections: 4 * LAYER + 4 * ADAPTER, products: PRODUCTS },
    },
  ]);
  // what one half of a pair is copied from holds the adapter's part as well
  expect(modules[0]!.projected.name).toBe('o');
});

test('two adapters at one projection, one of them in another type and before the bias', () => {
  const { table } = found(`
    xh = Cast <to = 10> (x)
    xf = Cast <to = 1> (xh)
    ${adapter('qa', 'x', 'q')} ${adapter('qb', 'xf', 'qa')}
    ${core('qb', 'k', 'v')}
    [out] o0 = MatMul (m, wq)
    ${adapter('o1', 'm', 'o0')}
    o = Add (o1, bias)`);
  expect(table).toMatchObject([
    {
      output: 'o',
      nodes: { q: 'to_q', outputProjection: 'out' },
      macs: { projections: 4 * LAYER + 3 * ADAPTER },
    },
  ]);
});

describe('what is none', () => {
  test('a second layer of the same input', () => {
    const { refused } =
      found(`[again] q2 = MatMul (x, wk)  qa = Add (q, q2)  ${core('qa', 'k', 'v')}
      o = Identity (m)`);
    expect(refused).toMatchObject([
      { reason: expect.stringMatching(/comes from 2 layers \(.*\), not from one projection/) },
    ]);
  });

  test('a way of three layers', () => {
    const { refused } = found(`[a] q1 = MatMul (x, down)  [b] q2 = MatMul (q1, inner)
      [c] q3 = MatMul (q2, up)  qa = Add (q, q3)  ${core('qa', 'k', 'v')}  o = Identity (m)`);
    expect(refused).toMatchObject([{ reason: expect.stringMatching(/comes from 2 layers/) }]);
  });

  test('at the output, one that reads something else: the module ends before it', () => {
    const { table } = found(`${core('q', 'k', 'v')}
      [out] o0 = MatMul (m, wq)
      ${adapter('o', 'x', 'o0')}`);
    expect(table).toMatchObject([{ output: 'o0', macs: { projections: 4 * LAYER } }]);
  });

  test('an output projection beside which another layer reads the same', () => {
    const { table } = found(`${core('q', 'k', 'v')}
      [out] o0 = MatMul (m, wq)
      [other] o1 = MatMul (m, wk)
      o2 = Relu (o1)
      o = Mul (o0, o2)`);
    expect(table).toMatchObject([{ output: 'm', nodes: { outputProjection: null } }]);
  });
});
