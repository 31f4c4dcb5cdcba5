/**
 * Every pass on the trained transformer of two streams, whose timestep is a float and whose image and caption
 * attend as one: bundles proved, and what cannot be.
 */
import { expect, test } from 'vitest';
import { findModel } from '../../src/runtime/model-folder/index.js';
import { compilePasses, expectProved } from '../helpers/composed.js';

const { file: MODEL } = findModel('samples/flow-digits');
const PAIR = { guidance: { order: 'uncond-first', mode: 'batch' } } as const;
const FULL = [0, 3, 6, 7];
const BLOCKS = { range: '1-5', order: 1 };

/** What is chosen, and in which form; that forms agree is a test of other models. */
const CASES = [
  ['the output forecast', 'split', [['forecast', { 'full-calls': 4, order: 2 }]]],
  ['five of six blocks kept', 'merged', [['delta-cache', { ...BLOCKS, interval: 3 }]]],
  ['attention reused', 'chain', [['ditfastattn', { strategy: 'reuse', interval: 2 }]]],
  [
    'attention in windows',
    'split',
    [['ditfastattn', { strategy: 'window', interval: 3, order: 1 }]],
  ],
  ['guidance as a difference', 'merged', [['guidance-delta', { interval: 3 }]]],
  ['what depends on the class alone', 'chain', [['loop-invariant', {}]]],
  [
    'half pairs and blocks',
    'split',
    [
      ['guidance-delta', { full: FULL }],
      ['delta-cache', { ...BLOCKS, full: FULL }],
    ],
  ],
  [
    'the output and blocks',
    'chain',
    [
      ['delta-cache', { ...BLOCKS, full: [0, 4] }],
      ['forecast', { full: [0, 2, 4, 6, 7], order: 1 }],
    ],
  ],
] as const;

test.each(CASES)('%s, proved as %s', async (_, emit, chosen) => {
  await expectProved(MODEL, await compilePasses(MODEL, chosen, { emit, ...PAIR }));
});

test('its halves are not shared in attention, where image and caption are projected apart', async () => {
  await expect(
    compilePasses(MODEL, [['ditfastattn', { strategy: 'guidance-share' }]], PAIR),
  ).rejects.toMatchObject({ code: 'PASS_OPTION' });
});

test('there is no U-Net in it', async () => {
  await expect(
    compilePasses(MODEL, [['deepcache', { branch: 1, interval: 2 }]]),
  ).rejects.toMatchObject({ code: expect.stringMatching(/^UNET|^PASS|^DEEPCACHE/) });
});
