/** The two samples of Fashion-MNIST in loops by their folders' schedulers, against PyTorch's own (samples/python). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopDenoiser, openLoopModel } from '../../../src/evidence/measure/index.js';
import { farthest, trainedSample } from '../../helpers/trained.js';

const SIZE = 28;
const STEPS = 6;

describe.each([
  ['fashion', 'ddim', 'predicts v, by DDIM'],
  ['flow-fashion', 'euler-flow', 'predicts the velocity of a flow, by Euler’s method'],
] as const)('%s', (folder, method, what) => {
  const sample = trainedSample(folder, SIZE);
  let source: LoopDenoiser;
  beforeAll(async () => {
    source = await openLoopModel(sample.model);
  });
  afterAll(() => source.release());

  test('one call gives what PyTorch computed', async () => {
    expect(farthest(await sample.call(source), sample.floats('out_sample'))).toBeLessThan(1e-4);
  });

  test(`${what}, and draws the same pictures`, async () => {
    const sampler = sample.sampler(method, STEPS);
    const noise = sample.floats('loop_noise');
    const drawn = await sample.pictures(source, sampler, noise, sample.classes());
    expect(farthest(drawn, sample.floats('loop_pictures'))).toBeLessThan(1e-3);
  });
});
