/** Loops over images of one session: in turns, each gives what a session of its own gives. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deepcache } from '../../../passes/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import {
  type GivenGuidance,
  generate,
  type LoopDenoiser,
  loopImage,
  openLoopBundle,
} from '../../../src/evidence/measure/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { openBundle } from '../../../src/runtime/node/index.js';
import { createSampler } from '../../../src/runtime/samplers/index.js';
import type { DenoiserSession } from '../../../src/runtime/session/index.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-images-'));
const sourceFile = 'samples/digits/digits-unet.onnx';
let session: DenoiserSession;

beforeAll(async () => {
  const compilation = await Pipeline.create({ calls: 4 })
    .use(deepcache, { branch: 3, interval: 2 })
    .compile(loadModel(sourceFile));
  writeBundle(compilation, path.join(folder, 'bundle'), { sourceFile });
  session = await openBundle(path.join(folder, 'bundle'));
});
afterAll(async () => {
  await session.release();
  fs.rmSync(folder, { recursive: true, force: true });
});

const GUIDANCE: GivenGuidance = {
  scale: 2,
  order: 'cond-first',
  mode: 'two-calls',
  unconditional: { class_labels: [10] },
};

/** @param label which image is meant */
async function latentOf(denoiser: LoopDenoiser, label: number): Promise<Float32Array> {
  const sampler = createSampler('ddim', { steps: 3 + label });
  const { latent } = await generate(denoiser, {
    ...{ sampler, seed: label, feeds: { class_labels: [label] }, guidance: GUIDANCE },
  });
  await denoiser.release();
  return latent;
}

test('each half of each image has states of its own', async () => {
  const labels = [1, 2, 3];
  const together = labels.map(() => loopImage(session, { halves: true }));
  const made = await Promise.all(labels.map((label, i) => latentOf(together[i]!, label)));
  for (const [i, label] of labels.entries()) {
    const alone = await openLoopBundle(path.join(folder, 'bundle'), { halves: true });
    expect(made[i]).toEqual(await latentOf(alone, label));
    // calls of both halves, by the program that made them
    expect(together[i]!.counts).toEqual(alone.counts);
    expect([...alone.counts.values()].reduce((sum, count) => sum + count)).toBe(2 * (3 + label));
  }
});

test('its release leaves the session as it is', async () => {
  const first = loopImage(session);
  await first.release();
  await expect(latentOf(first, 1)).rejects.toMatchObject({ code: 'SESSION_IMAGE_RELEASED' });
  expect(await latentOf(loopImage(session, { halves: true }), 1)).toHaveLength(256);
});

test('what a loop is refused with calls it as it was told', async () => {
  const image = loopImage(session, { label: 'the bundle of the shop' });
  await expect(
    generate(image, {
      sampler: createSampler('ddim', { steps: 2 }),
      ...{ seed: 1, feeds: { class_labels: [1] } },
      guidance: { ...GUIDANCE, scale: 1e300 },
    }),
  ).rejects.toThrow('the bundle of the shop');
});
