/** Models opened by way of files that live for a moment: what they compute, and what is left when they are open. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { expect, onTestFinished, test } from 'vitest';
import { openModels, openSource } from '../../../src/evidence/measure/scratch.js';
import { EXACT } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { splitExternal, writeTiny } from '../../runtime/session/tiny-bundles.js';
import { countingReleases, feedsOf } from './proof.js';

const scaled = (factor: number) =>
  modelOf(`g (float[2,2] x) => (float[2,2] y) <float f = {${factor}}> { y = Mul (x, f) }`);
const broken = () => modelOf('g (float[2,2] x) => (float[2,2] y) { y = other.Nothing (x) }');

const scratches = (folder = os.tmpdir()) =>
  fs.readdirSync(folder).filter((name) => name.startsWith('.stepfold-calibrate-'));

const run = async (session: { run: ort.InferenceSession['run'] }) => {
  const { x } = feedsOf(0);
  const { y } = await session.run({ x: x as never });
  return [...(y!.data as Float32Array)];
};

test('several models are open, and their folder is gone', async () => {
  const before = scratches();
  const models = [2, 3].map((factor, i) => ({
    name: `model ${i}`,
    model: scaled(factor),
    options: EXACT,
  }));
  const sessions = await openModels(ort, models);
  expect(scratches()).toEqual(before);
  expect(await run(sessions[0] as never)).toEqual([2, 4, 6, 8]);
  expect(await run(sessions[1] as never)).toEqual([3, 6, 9, 12]);
  for (const session of sessions) await session.release();
});

test('a folder of one’s own is made, and gone as well', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-scratch-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  const own = path.join(folder, 'deep', 'probe');
  const [session] = await openModels(ort, [{ name: 'a', model: scaled(2), options: EXACT }], own);
  expect(fs.readdirSync(path.join(folder, 'deep'))).toEqual([]);
  await session!.release();
});

test('where one does not open, the others are let go and nothing is left', async () => {
  const before = scratches();
  const counting = countingReleases();
  const models = [scaled(2), scaled(3), broken(), scaled(4)].map((model, i) => ({
    name: `model ${i}`,
    model,
    options: EXACT,
  }));
  await expect(openModels(counting.ort, models)).rejects.toMatchObject({
    code: 'ENGINE_REFUSED',
    message: expect.stringContaining('model 2.onnx'),
  });
  expect(counting.released()).toBe(2);
  expect(scratches()).toEqual(before);
});

test('weights behind a link that leaves the folder are read, as in the cache of a hub', async () => {
  const folder = await writeTiny(splitExternal());
  const file = path.join(folder, 'full.onnx');
  const plain = await openSource(ort, file, EXACT);
  const repository = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-hub-'));
  onTestFinished(() => fs.rmSync(repository, { recursive: true }));
  const snapshot = path.join(repository, 'snapshots', 'abc');
  fs.cpSync(folder, snapshot, { recursive: true });
  fs.mkdirSync(path.join(repository, 'blobs'));
  const [weights, blob] = [path.join(snapshot, 'weights.bin'), path.join(repository, 'blobs/b')];
  fs.renameSync(weights, blob);
  fs.symlinkSync(blob, weights);
  const linked = await openSource(ort, path.join(snapshot, 'full.onnx'), EXACT);
  const { x, t } = feedsOf(1);
  for (const session of [plain, linked]) {
    const { y } = await session.run({ x: x as never, t: t as never });
    expect([...(y!.data as Float32Array)]).toEqual([11, 12, 13, 14].map((n) => 2 * n + 0.5));
    await session.release();
  }
});
