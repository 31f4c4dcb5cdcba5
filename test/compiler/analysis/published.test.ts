/**
 * Published sizes: blocks by stage, and the MACs of one block of each from the widths in its `config.json`. Layers alone,
 * for one image; what the modulation of a block takes is counted too.
 */
import { expect, test } from 'vitest';
import { blockTable, findAttention, findBlocks } from '../../../src/compiler/analysis/index.js';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';

const [IMAGE, TEXT] = [4096, 512];

/** FLUX.1: a stream's block is q, k, v, what comes out and a feed-forward of four widths, its modulation six. */
const FLUX = 3072;
const fluxDouble = (12 * (IMAGE + TEXT) + 2 * 6) * FLUX ** 2;
const fluxSingle = (12 * (IMAGE + TEXT) + 3) * FLUX ** 2;

/** Wan 2.1 1.3B: attention to itself and to the text, of which k and v are the text's, and a feed-forward. */
const [WAN, FRAMES] = [1536, 21 * 30 * 52];
const wan = (6 * FRAMES + 2 * TEXT) * WAN ** 2 + 2 * FRAMES * WAN * 8960;

/** Z-Image: attention, a gated feed-forward of three matrices, and where it is modulated four widths from 256. */
const [Z, CAPTION] = [3840, 256];
const zImage = (tokens: number) => tokens * (4 * Z ** 2 + 3 * Z * 10240);
const zModulation = 256 * 4 * Z;

test.each<[string, readonly (readonly [count: number, streams: number, macs: number])[]]>([
  [
    'flux1-dev',
    [
      [19, 2, fluxDouble],
      [38, 1, fluxSingle],
    ],
  ],
  ['wan21-1.3b', [[30, 1, wan]]],
  [
    'z-image',
    [
      [2, 1, zImage(CAPTION)],
      [2, 1, zImage(IMAGE) + zModulation],
      [30, 1, zImage(IMAGE + CAPTION) + zModulation],
    ],
  ],
])('%s', async (name, expected) => {
  const { canonical, shapes } = await prepare(loadModel(`samples/architectures/${name}.onnx`));
  const { found } = findAttention(canonical.graph, shapes);
  const analysis = findBlocks(canonical.graph, shapes, found);
  const sizes = new Map([['batch', 1]]);
  const table = blockTable(canonical.graph, analysis, shapes, sizes, { all: 1, layers: 1 });
  const stages = analysis.stages.map((blocks) => [
    blocks.length,
    blocks[0]!.streams.length,
    table[blocks[0]!.index]!.macs.layers,
  ]);
  expect(stages).toEqual(expected);
  expect(analysis.refused).toEqual([]);
});
