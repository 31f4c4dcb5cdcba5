/** Models opened by way of files that live for a moment: what they compute, and what is left when they are open. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openModels, openSource } from '../../../src/evidence/measure/scratch.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { EXACT, encodeSorted } from '../../helpers/compile.js';
import { type Layout, writeLayout } from '../../helpers/layouts.js';
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

/** Says from where models are opened, and opens none. */
function places() {
  const folders: string[] = [];
  const create = async (file: string) => {
    folders.push(path.dirname(file));
    return { release: async () => {} };
  };
  return { folders, ort: { InferenceSession: { create } } as never };
}

function tidied(prefix: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), prefix));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return fs.realpathSync(folder);
}

describe('a folder for models whose weights lie', () => {
  /** Where they are opened, with weights on a file system of their own or not. */
  async function opened(elsewhere: boolean, writable = true) {
    const folder = await writeTiny(splitExternal());
    const weights = path.join(folder, 'weights.bin');
    const { statSync, accessSync } = fs;
    vi.spyOn(fs, 'statSync').mockImplementation(((file: string, ...rest: []) => {
      const stat = statSync(file, ...rest);
      return elsewhere && file === weights ? Object.assign(stat!, { dev: stat!.dev + 1 }) : stat;
    }) as never);
    vi.spyOn(fs, 'accessSync').mockImplementation((file, mode) => {
      if (!writable && file === folder) throw new Error('read only');
      accessSync(file, mode);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const { folders, ort } = places();
    const model = loadModel(path.join(folder, 'full.onnx'));
    await openModels(ort, [{ name: 'a', model, options: EXACT }]);
    expect(scratches(folder)).toEqual([]);
    return { parent: path.dirname(folders[0]!), folder };
  }

  test('where such folders lie is made there', async () => {
    expect((await opened(false)).parent).toBe(os.tmpdir());
  });

  test('elsewhere is made beside them, as no link leads from one file system to another', async () => {
    const { parent, folder } = await opened(true);
    expect(parent).toBe(folder);
  });

  test('elsewhere, where nothing can be written, is made where such folders lie', async () => {
    expect((await opened(true, false)).parent).toBe(os.tmpdir());
  });
});

describe('a source is opened where it lies', () => {
  const two = () => {
    const numbers = Array.from({ length: 512 }, (_, i) => i % 7).join();
    return modelOf(`g (float[1,512] x) => (float[1,512] y) <float[512] u = {${numbers}}, float[512] w = {${numbers}}> {
      m = Mul (x, u)
      y = Add (m, w)
    }`);
  };
  const written = (layout: Layout) => {
    const folder = tidied('stepfold-source-');
    return { folder, file: writeLayout(folder, encodeSorted(two()), layout) };
  };
  const openedAt = async (file: string) => {
    const { folders, ort } = places();
    await openSource(ort, file, EXACT);
    return folders[0]!;
  };

  test.each<[string, Layout]>([
    ['inside it', { file: () => undefined }],
    ['beside it', { file: (name) => `${name}.data` }],
  ])('with its weights %s', async (_, layout) => {
    const { folder, file } = written(layout);
    expect(await openedAt(file)).toBe(folder);
  });

  test('though it is a link itself, with its weights inside', async () => {
    const { folder, file } = written({ file: () => undefined });
    const target = path.join(tidied('stepfold-away-'), 'blob');
    fs.renameSync(file, target);
    fs.symlinkSync(target, file);
    expect(await openedAt(file)).toBe(folder);
  });

  test('but for one of which a part of the weights lies among the blobs of a hub', async () => {
    const repository = tidied('stepfold-hub-');
    const folder = path.join(repository, 'snapshots', 'abc');
    const file = writeLayout(folder, encodeSorted(two()), { file: (name) => `${name}.data` });
    const [weights, blob] = [path.join(folder, 'w.data'), path.join(repository, 'blobs', 'b')];
    fs.mkdirSync(path.dirname(blob));
    fs.renameSync(weights, blob);
    fs.symlinkSync(blob, weights);
    expect(await openedAt(file)).not.toBe(folder);
  });
});
