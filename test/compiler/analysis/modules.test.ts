/**
 * Modules of transformer blocks in the wirings that there are, where a person would say that each ends: behind its last layer,
 * before a gate. Then near misses, and what published architectures come to by their widths alone.
 */
import { describe, expect, test } from 'vitest';
import {
  findAttention,
  findBlocks,
  findInputRoles,
  findModules,
} from '../../../src/compiler/analysis/index.js';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import { groupBy } from '../../../src/model/ir/group-by.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { attention, blockModel, feedForward } from '../../helpers/block-text.js';
import { CONSTANTS, INPUTS, ONE_STREAM, TWO_STREAMS } from '../../helpers/wirings.js';

function modulesOf(model: Model) {
  const shapes = inferShapes(model);
  const attentions = findAttention(model.graph, shapes);
  const blocks = findBlocks(model.graph, shapes, attentions.found);
  const { latent } = findInputRoles(model.graph, shapes);
  return findModules(model.graph, shapes, attentions, blocks, latent);
}

/** By kind: the names of what is kept of each module, and the block that it is in. */
const found = (model: Model) =>
  modulesOf(model).found.map(({ id, outputs, block }) => [
    id,
    outputs.map(({ name }) => name).join(' and '),
    block,
  ]);

const USUAL = [
  ['self.0', 'b_a1', 0],
  ['self.1', 'b_a2', 0],
];

describe('one stream', () => {
  const BY_HAND: Readonly<Record<keyof typeof ONE_STREAM, unknown[][]>> = {
    'attention, then feed-forward': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
    ],
    'two attentions over one norm': [...USUAL, ['feed-forward.0', 'b_fed', 0]],
    'two attentions over a norm each': [...USUAL, ['feed-forward.0', 'b_fed', 0]],
    'two attentions, the second over what went in and what came of it': USUAL,
    'two attentions added to each other first': [...USUAL, ['feed-forward.0', 'b_fed', 0]],
    'a second sum that starts at the input': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
    ],
    'three sums that start at the input': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed1', 0],
      ['feed-forward.1', 'b_fed2', 0],
    ],
    'a second attention whose sum starts at the input': USUAL,
    'attention and feed-forward beside each other, attention added first': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
    ],
    'attention and feed-forward beside each other, feed-forward added first': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
    ],
    'attention and feed-forward beside each other, added to each other first': [
      ['parallel.0', 'b_both', 0],
    ],
    'norms on both sides of each layer': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fn', 0],
    ],
    'a feed-forward that also reads what went in': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
    ],
    'a sum in another layout': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
    ],
    'a sum in another type': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
    ],
  };

  test.each(Object.entries(ONE_STREAM))('%s', (name, write) => {
    expect(found(blockModel(write('b', 'x', 'y'), CONSTANTS, INPUTS))).toEqual(BY_HAND[name]);
  });

  test('modules of one kind are counted over all blocks', () => {
    const write = ONE_STREAM['attention, then feed-forward']!;
    const two = blockModel(write('b', 'x', 'h') + write('d', 'h', 'y'), CONSTANTS, INPUTS);
    expect(found(two)).toEqual([
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fed', 0],
      ['self.1', 'd_attended', 1],
      ['feed-forward.1', 'd_fed', 1],
    ]);
  });
});

describe('two streams', () => {
  const JOINT = ['self.0', 'b_ai and b_at', 0];
  const BY_HAND: Readonly<Record<keyof typeof TWO_STREAMS, unknown[][]>> = {
    'joint attention, a feed-forward each': [
      JOINT,
      ['feed-forward.0', 'b_fi', 0],
      ['feed-forward.1', 'b_ft', 0],
    ],
    'joint attention, and one of the image over the same norm': [
      JOINT,
      ['self.1', 'b_bi', 0],
      ['feed-forward.0', 'b_fi', 0],
      ['feed-forward.1', 'b_ft', 0],
    ],
    'second sums that start at the inputs': [
      JOINT,
      ['feed-forward.0', 'b_fi', 0],
      ['feed-forward.1', 'b_ft', 0],
    ],
    // what one layer makes for both is one module
    'one feed-forward for both': [JOINT, ['feed-forward.0', 'b_fi and b_ft', 0]],
    'one attention and one feed-forward for both': [
      ['self.0', 'b_attended', 0],
      ['feed-forward.0', 'b_fi and b_ft', 0],
    ],
    'a text that is fed what the image became': [JOINT, ['feed-forward.0', 'b_ft', 0]],
  };

  test.each(Object.entries(TWO_STREAMS))('%s', (name, write) => {
    const body = `${write('b', 'x', 'c', 'h', 'd')}
      both = Concat <axis = 1> (h, d)
      y = Tanh (both)`;
    expect(found(blockModel(body, CONSTANTS, INPUTS))).toEqual(BY_HAND[name]);
  });
});

describe('where a module ends', () => {
  /** One block whose feed-forward gives `fed`, of which `after` makes `branch`. */
  const ending = (after: string, constants = '') =>
    found(
      blockModel(
        `${attention('a', 'x', 'attended')}
        m = Add (x, attended)
        ${feedForward('f', 'm', 'fed')}
        gate = Tanh (c)
        ${after}
        y = Add (m, branch)`,
        `float[4] scale = {1, 2, 3, 4}, int64[3] tokens = {1, 6, 4}${constants}`,
        'float[1, 6, 4] x, float[1, 6, 4] c',
      ),
    ).find(([id]) => id === 'feed-forward.0')?.[1];

  test.each<[string, string, string]>([
    ['a gate of the condition', 'branch = Mul (gate, fed)', 'fed'],
    ['a gate on the other side', 'branch = Mul (fed, gate)', 'fed'],
    ['a learned scale', 'branch = Mul (fed, scale)', 'fed'],
    ['a divisor', 'branch = Div (fed, scale)', 'fed'],
    ['a gate and a scale', 'g = Mul (fed, scale)\n branch = Mul (gate, g)', 'fed'],
    [
      'a gate before a change of layout',
      'g = Mul (gate, fed)\n branch = Reshape (g, tokens)',
      'fed',
    ],
    // what only moves is taken over where a gate lies before it
    ['no gate', 'branch = Reshape (fed, tokens)', 'branch'],
    // factors that follow from the stream are computed by the module
    ['a factor of the stream', 's = Tanh (m)\n branch = Mul (s, fed)', 'branch'],
    ['a divisor of the stream', 'branch = Div (gate, fed)', 'branch'],
    ['a shift', 'g = Mul (gate, fed)\n branch = Add (g, scale)', 'branch'],
  ])('%s', (_, after, expected) => {
    expect(ending(after)).toBe(expected);
  });
});

/** Sizes without which an export does not say that its upsampled maps are as large as those before. */
const FREEZE: Readonly<Record<string, Record<string, number>>> = {
  'unet-video-dynamo-18': { s91: 8, s15: 8 },
};

/** By its definition (samples/python): so many modules of each kind, and of those so many that give two streams their parts. */
describe.each<[file: string, counts: Record<string, number>, onTwo: number]>([
  ['dit-dynamo-23', { self: 3, 'feed-forward': 3 }, 0],
  ['dit-quantized-qdq', { self: 3, 'feed-forward': 3 }, 0],
  ['mmdit-dynamo-18', { self: 3, 'feed-forward': 5 }, 2],
  ['mmdit-dual-script2-17', { self: 5, 'feed-forward': 5 }, 2],
  ['flux-dynamo-23', { self: 2, 'feed-forward': 4, parallel: 3 }, 2],
  ['aura-script2-17', { self: 5, 'feed-forward': 7 }, 2],
  // one layer for image and text, but in the last block, which is of the image alone
  ['cogview-script2-17', { self: 3, 'feed-forward': 3 }, 2],
  ['latte-script2-17', { self: 3, temporal: 3, cross: 3, 'feed-forward': 6 }, 0],
  ['latte-dynamo-18', { self: 3, temporal: 3, cross: 3, 'feed-forward': 6 }, 0],
  // over all frames at once: none is from frame to frame alone
  ['wan-dynamo-23', { self: 3, cross: 3, 'feed-forward': 3 }, 0],
  ['unet-motion-17', { self: 4, temporal: 12, cross: 4, 'feed-forward': 10 }, 0],
  // each block along time has a feed-forward before its attention, too
  ['unet-video-17', { self: 4, temporal: 4, cross: 8, 'feed-forward': 12 }, 0],
  ['unet-video-dynamo-18', { self: 4, temporal: 4, cross: 8, 'feed-forward': 12 }, 0],
  ['unet-optimizer', { self: 4, cross: 4, 'feed-forward': 4 }, 0],
  ['unet-xl-dynamo-23', { self: 11, cross: 11, 'feed-forward': 11 }, 0],
])('%s', (file, counts, onTwo) => {
  test('has the modules of its definition', async () => {
    const { canonical } = await prepare(loadModel(`samples/corpus/${file}.onnx`), {
      freeze: FREEZE[file] ?? {},
    });
    const { found: modules, refused } = modulesOf(canonical);
    const byKind = [...groupBy(modules, ({ kind }) => kind)].map(([kind, of]) => [kind, of.length]);
    expect(Object.fromEntries(byKind)).toEqual(counts);
    expect(modules.filter(({ outputs }) => outputs.length === 2)).toHaveLength(onTwo);
    expect(refused).toEqual([]);
  });
});

describe('near misses', () => {
  test('an attention that no layer projects and no sum brings back', () => {
    const body = `q = MatMul (x, w)
      kt = Transpose <perm = [0, 2, 1]> (x)
      s = MatMul (q, kt)
      [soft] p = Softmax <axis = -1> (s)
      m = MatMul (p, q)
      y = Tanh (m)`;
    expect(modulesOf(blockModel(body))).toEqual({
      found: [],
      refused: [
        {
          reason: 'no layer projects what it gives, and no sum brings it back to a stream',
          node: 'soft',
        },
      ],
    });
  });

  test('one that no sum brings back is a module of no block', () => {
    const body = `${attention('a', 'x', 'attended')}\n y = Tanh (attended)`;
    expect(found(blockModel(body))).toEqual([['self.0', 'attended', undefined]]);
  });

  test('a feed-forward before the first attention of its stream is a module of no block', () => {
    const write = ONE_STREAM['attention, then feed-forward']!;
    const body = `${feedForward('f', 'x', 'fed')}\n h = Add (x, fed)\n ${write('b', 'h', 'y')}`;
    expect(found(blockModel(body, CONSTANTS, INPUTS))).toEqual([
      ['feed-forward.0', 'fed', undefined],
      ['self.0', 'b_attended', 0],
      ['feed-forward.1', 'b_fed', 0],
    ]);
  });

  test('a single layer without attention on its stream is none', () => {
    const body = `${feedForward('f', 'x', 'fed')}\n one = MatMul (x, w)\n [sum] y = Add (x, one)`;
    expect(modulesOf(blockModel(body))).toEqual({
      found: [],
      refused: [
        { reason: expect.stringMatching(/a single layer and no feed-forward/), node: 'sum' },
      ],
    });
  });
});
