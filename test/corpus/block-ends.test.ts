/**
 * Transformers of the corpus against their modules in PyTorch: between which values each block lies is
 * what samples/python/block_ends.py found by running both, and blocks that are left out are plain loops
 * over the source between those values.
 */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { deltaCache } from '../../passes/index.js';
import { findAttention, findBlocks } from '../../src/compiler/analysis/index.js';
import { Pipeline, prepare } from '../../src/compiler/pipeline/index.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { openSession, type ort } from '../helpers/compile.js';
import { distance, type Feeds, plainLoop, type Stream } from '../helpers/replaced-streams.js';
import { fillWeights, randomFeeds } from '../model/shape/engine.js';

/** Values with the numbers of what goes into a block and comes out of it. */
interface Ends {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

const read = (file: string) => JSON.parse(fs.readFileSync(`samples/corpus/${file}`, 'utf8'));
const corpus: Record<string, { inputs: Record<string, number[]> }> = read('corpus.json');
const written: Record<string, readonly (readonly Ends[])[]> = read('block-ends.json');

/** By file and block, without what nobody needs and no export holds: the text behind a last block. */
const ENDS = Object.entries(written).map(
  ([name, blocks]) =>
    [name, blocks.map((streams) => streams.filter(({ to }) => to.length > 0))] as const,
);

const CALLS = 4;

/** Those of other wirings than x + attention(x), then x + feed-forward(x). */
const RUN = [
  'mmdit-dual-script2-17',
  'aura-script2-17',
  'cogview-script2-17',
  'flux-apart-script2-17',
  'cogvideox-script2-17',
  'hunyuan-video-script2-17',
  'z-image-script2-17',
  'wan-script2-17-static',
];

describe.each(ENDS)('%s', (name, blocks) => {
  test('blocks lie between what their modules take and give', async () => {
    const { canonical, shapes } = await prepare(loadModel(`samples/corpus/${name}.onnx`));
    const { found } = findAttention(canonical.graph, shapes);
    const stages = findBlocks(canonical.graph, shapes, found).stages.flat();
    expect(stages).toHaveLength(blocks.length);
    for (const [i, { streams }] of stages.entries()) {
      expect(streams).toHaveLength(blocks[i]!.length);
      for (const { input, output } of streams) {
        const ends = blocks[i]!.find(({ to }) => to.includes(output.name));
        expect(ends?.from, `block ${i}, "${output.name}"`).toContain(input.name);
      }
    }
  });
});

describe.each(ENDS.filter(([name]) => RUN.includes(name)))('%s runs', (name, blocks) => {
  const stages = stagesOf(blocks);

  test.each([
    ['first', 1],
    ['last', 2],
  ] as const)('without front or rear of the %s stage: %i', async (which, count) => {
    const stage = which === 'first' ? 0 : stages.length - 1;
    const [first, end] = stages[stage]!;
    const source = loadModel(`samples/corpus/${name}.onnx`);
    fillWeights(source);
    const compilation = await Pipeline.create({ calls: CALLS, emit: 'merged' })
      .use(deltaCache, { interval: 2, blocks: count, stage, boundary: 2 })
      .compile(source);
    const run = (from: number, to: number) =>
      blocks[to]!.map((ends): Stream => [startOf(blocks, from, to, ends), ends.to[0]!]);
    const [front, rear] = [run(first, first + count - 1), run(end - count, end - 1)];
    const replaced = [undefined, count === end - first ? front : rear, undefined, front];
    const feeds = replaced.map((_, call) =>
      nothingMasked(randomFeeds(source, corpus[name]!.inputs, 20 + call)),
    );
    const loop = await plainLoop(source, feeds, replaced);
    const session = await openSession(compilation);
    for (const [call, expected] of loop.outputs.entries()) {
      const [made] = Object.values(await session.run(feeds[call]!));
      expect(distance(made as ort.Tensor, expected), `call ${call}`).toBeLessThan(1e-5);
      if (replaced[call]) expect(distance(expected, loop.source[call]!)).toBeGreaterThan(1e-3);
    }
    await session.release();
  });
});

/** Masks hold one where a token counts: with other numbers nobody would attend to the text. */
function nothingMasked(feeds: Feeds): Feeds {
  for (const [name, tensor] of Object.entries(feeds))
    if (name.endsWith('_mask')) (tensor.data as Float32Array).fill(1);
  return feeds;
}

/** Blocks of which each begins where the one before ends: the first, and the one behind the last. */
function stagesOf(blocks: readonly (readonly Ends[])[]): (readonly [number, number])[] {
  const starts = blocks.flatMap((streams, i) =>
    i > 0 && streams.every((ends) => endingAt(blocks[i - 1]!, ends)) ? [] : [i],
  );
  return starts.map((start, i) => [start, starts[i + 1] ?? blocks.length]);
}

/** The stream of a block that another block goes on with. */
const endingAt = (block: readonly Ends[], next: Ends) =>
  block.find(({ to }) => to.some((name) => next.from.includes(name)));

/** Where a stream of one block enters an earlier one. */
function startOf(
  blocks: readonly (readonly Ends[])[],
  first: number,
  last: number,
  ends: Ends,
): string {
  let at = ends;
  for (let i = last - 1; i >= first; i--) at = endingAt(blocks[i]!, at)!;
  return at.from[0]!;
}
