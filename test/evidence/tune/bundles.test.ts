/** Settings as denoisers: the model is asked as the search was told to read it. */
import path from 'node:path';
import * as engine from 'onnxruntime-node';
import { afterEach, expect, test, vi } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { Bundles, pipelineOf } from '../../../src/evidence/tune/bundles.js';
import { imagesAtOnce, type LoopSubject } from '../../../src/evidence/tune/subject.js';
import { hasFailed, runTrial } from '../../../src/evidence/tune/trial.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { gammaTimesteps } from '../../../src/runtime/samplers/index.js';

const DIGITS = path.resolve('samples/digits/digits-unet.onnx');
const own = { name: 'ddim', steps: 3, spacing: 'trailing' } as const;
const subject: LoopSubject = {
  ...{ file: DIGITS, table: passesWith(), own, seed: 0 },
  feeds: { class_labels: [3] },
};
let bundles: Bundles;
afterEach(() => bundles.release());

test.each([
  [{}, 2],
  [{ freeze: { batch: 3 } }, 3],
  [{ freeze: { batch: 4 }, guidance: { order: 'cond-first', mode: 'batch' } as const }, 2],
])('as many images at once as its batch holds: %o', async (given, images) => {
  const asked: LoopSubject = { ...subject, ...given };
  const guided = asked.guidance && {
    ...asked,
    guidance: { ...asked.guidance, scale: 2, unconditional: { class_labels: [10] } },
  };
  bundles = new Bundles(guided ?? asked, loadModel(DIGITS));
  const { ports } = await bundles.source();
  expect(imagesAtOnce(ports, bundles.subject)).toBe(images);
  // the model itself and a bundle of it alike
  for (const passes of [[], [{ pass: 'forecast', options: { 'full-calls': 2 } }]]) {
    const result = await runTrial(bundles, { family: '', passes, sampler: own }, 0);
    if (hasFailed(result)) throw new Error(result.failed.message);
    expect([result.images, result.dims[0]]).toEqual([images, images]);
  }
});

test('the model and its bundles run in as many threads as were asked for', async () => {
  const create = vi.spyOn(engine.InferenceSession, 'create');
  try {
    bundles = new Bundles(subject, loadModel(DIGITS), 3);
    await bundles.source();
    const passes = [{ pass: 'forecast', options: { 'full-calls': 2 } }];
    await runTrial(bundles, { family: '', passes, sampler: own }, 0);
    // what constants are folded with is in memory
    const files = create.mock.calls.filter(([model]) => typeof model === 'string');
    const threads = files.map((given) => {
      const options = given.at(-1) as engine.InferenceSession.SessionOptions;
      return options.intraOpNumThreads;
    });
    expect(threads.length).toBeGreaterThan(1);
    expect(new Set(threads)).toEqual(new Set([3]));
  } finally {
    create.mockRestore();
  }
});

test('a bundle says where the steps of a list lie', async () => {
  bundles = new Bundles(subject, loadModel(DIGITS));
  const timesteps = gammaTimesteps({ steps: 4, gamma: 1.5 });
  const sampler = { name: 'ddim', steps: 4, timesteps } as const;
  const { schedule } = await bundles.write({ family: '', passes: [], sampler });
  expect(schedule.timesteps).toEqual(timesteps);
  const evenly = await pipelineOf(subject, { passes: [], sampler: own }).compile(bundles.model);
  expect(evenly.timesteps).toBeUndefined();
});
