/** Passes on the two samples of Fashion-MNIST, whose U-Net reads its class by cross-attention: bundles proved. */
import { describe, expect, test } from 'vitest';
import { findModel } from '../../src/runtime/model-folder/index.js';
import { compilePasses, expectProved } from '../helpers/composed.js';

const PAIR = { guidance: { order: 'uncond-first', mode: 'batch' }, calls: 4 } as const;

describe('fashion', () => {
  const { file } = findModel('samples/fashion');

  test.each([
    ['the output forecast', 'split', [['forecast', { 'full-calls': 2, order: 1 }]]],
    ['DeepCache at the outermost branch', 'split', [['deepcache', { branch: 1, interval: 2 }]]],
    ['DeepCache further in', 'merged', [['deepcache', { branch: 4, interval: 2, order: 1 }]]],
    ['attention reused', 'split', [['ditfastattn', { strategy: 'reuse', interval: 2 }]]],
    ['guidance as a difference', 'merged', [['guidance-delta', { interval: 2 }]]],
    ['what depends on the class alone', 'split', [['loop-invariant', {}]]],
  ] as const)('%s, proved as %s', async (_, emit, chosen) => {
    await expectProved(file, await compilePasses(file, chosen, { emit, ...PAIR }));
  });

  test('has six skip branches', async () => {
    await expect(
      compilePasses(file, [['deepcache', { branch: 7, interval: 2 }]]),
    ).rejects.toMatchObject({ code: 'UNET_BRANCH' });
  });
});

describe('flow-fashion', () => {
  const { file } = findModel('samples/flow-fashion');

  test.each([
    ['the output forecast', 'split', [['forecast', { 'full-calls': 2, order: 1 }]]],
    ['three of four blocks kept', 'merged', [['delta-cache', { range: '1-3', interval: 2 }]]],
  ] as const)('%s, proved as %s', async (_, emit, chosen) => {
    await expectProved(file, await compilePasses(file, chosen, { emit, ...PAIR }));
  });
});
