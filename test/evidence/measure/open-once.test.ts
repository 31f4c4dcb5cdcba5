/** How often a proof opens the models of a bundle, and that none is left open. */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { expect, test, vi } from 'vitest';
import { OpenOnce } from '../../../src/evidence/measure/open-once.js';
import { openModels } from '../../../src/evidence/measure/scratch.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { split } from '../../runtime/session/tiny-bundles.js';
import { countingReleases, feedsOf, proofOf } from './proof.js';
import { verified } from './verified.js';

test('each model is opened once for a level, and once more for the other', async () => {
  const create = vi.spyOn(ort.InferenceSession, 'create');
  const opened = () =>
    create.mock.calls.map(([file]) => path.basename(file as unknown as string)).sort();
  expect(await verified(split(), { options: { levels: ['disabled'] } })).toMatchObject({
    passed: true,
  });
  // the source as it is, and with the plan acted out on it
  expect(opened()).toEqual(['full.onnx', 'probe.onnx', 'shallow.onnx', 'source.onnx']);
  create.mockClear();
  await verified(split());
  expect(opened().filter((name) => name === 'full.onnx')).toHaveLength(2);
  create.mockRestore();
});

test('what is made of models is told apart by its name and bytes, and opened once', async () => {
  const { context } = await proofOf(split());
  const counting = countingReleases();
  const { ort: engine, keep } = new OpenOnce(counting.ort, context.folder, context.schedule);
  const create = vi.spyOn(engine.InferenceSession, 'create');
  const open = (name: string, file = context.model) =>
    openModels(
      engine,
      [{ name, model: loadModel(file), options: {} }],
      path.join(context.folder, 'scratch'),
      keep,
    );
  await open('probe');
  await open('probe');
  expect(create).toHaveBeenCalledTimes(1);
  await open('program');
  await open('probe', path.join(context.folder, 'full.onnx'));
  expect(create).toHaveBeenCalledTimes(3);
});

test('what is closed answers on, until all is let go', async () => {
  const { context } = await proofOf(split());
  const counting = countingReleases();
  const models = new OpenOnce(counting.ort, context.folder, context.schedule);
  const file = path.join(context.folder, 'full.onnx');
  const first = await models.ort.InferenceSession.create(file);
  await first.release();
  const second = await models.ort.InferenceSession.create(file);
  expect((await second.run(feedsOf(0) as never))['y']!.dims).toEqual([2, 2]);
  expect(counting.released()).toBe(0);
  await models.release();
  expect(counting.released()).toBe(1);
});

test('what is no model of the bundle is opened as ever, and so is a large bundle', async () => {
  const { context } = await proofOf(split());
  const counting = countingReleases();
  const { ort: engine } = new OpenOnce(counting.ort, context.folder, context.schedule);
  await (await engine.InferenceSession.create(context.model)).release();
  expect(counting.released()).toBe(1);
  // takes no room on the disk
  fs.truncateSync(path.join(context.folder, 'full.onnx'), 200 * 2 ** 20);
  expect(new OpenOnce(counting.ort, context.folder, context.schedule).ort).toBe(counting.ort);
});
