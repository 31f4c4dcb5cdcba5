/**
 * Rules for a target, where a constant has another rank or another number of elements than they are made for.
 * The oracle is onnxruntime on the graph as it was given: shape and numbers.
 */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { applyTarget, onnxruntimeCpu } from '../../passes/targets/index.js';
import { cloneModel } from '../../src/ir/clone.js';
import { modelOf } from '../helpers/text.js';
import { runModel } from '../shape/engine.js';

interface Case {
  readonly name: string;
  readonly graph: string;
  readonly dims: readonly number[];
  /** Rules that are used. */
  readonly rules: readonly string[];
}

const numbers = (count: number) =>
  Array.from({ length: count }, (_, i) => (2 * Math.sin(1.7 * i)).toFixed(3)).join(', ');

const affine = (name: string, weight: string, bias: string, rules: string[]): Case => ({
  name,
  dims: [2, 4, 3, 4],
  rules,
  graph: `norm (float[n, 4, h, 4] x) => (y)
    <float[4] one = {1.5, 0.5, 1, 2}, float[4] zero = {0, 0.25, 1, -1}, float[${weight}] w = {${numbers(4)}}, float[${bias}] b = {${numbers(4)}}> {
    n = InstanceNormalization (x, one, zero)
    m = Mul (n, w)
    a = Add (m, b)
    y = Neg (a)
  }`,
});

const gelu = (
  name: string,
  before: string,
  half: string,
  rules: string[],
  dims = [2, 3, 4],
): Case => ({
  name,
  dims,
  rules,
  graph: `gelu (float[n, t, ${dims[2]}] x) => (y)
    <float three = {3}, float c1 = {0.044715}, float c2 = {0.7978845608}, float one = {1}, float${half} half = {0.5}, float[4] four = {0.5, -1, 2, 0}, float[1] single = {0.25}, float[1, 4] row = {1, 2, 3, 4}> {
    v = ${before}
    p = Pow (v, three)
    a = Mul (p, c1)
    s = Add (v, a)
    d = Mul (s, c2)
    t = Tanh (d)
    e = Add (t, one)
    f = Mul (v, e)
    g = Mul (f, half)
    y = Neg (g)
  }`,
});

const attention = (name: string, factor: string, rules: string[]): Case => ({
  name,
  dims: [1, 1024, 4],
  rules,
  graph: `attention (float[n, 1024, 4] x) => (y) <float c = {${factor}}> {
    k = Transpose <perm = [0, 2, 1]> (x)
    s = MatMul (x, k)
    scaled = Mul (s, c)
    p = Softmax <axis = -1> (scaled)
    o = MatMul (p, x)
    y = Neg (o)
  }`,
});

const CASES: readonly Case[] = [
  affine('per channel', '4, 1, 1', '1, 4, 1, 1', ['channel-affine']),
  affine('a weight of a higher rank', '1, 1, 4, 1, 1', '4, 1, 1', []),
  affine('a bias of a higher rank', '4, 1, 1', '1, 1, 4, 1, 1', []),
  affine('a weight along another axis', '1, 4', '4, 1, 1', []),
  affine('a bias along another axis', '4, 1, 1', '1, 1, 1, 4', []),
  gelu('a half of no rank', 'Neg (x)', '', ['tanh-gelu']),
  gelu('a half of the same rank', 'Neg (x)', '[1, 1, 1]', ['tanh-gelu']),
  gelu('a half of a higher rank', 'Neg (x)', '[1, 1, 1, 1]', []),
  gelu('a bias', 'Add (x, four)', '', ['tanh-gelu']),
  gelu('a bias of a single number', 'Add (x, single)', '', ['tanh-gelu']),
  gelu('a bias of two axes', 'Add (x, row)', '', ['tanh-gelu']),
  gelu('a bias that widens', 'Add (x, four)', '', ['tanh-gelu'], [2, 3, 1]),
  attention('a factor', '0.5', ['attention']),
  attention('a negative factor', '-0.5', ['attention']),
  attention('a factor of zero', '0', []),
];

test.each(CASES)('$name', async ({ graph, dims, rules }) => {
  const source = modelOf(graph);
  const { model } = cloneModel(source);
  const { trace } = applyTarget(model, onnxruntimeCpu);
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) =>
    Math.sin(1.3 * i + 0.01 * i * i),
  );
  const feeds = { x: new ort.Tensor(data, dims) };
  const before = (await runModel(source, feeds)).y!;
  const after = (await runModel(model, feeds)).y!;
  expect(after.dims).toEqual(before.dims);
  const others = after.data as Float32Array;
  const worst = Math.max(
    ...Array.from(before.data as Float32Array, (value, i) => Math.abs(value - others[i]!)),
  );
  expect(worst).toBeLessThan(1e-5);
  expect(trace.map(({ rule }) => rule)).toEqual(rules);
});
