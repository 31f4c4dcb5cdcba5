/**
 * Attention over two streams that part again behind it: the out-projections belong to the module, so that reuse
 * keeps one value of each stream and multiplies nothing. What a call gives follows from the source's own outputs:
 * y' = x' + (y - x).
 */
import { describe, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { attentionCost, findAttention } from '../../../src/compiler/analysis/index.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { decodeModel } from '../../../src/index.js';
import { concreteShapes } from '../../../src/model/cost/index.js';
import { EXACT, encodeLowered, encodeSorted, openSession, ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

const [IMAGE, TEXT, SIZE] = [6, 3, 4];
const numbers = (phase: number) =>
  `{${Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(phase + i).toFixed(3)).join()}}`;
const LAYERS = ['wq', 'wk', 'wv', 'uq', 'uk', 'uv', 'wo', 'uo'];

/** @param cut the joined tokens into "a" of the image and "b" of the text */
const joint = (cut: string) => () =>
  modelOf(`joint (float[2,${IMAGE},${SIZE}] x, float[2,${TEXT},${SIZE}] text)
    => (float[2,${IMAGE},${SIZE}] y, float[2,${TEXT},${SIZE}] z) <
    ${LAYERS.map((name, i) => `float[${SIZE},${SIZE}] ${name} = ${numbers(i)}`).join(', ')},
    int64[1] k0 = {0}, int64[1] k1 = {1}, int64[1] k6 = {6}, int64[1] k9 = {9}, int64[2] parts = {6, 3}
  > {
    q0 = MatMul (x, wq) k0x = MatMul (x, wk) v0 = MatMul (x, wv)
    q1 = MatMul (text, uq) k1x = MatMul (text, uk) v1 = MatMul (text, uv)
    q = Concat <axis = 1> (q0, q1) k = Concat <axis = 1> (k0x, k1x) v = Concat <axis = 1> (v0, v1)
    t = Transpose <perm = [0, 2, 1]> (k)
    s = MatMul (q, t) p = Softmax <axis = -1> (s) m = MatMul (p, v)
    ${cut}
    image = MatMul (a, wo) caption = MatMul (b, uo)
    y = Add (x, image) z = Add (text, caption)
  }`);

const CUTS = {
  'by Slice': joint('a = Slice (m, k0, k6, k1) b = Slice (m, k6, k9, k1)'),
  'by Split': joint('a, b = Split <axis = 1> (m, parts)'),
};

const feeds = (phase: number) => {
  const of = (tokens: number, shift: number) =>
    new ort.Tensor(
      'float32',
      Float32Array.from({ length: 2 * tokens * SIZE }, (_, i) => Math.cos(phase + shift + 0.7 * i)),
      [2, tokens, SIZE],
    );
  return { x: of(IMAGE, 0), text: of(TEXT, 5) };
};

describe.each(Object.entries(CUTS))('%s', (_, model) => {
  test('eight layers are the module', async () => {
    const source = model();
    const { shapes } = await canonicalize.run(source);
    const [found] = findAttention(source.graph, shapes).found;
    expect(found!.streams.map(({ output }) => output.name)).toEqual(['image', 'caption']);
    expect(attentionCost(found!, concreteShapes(shapes, new Map()))).toEqual({
      projections: 2 * 4 * (IMAGE + TEXT) * SIZE ** 2,
      products: 2 * 2 * (IMAGE + TEXT) ** 2 * SIZE,
    });
  });

  test('reuse keeps a value of each stream, and multiplies nothing', async () => {
    const compiled = await Pipeline.create({ calls: 2, emit: 'split' })
      .use(ditfastattn, { strategy: 'reuse' })
      .compile(model());
    expect(compiled.plan.sites[0]!.outputs.map(({ name }) => name)).toEqual(['image', 'caption']);
    const products = [...encodeLowered(compiled)].map(([file, bytes]) =>
      file.endsWith('.onnx')
        ? [...decodeModel(bytes).graph.nodes].filter((n) => n.opType === 'MatMul').length
        : 0,
    );
    expect(products.sort((a, b) => a - b).at(0)).toBe(0);

    const engine = await ort.InferenceSession.create(encodeSorted(model()), EXACT);
    const [before, after] = [feeds(1), feeds(2)];
    const source = await engine.run(before);
    await engine.release();
    const session = await openSession(compiled);
    await session.run(before);
    const found = await session.run(after);
    await session.release();
    for (const [input, output] of [
      ['x', 'y'],
      ['text', 'z'],
    ] as const) {
      const [x, was, y] = [after[input], before[input], source[output]!].map(
        ({ data }) => data as Float32Array,
      ) as [Float32Array, Float32Array, Float32Array];
      const expected = x.map((value, i) => value + (y[i]! - was[i]!));
      const worst = expected.reduce(
        (most, value, i) =>
          Math.max(most, Math.abs(value - (found[output]!.data as Float32Array)[i]!)),
        0,
      );
      expect(worst, output).toBeLessThan(1e-5);
    }
  });
});
