/** A loop that lies in the graph: unrolled into it, or in a Loop. */
import { describe, expect, test } from 'vitest';
import { findWholeLoop } from '../../../src/compiler/analysis/index.js';
import { inspectModel } from '../../../src/compiler/inspect/inspect.js';
import { modelOf } from '../../helpers/text.js';

const WEIGHTS = `float[4,4] a = {${Array(16).fill(0.5).join(', ')}}, float[4,4] b = {${Array(16).fill(-0.5).join(', ')}}`;

/** So many steps of Euler's method, one after another, behind an encoder of its own weight. */
function unrolled(steps: number, encoder = 4): string {
  const step = (i: number) => `
    h${i} = MatMul (x${i}, a)
    s${i} = Tanh (h${i})
    v${i} = MatMul (s${i}, b)
    d${i} = Mul (v${i}, dt)
    x${i + 1} = Add (x${i}, d${i})`;
  return `g (float[N,T,${encoder}] text) => (float[N,T,4] x${steps})
  <${WEIGHTS}, float[${encoder},4] w = {${Array(4 * encoder)
    .fill(0.1)
    .join(', ')}}, float dt = {0.25}> {
    x0 = MatMul (text, w)
    ${Array.from({ length: steps }, (_, i) => step(i)).join('\n')}
  }`;
}

const noteOf = (graph: string) => findWholeLoop(modelOf(graph).graph);

describe('steps one after another', () => {
  test('multiply each weight as often as there are steps', () => {
    expect(noteOf(unrolled(4))).toMatch(
      /^67 % of its weights are multiplied 4 times each, as where a loop of 4 steps is unrolled; .* export one step/,
    );
    expect(noteOf(unrolled(2))).toMatch(/2 times each, as where two steps, or the halves of a gui/);
  });

  test('are one call where there is one, or where most of the weights are no part of them', () => {
    expect(noteOf(unrolled(1))).toBeUndefined();
    expect(noteOf(unrolled(4, 8))).toBeUndefined();
  });

  test('are said of the whole model, in its canonical form', async () => {
    const { inspection } = await inspectModel(modelOf(unrolled(3)));
    expect(inspection.notes).toEqual([expect.stringContaining('multiplied 3 times each')]);
  });
});

test('the branches of an If are two ways of one call', () => {
  const branch = (of: string) => `${of} () => (float[N,T,4] y${of}) {
      h${of} = MatMul (x, a)
      y${of} = MatMul (h${of}, b)
    }`;
  expect(
    noteOf(`g (float[N,T,4] x, bool c) => (float[N,T,4] y) <${WEIGHTS}> {
      y = If (c) <then_branch = ${branch('p')}, else_branch = ${branch('q')}>
    }`),
  ).toBeUndefined();
});

describe('a Loop', () => {
  const loop = (beside: number) => `g (int64 n, bool go, float[N,T,4] x) => (float[N,T,4] y)
  <${WEIGHTS}, float[4,${beside}] w = {${Array(4 * beside)
    .fill(0.1)
    .join(', ')}}, float[${beside},4] u = {${Array(4 * beside)
    .fill(0.1)
    .join(', ')}}> {
    w0 = MatMul (x, w)
    x0 = MatMul (w0, u)
    y = Loop (n, go, x0) <body = step (int64 i, bool on, float[N,T,4] at) => (bool more, float[N,T,4] to) {
      more = Identity (on)
      h = MatMul (at, a)
      v = MatMul (h, b)
      to = Add (at, v)
    }>
  }`;

  test('that holds most of the weights is a loop over steps', () => {
    expect(noteOf(loop(2))).toMatch(
      /^67 % of its weights are multiplied in the body of "Loop making y", as in a loop over steps; /,
    );
  });

  test('that holds a few is a part of the denoiser', () => {
    expect(noteOf(loop(8))).toBeUndefined();
  });
});
