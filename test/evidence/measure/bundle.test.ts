/** Bundles as they are read for a proof: with the source, and all of its weights, or without; and a part of one. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { expect, onTestFinished, test } from 'vitest';
import { sha256 } from '../../../src/compiler/emit/index.js';
import { openWithCalls, readBundle } from '../../../src/evidence/measure/bundle.js';
import { EXACT } from '../../helpers/compile.js';
import { split, splitExternal, writeTiny } from '../../runtime/session/tiny-bundles.js';
import { feedsOf } from './proof.js';

test('a bundle is read without its source, or with all of it', async () => {
  const tiny = splitExternal();
  const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-source-'));
  onTestFinished(() => fs.rmSync(elsewhere, { recursive: true }));
  const source = path.join(elsewhere, 'source.onnx');
  fs.writeFileSync(source, tiny.files['full.onnx']!);
  const { schedule } = tiny;
  const whole = { ...schedule, source: { ...schedule.source, sha256: sha256(source) } };
  const folder = await writeTiny({ ...tiny, schedule: whole });
  expect(await readBundle(folder)).toEqual(whole);
  const code = async (model: string) =>
    readBundle(folder, model).then(
      () => 'read',
      (error) => error.code,
    );
  expect(await code(source)).toMatch(/^EXTERNAL_DATA_/);
  fs.writeFileSync(path.join(elsewhere, 'weights.bin'), tiny.files['weights.bin']!);
  expect(await code(source)).toBe('read');
  expect(await code(path.join(folder, 'shallow.onnx'))).toBe('SOURCE_DIFFERS');
});

test('of a part of the calls, no other model is opened', async () => {
  const tiny = split();
  const folder = await writeTiny(tiny);
  fs.writeFileSync(path.join(folder, 'shallow.onnx'), 'no model');
  const session = await openWithCalls(ort, folder, tiny.schedule, ['full', 'full'], EXACT);
  const outputs = [];
  // the same inputs are no new image
  for (const call of [1, 1]) outputs.push((await session.run(feedsOf(call))).y!.data);
  await session.release();
  expect(outputs).toEqual([0, 1].map(() => Float32Array.of(22.5, 24.5, 26.5, 28.5)));
});
