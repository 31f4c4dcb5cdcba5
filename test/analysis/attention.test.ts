/**
 * Attention found in real exports. What must be found follows from the published configurations; the
 * products' MACs must make up the whole difference between the two conventions, which are counted
 * without knowing anything of attention.
 */
import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../passes/canonicalize/index.js';
import { attentionCost, findAttention } from '../../src/analysis/attention/index.js';
import { concreteShapes, graphCost } from '../../src/cost/index.js';
import { loadModel } from '../../src/onnx/files.js';
import { product } from '../../src/shape/index.js';

const SIZES = { batch: 2, height: 32, width: 32, tokens: 5, sequence: 77 };

const CASES = [
  // two blocks at 16x16 on the way down, one in the middle, three on the way up; one head
  { file: 'architectures/ddpm-cifar10', self: 6, cross: 0, heads: [1], headSizes: [256] },
  // transformers at three levels: 2 down and 3 up each, one in the middle; heads of 32 channels
  {
    file: 'architectures/ldm4-imagenet',
    self: 16,
    cross: 16,
    heads: [12, 18, 30],
    headSizes: [32],
  },
  { file: 'architectures/sd15-unet', self: 16, cross: 16, heads: [8], headSizes: [40, 80, 160] },
  { file: 'digits/digits-unet', self: 5, cross: 0, heads: [4], headSizes: [8] },
];

describe.each(CASES)('$file', async ({ file, self, cross, heads, headSizes }) => {
  const model = loadModel(`samples/${file}.onnx`);
  const { shapes } = await canonicalize.run(model);
  const { found, refused } = findAttention(model.graph, shapes);
  const distinct = (values: unknown[]) => [...new Set(values.map(Number))].sort((a, b) => a - b);

  test('has the modules of its configuration', () => {
    expect(refused).toEqual([]);
    expect(found.filter((a) => a.kind === 'self')).toHaveLength(self);
    expect(found.filter((a) => a.kind === 'cross')).toHaveLength(cross);
    expect(distinct(found.map((a) => a.heads?.constant))).toEqual(heads);
    expect(distinct(found.map((a) => a.headSize?.constant))).toEqual(headSizes);
  });

  test('reads its module input and leaves through its output projection', () => {
    for (const a of found) {
      expect(a.outputProjection, a.softmax.label).toBeDefined();
      // the module gives back as many elements as it takes, if perhaps in another layout
      const [input, output] = [a.q.source, a.output].map((v) => product(shapes.shape(v) ?? []));
      expect(input?.key, a.softmax.label).toBe(output?.key);
    }
  });

  test('accounts for every product of activations', () => {
    const shapeOf = concreteShapes(shapes, new Map(Object.entries(SIZES)));
    const { all, layers } = graphCost(model.graph, shapeOf).macs;
    const products = found.map((a) => attentionCost(a, shapeOf)?.products ?? Number.NaN);
    expect(products.reduce((a, b) => a + b, 0)).toBe(all - layers);
  });
});
