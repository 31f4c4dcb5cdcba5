/**
 * Transformer blocks of published architectures: how many there are and of what layers follows from the
 * configurations, what each costs from the widths alone (`n` tokens of `d` channels). Norms count a few
 * channels; the two products of an attention count apart, as they do in published tables.
 */
import { describe, expect, test } from 'vitest';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import {
  blockTable,
  findBlocks,
  nodesOfRange,
  type StreamPart,
} from '../../../src/compiler/analysis/index.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { concreteShapes, graphCost, regionCost } from '../../../src/model/cost/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';

interface Figures {
  readonly layers: number;
  readonly products: number;
  readonly parameters: number;
}

interface Case {
  readonly file: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** By stage. */
  readonly blocks: readonly (readonly Figures[])[];
  readonly kinds: readonly string[];
  /** MACs of what only blocks read, but more than one of them. */
  readonly shared?: number;
  /** Of the whole model: MACs with a weight, and parameters. */
  readonly whole?: { readonly layers: number; readonly parameters: number } | undefined;
}

const SELF = 'self-attention';
const CROSS = 'cross-attention';
const FEED = 'feed-forward';

/** q, k, v and output projection, each with a bias; then what is four times as wide, and back. */
const SELF_PARAMETERS = (d: number) => 4 * d ** 2 + 4 * d;
const FEED_PARAMETERS = (d: number) => 8 * d ** 2 + 5 * d;

/**
 * DiT with adaLN-Zero (arXiv 2212.09748, figure 3): six modulations for each image. Its norms learn
 * nothing, yet where one is an operator of its own the file holds its ones and zeros.
 */
const ditBlock = (n: number, d: number, batch: number, norm: Norm): Figures => ({
  layers: batch * (12 * n * d ** 2 + 6 * d ** 2),
  products: batch * 2 * n ** 2 * d,
  parameters: 18 * d ** 2 + 15 * d + 2 * STORED[norm] * d,
});
type Norm = 'operator' | 'in parts';
const STORED: Record<Norm, number> = { operator: 2, 'in parts': 0 };

/** Around the blocks: patches in, timestep and class, modulated layer out. Positions are stored. */
function dit(n: number, d: number, depth: number, batch: number, ends: DitEnds): Case['whole'] {
  const { channels, out, classes, norm } = ends;
  const patch = 4 * channels;
  const block = ditBlock(n, d, batch, norm);
  const time = 256 * d + d ** 2;
  return {
    layers: depth * block.layers + batch * (n * d * patch + time + 2 * d ** 2 + n * d * 4 * out),
    parameters:
      depth * block.parameters +
      (patch * d + d) +
      n * d +
      // the table of frequencies is stored as well
      (time + 2 * d + 128) +
      (classes + 1) * d +
      (2 * d ** 2 + 2 * d) +
      STORED[norm] * d +
      (4 * out * d + 4 * out),
  };
}
interface DitEnds {
  readonly channels: number;
  readonly out: number;
  readonly classes: number;
  readonly norm: Norm;
}
const LATENT = { channels: 4, out: 8, classes: 1000 };

/** PixArt (arXiv 2310.00426, section 2.3): all blocks share one modulation, and add a table to it. */
const pixartBlock = (n: number, d: number, m: number): Figures => ({
  layers: n * 4 * d ** 2 + (2 * n * d ** 2 + 2 * m * d ** 2) + n * 8 * d ** 2,
  products: 2 * n ** 2 * d + 2 * n * m * d,
  parameters: 2 * SELF_PARAMETERS(d) + FEED_PARAMETERS(d) + 6 * d,
});

/**
 * Latent diffusion (arXiv 2112.10752, appendix E.2.1): no bias on q, k and v, a text of `m` tokens of
 * `c` channels, a gate beside what is four times as wide, three norms with scale and shift.
 */
const ldmBlock = (n: number, d: number, m: number, c: number): Figures => ({
  layers: n * 4 * d ** 2 + (2 * n * d ** 2 + 2 * m * c * d) + n * 12 * d ** 2,
  products: 2 * n ** 2 * d + 2 * n * m * d,
  parameters:
    4 * d ** 2 + d + (2 * d ** 2 + 2 * c * d + d) + (8 * d ** 2 + 8 * d + 4 * d ** 2 + d) + 6 * d,
});

/**
 * DDPM (arXiv 2006.11239, appendix B): one attention over a feature map behind a norm of groups, for
 * which exporters store a one and a zero per group beside the learned scale and shift.
 */
const mapBlock = (n: number, d: number, groups: number): Figures => ({
  layers: n * 4 * d ** 2,
  products: 2 * n ** 2 * d,
  parameters: SELF_PARAMETERS(d) + 2 * d + 2 * groups,
});

const each = (blocks: readonly Figures[]) => blocks.map((block) => [block]);
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

/** Two transformers on each of three levels on the way down, one in the middle, three on the way up. */
const ldmStages = (widths: readonly number[], side: number, middle: [number, number]) =>
  [
    ...widths.flatMap((d, level) => times(2, [(side / 2 ** level) ** 2, d] as const)),
    middle,
    ...widths.flatMap((d, level) => times(3, [(side / 2 ** level) ** 2, d] as const)).reverse(),
  ] as const;

const CASES: Case[] = [
  {
    file: 'architectures/dit-xl-2-256',
    sizes: { batch: 1 },
    blocks: [times(28, ditBlock(256, 1152, 1, 'operator'))],
    kinds: [SELF, FEED],
    whole: dit(256, 1152, 28, 1, { ...LATENT, norm: 'operator' }),
  },
  {
    file: 'architectures/dit-xl-2-512',
    sizes: { batch: 2 },
    blocks: [times(28, ditBlock(1024, 1152, 2, 'in parts'))],
    kinds: [SELF, FEED],
    whole: dit(1024, 1152, 28, 2, { ...LATENT, norm: 'in parts' }),
  },
  {
    file: 'architectures/dit-s-2-512',
    sizes: { batch: 1 },
    blocks: [times(12, ditBlock(1024, 384, 1, 'operator'))],
    kinds: [SELF, FEED],
    whole: dit(1024, 384, 12, 1, { ...LATENT, norm: 'operator' }),
  },
  {
    file: 'dit-digits/dit-digits',
    sizes: { batch: 3 },
    blocks: [times(6, ditBlock(144, 128, 3, 'operator'))],
    kinds: [SELF, FEED],
    whole: dit(144, 128, 6, 3, { channels: 1, out: 1, classes: 10, norm: 'operator' }),
  },
  {
    file: 'architectures/pixart-sigma-1024',
    sizes: { batch: 1, height: 128, width: 128, sequence: 300 },
    blocks: [times(28, pixartBlock(4096, 1152, 300))],
    kinds: [SELF, CROSS, FEED],
    // the modulation of all blocks, and the projection of the text from 4,096 channels
    shared: 6 * 1152 ** 2 + 300 * (4096 * 1152 + 1152 ** 2),
  },
  {
    file: 'architectures/sd15-unet',
    sizes: { batch: 1, height: 64, width: 64, sequence: 77 },
    blocks: each(
      ldmStages([320, 640, 1280], 64, [64, 1280]).map(([n, d]) => ldmBlock(n, d, 77, 768)),
    ),
    kinds: [SELF, CROSS, FEED],
  },
  {
    file: 'architectures/ldm4-imagenet',
    sizes: { batch: 1, height: 64, width: 64, tokens: 1 },
    blocks: each(ldmStages([384, 576, 960], 32, [64, 960]).map(([n, d]) => ldmBlock(n, d, 1, 512))),
    kinds: [SELF, CROSS, FEED],
  },
  {
    file: 'architectures/ddpm-cifar10',
    sizes: { batch: 1, height: 32, width: 32 },
    blocks: each([
      ...times(2, mapBlock(256, 256, 32)),
      mapBlock(16, 256, 32),
      ...times(3, mapBlock(256, 256, 32)),
    ]),
    kinds: [SELF],
  },
  {
    file: 'digits/digits-unet',
    sizes: { batch: 1, height: 16, width: 16 },
    blocks: each(times(5, mapBlock(64, 32, 8))),
    kinds: [SELF],
  },
];

describe.each(CASES)('$file', async ({ file, sizes, blocks, kinds, shared = 0, whole }) => {
  const model = loadModel(`samples/${file}.onnx`);
  const { shapes } = await canonicalize.run(model);
  const { graph } = model;
  const bindings = new Map(Object.entries(sizes));
  const shapeOf = concreteShapes(shapes, bindings);
  const analysis = findBlocks(graph, shapes, findAttention(graph, shapes).found);
  const total = graphCost(graph, shapeOf);

  test('has the stages, blocks and layers of its configuration', () => {
    expect(analysis.refused).toEqual([]);
    expect(analysis.stages.map((stage) => stage.length)).toEqual(blocks.map((b) => b.length));
    const found = analysis.stages.flat();
    expect(found.map((block) => block.index)).toEqual(found.map((_, i) => i));
    expect(found.map((block) => block.layers.map((layer) => layer.kind))).toEqual(
      found.map(() => kinds),
    );
  });

  test('whose blocks follow each other on one stream of one shape', () => {
    for (const [s, stage] of analysis.stages.entries())
      for (const [i, block] of stage.entries()) {
        expect(block.stage).toBe(s);
        expect(block.streams).toHaveLength(1);
        const [{ input, output }] = block.streams as [StreamPart];
        if (i > 0) expect(input).toBe(stage[i - 1]!.streams[0]!.output);
        expect(shapes.shape(input)!.map((d) => d.key)).toEqual(
          shapes.shape(output)!.map((d) => d.key),
        );
        expect(block.layers[0]!.from).toBe(input);
        expect(block.layers.at(-1)!.to).toBe(output);
      }
  });

  test('which cost what their widths make', () => {
    const table = blockTable(graph, analysis, shapes, bindings, total.macs);
    expect(
      table.map(({ macs, parameters }) => ({
        layers: macs.layers,
        products: macs.all - macs.layers,
        parameters,
      })),
    ).toEqual(blocks.flat());
    for (const { share, macs } of table) expect(share).toBe(macs.all / total.macs.all);
  });

  test('and together with what is around them make the whole', () => {
    const inside = analysis.stages.flat().map((block) => nodesOfRange(graph, block));
    const all = new Set(inside.flatMap((nodes) => [...nodes]));
    expect(all.size).toBe(inside.reduce((sum, nodes) => sum + nodes.size, 0));
    // without a whole stage falls away what its blocks share as well
    const alone = regionCost(all, shapeOf).macs.all;
    const stages = analysis.stages.map((stage) =>
      nodesOfRange(graph, {
        streams: [
          {
            stream: 0,
            input: stage[0]!.streams[0]!.input,
            output: stage.at(-1)!.streams[0]!.output,
          },
        ],
      }),
    );
    expect(
      stages.reduce((sum, nodes) => sum + regionCost(nodes, shapeOf).macs.all, 0) - alone,
    ).toBe(shared);
    const around = regionCost(
      [...graph.nodes].filter((node) => !all.has(node)),
      shapeOf,
    );
    const sum = (of: 'layers' | 'products' | 'parameters') =>
      blocks.flat().reduce((total, block) => total + block[of], 0);
    // every attention lies in a block
    expect(around.macs.all).toBe(around.macs.layers);
    expect(total.macs.layers).toBe(sum('layers') + around.macs.layers);
    expect(total.macs.all).toBe(sum('layers') + sum('products') + around.macs.layers);
    if (whole) {
      expect(total.macs.layers).toBe(whole.layers);
      expect(total.parameters).toBe(whole.parameters);
    }
  });
});
