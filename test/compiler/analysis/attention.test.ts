/**
 * Attention found in real exports. What must be found follows from the published configurations; the
 * products' MACs must make up the whole difference between the two conventions, which are counted
 * without knowing anything of attention.
 */
import { describe, expect, test } from 'vitest';
import {
  attentionCost,
  findAttention,
  raiseCore,
} from '../../../src/compiler/analysis/attention/index.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { concreteShapes, graphCost } from '../../../src/model/cost/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';

const IMAGE = { batch: 2, height: 32, width: 32, tokens: 5, sequence: 77 };

/** Module of N tokens and d channels: four layers and two products (DiTFastAttn, section 3.1). */
const toItself = (n: number, d: number) => 4 * n * d ** 2 + 2 * n ** 2 * d;
/** M tokens of c channels are projected to k and v. */
const toAnother = (n: number, d: number, m: number, c: number) =>
  2 * n * d ** 2 + 2 * m * c * d + 2 * n * m * d;

/** Tokens and channels of Stable Diffusion's transformers at 64x64, on the way down, in the middle, up. */
const SD_LEVELS = [
  ...[320, 640, 1280].map((d, level) => ({ n: 4096 / 4 ** level, d, count: 2 })),
  { n: 64, d: 1280, count: 1 },
  ...[1280, 640, 320].map((d, level) => ({ n: 256 * 4 ** level, d, count: 3 })),
].flatMap(({ n, d, count }) => Array<{ n: number; d: number }>(count).fill({ n, d }));

const CASES = [
  // two blocks at 16x16 on the way down, one in the middle, three on the way up; one head
  {
    file: 'architectures/ddpm-cifar10',
    self: 6,
    cross: 0,
    heads: [1],
    headSizes: [256],
    sizes: IMAGE,
  },
  // transformers at three levels: 2 down and 3 up each, one in the middle; heads of 32 channels
  {
    file: 'architectures/ldm4-imagenet',
    self: 16,
    cross: 16,
    heads: [12, 18, 30],
    headSizes: [32],
    sizes: IMAGE,
  },
  {
    file: 'architectures/sd15-unet',
    self: 16,
    cross: 16,
    heads: [8],
    headSizes: [40, 80, 160],
    sizes: { batch: 1, height: 64, width: 64, sequence: 77 },
    macs: SD_LEVELS.flatMap(({ n, d }) => [toItself(n, d), toAnother(n, d, 77, 768)]),
  },
  {
    file: 'digits/digits-unet',
    self: 5,
    cross: 0,
    heads: [4],
    headSizes: [8],
    sizes: IMAGE,
    macs: Array(5).fill(2 * toItself(64, 32)),
  },
  // one block down, one in the middle, two up at two of three levels; the class is four tokens
  {
    file: 'fashion/unet/model',
    self: 7,
    cross: 7,
    heads: [2, 4],
    headSizes: [16],
    sizes: { batch: 1 },
    macs: [[196, 32, 1] as const, [49, 64, 4] as const, [196, 32, 2] as const].flatMap(
      ([n, d, count]) =>
        Array(count)
          .fill([toItself(n, d), toAnother(n, d, 4, 32)])
          .flat(),
    ),
  },
  {
    file: 'architectures/dit-xl-2-256',
    self: 28,
    cross: 0,
    heads: [16],
    headSizes: [72],
    sizes: { batch: 1 },
    macs: Array(28).fill(toItself(256, 1152)),
  },
  {
    file: 'architectures/dit-xl-2-512',
    self: 28,
    cross: 0,
    heads: [16],
    headSizes: [72],
    sizes: { batch: 2 },
    macs: Array(28).fill(2 * toItself(1024, 1152)),
  },
  {
    file: 'architectures/dit-s-2-512',
    self: 12,
    cross: 0,
    heads: [6],
    headSizes: [64],
    sizes: { batch: 1 },
    macs: Array(12).fill(toItself(1024, 384)),
  },
  {
    file: 'dit-digits/dit-digits',
    self: 6,
    cross: 0,
    heads: [4],
    headSizes: [32],
    sizes: { batch: 1 },
    macs: Array(6).fill(toItself(144, 128)),
  },
  {
    file: 'architectures/pixart-sigma-1024',
    self: 28,
    cross: 28,
    heads: [16],
    headSizes: [72],
    sizes: { batch: 1, height: 128, width: 128, sequence: 300 },
    macs: Array(28)
      .fill([toItself(4096, 1152), toAnother(4096, 1152, 300, 1152)])
      .flat(),
  },
];

describe.each(CASES)('$file', async ({ file, self, cross, heads, headSizes, sizes, macs }) => {
  const model = loadModel(`samples/${file}.onnx`);
  const { shapes } = await canonicalize.run(model);
  const { found, refused } = findAttention(model.graph, shapes);
  const shapeOf = concreteShapes(shapes, new Map(Object.entries(sizes)));
  const distinct = (values: unknown[]) => [...new Set(values.map(Number))].sort((a, b) => a - b);

  test('has the modules of its configuration', () => {
    expect(refused).toEqual([]);
    expect(found.filter((a) => a.kind === 'cross')).toHaveLength(cross);
    expect(distinct(found.map((a) => a.heads?.constant))).toEqual(heads);
    expect(distinct(found.map((a) => a.headSize?.constant))).toEqual(headSizes);
    const ids = found.filter((a) => a.kind === 'self').map((a) => a.id);
    expect(ids).toEqual(Array.from({ length: self }, (_, n) => `attention.${n}`));
  });

  test('reads its module input and leaves through its output projection, in the same layout', () => {
    for (const a of found) {
      expect(a.outputProjection, a.softmax.label).toBeDefined();
      expect(a.input, a.softmax.label).toBe(a.kind === 'self' ? a.q.sources[0] : undefined);
      const [input, output] = [a.q.sources[0]!, a.output].map((v) =>
        shapes.shape(v)?.map((d) => d.key),
      );
      expect(input, a.softmax.label).toEqual(output);
    }
  });

  test('keeps modules apart from each other and from the rest', () => {
    const owner = new Map(found.flatMap((a) => [...a.module].map((node) => [node, a])));
    expect(owner.size).toBe(found.reduce((n, a) => n + a.module.size, 0));
    for (const [node, a] of owner) {
      const leaving = node.outputs.flatMap((v) => [...(v?.users ?? [])]);
      const strays = leaving.filter((user) => owner.get(user) !== a);
      if (strays.length > 0) expect(node.outputs, node.label).toContain(a.output);
    }
  });

  test('takes a window on self-attention', () => {
    for (const a of found) {
      const core = raiseCore(a, shapes);
      if (a.kind === 'cross') expect(core).toHaveProperty('reason');
      else expect(core).toMatchObject({ tokens: a.queries, size: a.headSize });
    }
  });

  test('accounts for every product of activations', () => {
    const { all, layers } = graphCost(model.graph, shapeOf).macs;
    const products = found.map((a) => attentionCost(a, shapeOf)?.products ?? Number.NaN);
    expect(products.reduce((a, b) => a + b, 0)).toBe(all - layers);
  });

  test.runIf(macs)('costs what the published widths make', () => {
    const costs = found.map((a) => attentionCost(a, shapeOf)!);
    expect(costs.map(({ projections, products }) => projections + products)).toEqual(macs);
  });
});
