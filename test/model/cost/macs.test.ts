/** Multiply-accumulates and parameters, against counts by hand. */
import { describe, expect, test } from 'vitest';
import { concreteShapes, graphCost } from '../../../src/model/cost/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';

function costOf(graph: string, sizes: Record<string, number> = {}) {
  const model = modelOf(graph);
  const shapes = inferShapes(model);
  return graphCost(model.graph, concreteShapes(shapes, new Map(Object.entries(sizes))));
}

const ones = (count: number) => Array(count).fill(1).join(', ');

describe('operators', () => {
  test.each<[string, string, number, number]>([
    [
      'a convolution: outputs times channels in times kernel',
      `g (float[2,3,8,8] x) => (float[2,4,6,6] y) <float[4,3,3,3] w = {${ones(108)}}> { y = Conv (x, w) }`,
      2 * 4 * 6 * 6 * 3 * 3 * 3,
      108,
    ],
    [
      'groups share the channels in',
      `g (float[1,4,5,5] x) => (float[1,4,5,5] y) <float[4,1,3,3] w = {${ones(36)}}> {
        y = Conv <group = 4, pads = [1, 1, 1, 1]> (x, w) }`,
      4 * 5 * 5 * 9,
      36,
    ],
    [
      'a transposed convolution: inputs times channels out times kernel',
      `g (float[1,3,4,4] x) => (float[1,2,8,8] y) <float[3,2,2,2] w = {${ones(24)}}> {
        y = ConvTranspose <strides = [2, 2]> (x, w) }`,
      3 * 4 * 4 * 2 * 2 * 2,
      24,
    ],
    [
      'Gemm, with its bias for nothing',
      `g (float[2,3] x) => (float[2,5] y) <float[5,3] w = {${ones(15)}}, float[5] b = {${ones(5)}}> {
        y = Gemm <transB = 1> (x, w, b) }`,
      2 * 5 * 3,
      20,
    ],
    [
      'Gemm of a transposed input',
      `g (float[3,2] x) => (float[2,5] y) <float[3,5] w = {${ones(15)}}> { y = Gemm <transA = 1> (x, w) }`,
      2 * 5 * 3,
      15,
    ],
    [
      'a linear layer over tokens',
      `g (float[2,7,3] x) => (float[2,7,5] y) <float[3,5] w = {${ones(15)}}> { y = MatMul (x, w) }`,
      2 * 7 * 5 * 3,
      15,
    ],
    [
      'a linear layer of integers',
      `g (uint8[2,7,3] x) => (int32[2,7,5] y) <int8[3,5] w = {${ones(15)}}> { y = MatMulInteger (x, w) }`,
      2 * 7 * 5 * 3,
      15,
    ],
    [
      'a quantized convolution, whose weight comes fourth',
      `g (uint8[1,3,4,4] x) => (uint8[1,2,4,4] y) <int8[2,3,1,1] w = {${ones(6)}}, float s = {0.5}, uint8 z = {1}> {
        y = QLinearConv (x, s, z, w, s, z, s, z) }`,
      2 * 16 * 3,
      6,
    ],
    [
      'a convolution with the channels last',
      `g (float[1,4,4,3] x) => (float[1,4,4,2] y) <float[2,3,3,3] w = {${ones(54)}}> {
        y = com.microsoft.NhwcConv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x, w) }`,
      2 * 16 * 27,
      54,
    ],
    [
      'a weight that is transposed on the way',
      `g (float[2,3] x) => (float[2,5] y) <float[5,3] w = {${ones(15)}}> {
        t = Transpose <perm = [1, 0]> (w)
        y = MatMul (x, t) }`,
      2 * 5 * 3,
      15,
    ],
    [
      'Einsum by the sizes of its labels',
      `g (float[2,3,4] x) => (float[2,3,5] y) <float[4,5] w = {${ones(20)}}> {
        y = Einsum <equation = "bij, jk -> bik"> (x, w) }`,
      2 * 3 * 4 * 5,
      20,
    ],
  ])('%s', (_, graph, macs, parameters) => {
    expect(costOf(graph)).toEqual({
      macs: { all: macs, layers: macs },
      parameters,
      unknown: [],
    });
  });

  test('a product of two computed values is attention, not a layer', () => {
    const { macs } = costOf(`g (float[2,4,7,3] q, float[2,4,3,7] k) => (float[2,4,7,7] s) {
      s = MatMul (q, k) }`);
    expect(macs).toEqual({ all: 2 * 4 * 7 * 7 * 3, layers: 0 });
  });

  test('element-wise work counts as nothing', () => {
    expect(costOf('g (float[9] x) => (float[9] y) { a = Exp (x) y = Softmax (a) }').macs).toEqual({
      all: 0,
      layers: 0,
    });
  });
});

describe('graphs', () => {
  const choice = `g (float[2,3] x, bool c) => (float[2,3] y) <float[3,3] w = {${ones(9)}}> {
    y = If (c) <
      then_branch: graph = t () => (float[2,3] p) { a = MatMul (x, w) p = MatMul (a, w) },
      else_branch: graph = e () => (float[2,3] q) { q = MatMul (x, w) }
    >
  }`;

  test('of an If the dearer branch counts, a shared weight once', () => {
    const { macs, parameters } = costOf(choice);
    expect(macs.all).toBe(2 * (2 * 3 * 3));
    expect(parameters).toBe(9);
  });

  test('or the one that is known to run', () => {
    const model = modelOf(choice);
    const shapes = inferShapes(model);
    const { macs } = graphCost(model.graph, concreteShapes(shapes, new Map()), (node) => {
      const branch = node.attributes.get('else_branch');
      return branch?.type === 'graph' ? branch.value : undefined;
    });
    expect(macs.all).toBe(2 * 3 * 3);
  });

  test('sizes are those of the symbols, and what is not known is named', () => {
    const graph = `g (float[batch,3,h,w] x) => (float[batch,2,h,w] y) <float[2,3,1,1] k = {${ones(6)}}> {
      [conv] y = Conv (x, k) }`;
    expect(costOf(graph, { batch: 2, h: 4, w: 8 }).macs.all).toBe(2 * 2 * 4 * 8 * 3);
    const unknown = costOf(graph, { batch: 2, h: 4 });
    expect(unknown.macs.all).toBe(0);
    expect(unknown.unknown.map((n) => n.label)).toEqual(['conv']);
  });

  test('numbers and integers are no parameters', () => {
    expect(
      costOf(`g (float[2,3] x) => (float[6] y) <float s = {2}, int64[1] shape = {6}> {
        a = Mul (x, s)
        y = Reshape (a, shape) }`).parameters,
    ).toBe(0);
  });
});
