/**
 * Operators that are the whole of attention: their MACs against counts by hand, and the shapes of their
 * results against onnxruntime, or by hand where its CPU provider has no such operator.
 */
import { describe, expect, test } from 'vitest';
import {
  concreteShapes,
  isHeavy,
  multipliesWeight,
  nodeMacs,
} from '../../../src/model/cost/index.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { randomFeeds, runModel } from '../shape/engine.js';

const BATCH = 3;
const N = 6; // queries
const M = 5; // keys

interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly node: string;
  readonly dims: readonly number[];
  /** MACs of q k^T and of the product with v. */
  readonly products: number;
  readonly layers?: number;
  readonly opset?: number;
  readonly notOnCpu?: boolean;
}

const CASES: readonly Case[] = [
  {
    name: 'MultiHeadAttention, v wider than q and k',
    inputs: { q: [BATCH, N, 8], k: [BATCH, M, 8], v: [BATCH, M, 12] },
    node: 'com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)',
    dims: [BATCH, N, 12],
    products: BATCH * N * M * (8 + 12),
  },
  {
    name: 'MultiHeadAttention of k and v with heads apart',
    inputs: { q: [BATCH, N, 8], k: [BATCH, 2, M, 4], v: [BATCH, 2, M, 4] },
    node: 'com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)',
    dims: [BATCH, N, 8],
    products: BATCH * 2 * N * M * (4 + 4),
  },
  {
    name: 'MultiHeadAttention of packed k and v',
    inputs: { q: [BATCH, N, 8], k: [BATCH, M, 2, 2, 4] },
    node: 'com.microsoft.MultiHeadAttention <num_heads = 2> (q, k)',
    dims: [BATCH, N, 8],
    products: BATCH * N * M * (8 + 8),
    notOnCpu: true,
  },
  {
    name: 'MultiHeadAttention of packed q, k and v',
    inputs: { q: [BATCH, N, 2, 3, 4] },
    node: 'com.microsoft.MultiHeadAttention <num_heads = 2> (q)',
    dims: [BATCH, N, 8],
    products: BATCH * N * N * (8 + 8),
    notOnCpu: true,
  },
  {
    name: 'Attention of com.microsoft, which projects',
    inputs: { x: [BATCH, N, 5], w: [5, 24], b: [24] },
    node: 'com.microsoft.Attention <num_heads = 2> (x, w, b)',
    dims: [BATCH, N, 8],
    products: BATCH * N * N * (8 + 8),
    layers: BATCH * N * 5 * 24,
  },
  {
    name: 'Attention of com.microsoft, v wider than q and k',
    inputs: { x: [BATCH, N, 5], w: [5, 28], b: [28] },
    node: 'com.microsoft.Attention <num_heads = 2, qkv_hidden_sizes = [8, 8, 12]> (x, w, b)',
    dims: [BATCH, N, 12],
    products: BATCH * N * N * (8 + 12),
    layers: BATCH * N * 5 * 28,
  },
  {
    name: 'Attention of opset 23 with heads apart',
    inputs: { q: [BATCH, 2, N, 4], k: [BATCH, 2, M, 4], v: [BATCH, 2, M, 6] },
    node: 'Attention (q, k, v)',
    dims: [BATCH, 2, N, 6],
    products: BATCH * 2 * N * M * (4 + 6),
    opset: 23,
  },
  {
    name: 'Attention of opset 23, four heads of q to two of k and v',
    inputs: { q: [BATCH, N, 16], k: [BATCH, M, 8], v: [BATCH, M, 12] },
    node: 'Attention <q_num_heads = 4, kv_num_heads = 2> (q, k, v)',
    dims: [BATCH, N, 24],
    products: BATCH * 4 * N * M * (4 + 6),
    opset: 23,
  },
  {
    name: 'FusedMatMul of turned operands',
    inputs: { a: [BATCH, 5, N], b: [BATCH, M, 5] },
    node: 'com.microsoft.FusedMatMul <transA = 1, transB = 1> (a, b)',
    dims: [BATCH, N, M],
    products: BATCH * N * M * 5,
  },
];

describe.each(CASES)(
  '$name',
  ({ inputs, node, dims, products, layers = 0, opset = 17, ...rest }) => {
    const declared = Object.entries(inputs).map(([name, shape]) => `float[${shape}] ${name}`);
    const model = parseModel(`<ir_version: 8, opset_import: ["": ${opset}, "com.microsoft": 1]>
    g (${declared.join(', ')}) => (float y) { o = ${node}
      y = Identity (o) }`);
    const shapes = inferShapes(model);
    const [operator] = model.graph.nodes;

    test('has a result of the right shape', async () => {
      expect(shapes.concrete(operator!.output, new Map())).toEqual(dims);
      if (rest.notOnCpu) return;
      const { y } = await runModel(model, randomFeeds(model, inputs));
      expect(y!.dims).toEqual(dims);
    });

    test('costs its products, and its layers where it has any', () => {
      const macs = nodeMacs(operator!, concreteShapes(shapes, new Map()));
      expect(macs).toEqual({ all: products + layers, layers });
      expect(isHeavy(operator!)).toBe(true);
      // not even one that projects is a layer: its result is that of attention
      expect(multipliesWeight(operator!)).toBe(false);
    });
  },
);

test('an operator that attends to kept keys costs what is not known', () => {
  const model = parseModel(`<ir_version: 11, opset_import: ["": 23]>
    g (float[1,2,6,4] q, float[1,2,5,4] past) => (float y) { y = Attention (q, q, q, , past, past) }`);
  const shapes = inferShapes(model);
  const [operator] = model.graph.nodes;
  expect(nodeMacs(operator!, concreteShapes(shapes, new Map()))).toBeUndefined();
});
