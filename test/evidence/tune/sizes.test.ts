/** A search whose user says sizes and roles: the source runs with them as every bundle does, or nothing could be compared. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { Bundles } from '../../../src/evidence/tune/bundles.js';
import type { LoopSubject } from '../../../src/evidence/tune/index.js';
import { runTrial } from '../../../src/evidence/tune/trial.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { modelOf } from '../../helpers/text.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-sizes-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** No sines tell which input is the timestep, and frames may be any number. */
const file = path.join(folder, 'model.onnx');
saveModel(
  modelOf(`g (float[batch,2,frames] x, float[batch] when, float[batch,2,frames] mu) => (float[batch,2,frames] y)
  <float[2,2,1] w = {0.5, 0.25, -0.5, 1}, int64[2] axes = {1, 2}, float thousand = {1000}> {
    a = Conv (x, w)
    b = Add (a, mu)
    u = Unsqueeze (when, axes)
    s = Div (u, thousand)
    y = Add (b, s)
  }`),
  file,
);

const sampler = { name: 'ddim', steps: 4 } as const;
const forecast = { pass: 'forecast', options: { 'full-calls': 2, order: 0 } };

test.each([
  ['shapes', { shapes: { x: [1, 2, 10] } }, [1, 2, 10]],
  ['symbols', { freeze: { batch: 3, frames: 12 } }, [3, 2, 12]],
] as const)('%s', async (_, sizes, dims) => {
  const subject = {
    ...{ file, own: sampler, table: passesWith(), feeds: {}, seed: 3 },
    ...{ roles: { latent: 'x', timestep: 'when' }, ...sizes },
  } as LoopSubject;
  const bundles = new Bundles(subject, loadModel(file));
  try {
    for (const passes of [[], [forecast]]) {
      const ended = await runTrial(bundles, { family: '', passes, sampler }, 0);
      expect(ended).toMatchObject({ dims, images: dims[0] });
    }
  } finally {
    await bundles.release();
  }
});
