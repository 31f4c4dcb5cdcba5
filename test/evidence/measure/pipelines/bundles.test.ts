/** Guidance in a part of the loop, on bundles: what a call keeps is of the batch that it had. */
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { deepcache, ditfastattn } from '../../../../passes/index.js';
import { writeBundle } from '../../../../src/compiler/emit/index.js';
import type { AnyPass } from '../../../../src/compiler/pass/index.js';
import { Pipeline } from '../../../../src/compiler/pipeline/index.js';
import { generate, openLoopBundle } from '../../../../src/evidence/measure/index.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import { createSampler } from '../../../../src/runtime/samplers/index.js';
import { expectClose, loopFolder } from '../../../helpers/loops.js';

const DIGITS = 'samples/digits/digits-unet.onnx';
const folder = loopFolder();

const label = (value: number) => ({
  class_labels: new ort.Tensor('int64', BigInt64Array.of(BigInt(value)), [1]) as never,
});

type Mode = 'batch' | 'two-calls';

async function make(name: string, pass: AnyPass, options: object, made?: Mode): Promise<string> {
  const compilation = await Pipeline.create({
    calls: made === 'two-calls' ? 12 : 6,
    ...(made && { guidance: { order: 'cond-first', mode: made } }),
  })
    .use(pass as never, options as never)
    .compile(loadModel(DIGITS));
  writeBundle(compilation, path.join(folder, name), { sourceFile: DIGITS });
  return path.join(folder, name);
}

async function run(bundle: string, mode: Mode) {
  const denoiser = await openLoopBundle(bundle, { halves: mode === 'two-calls' });
  try {
    const { latent } = await generate(denoiser, {
      ...{ sampler: createSampler('ddim', { steps: 6 }), seed: 1, feeds: label(3) },
      guidance: {
        ...{ scale: 2, order: 'cond-first', mode, unconditional: label(10) },
        interval: [0, 0.5],
      },
    });
    return { latent, calls: [...denoiser.counts.values()].reduce((sum, count) => sum + count, 0) };
  } finally {
    await denoiser.release();
  }
}

test('one half runs alone where a full call begins there', async () => {
  const full = await make('full', deepcache, { branch: 2, full: [0, 3] });
  const batch = await run(full, 'batch');
  // the same by a session for each half, and by a bundle with both halves' calls
  const apart = await run(full, 'two-calls');
  const both = await run(
    await make('both', deepcache, { branch: 2, full: [0, 3] }, 'two-calls'),
    'two-calls',
  );
  expectClose(apart.latent, [...batch.latent]);
  expectClose(both.latent, [...batch.latent]);
  expect([batch.calls, apart.calls, both.calls]).toEqual([6, 9, 12]);
});

test('and is refused by the session where a call takes what both have kept', async () => {
  const shallow = await make('shallow', deepcache, { branch: 2, interval: 2 });
  await expect(run(shallow, 'batch')).rejects.toMatchObject({ code: 'STATE_SHAPE_CHANGED' });
  const shared = await make('shared', ditfastattn, { strategy: 'guidance-share' }, 'batch');
  await expect(run(shared, 'batch')).rejects.toMatchObject({ code: 'GUIDANCE_ODD_BATCH' });
});
