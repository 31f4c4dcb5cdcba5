/**
 * Which model a folder means, and folders written with a bundle beside the
 * denoiser. What else is in them is compared file by file.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import {
  type PipelineFolderOptions,
  writePipelineFolder,
} from '../../../src/compiler/emit/index.js';
import type { EmitForm } from '../../../src/compiler/lower/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { onnxruntimeCpu, type Target } from '../../../src/compiler/targets/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { findBundle, findModel } from '../../../src/runtime/model-folder/index.js';
import { openBundle } from '../../../src/runtime/node/index.js';
import { BUNDLE, expectReplaced, makePipeline, ORIGINAL, put } from '../../helpers/pipelines.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-folders-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
let folder: string;
let serial = 0;
beforeEach(() => {
  folder = path.join(root, String(serial++));
  fs.mkdirSync(folder);
});
const at = (...names: string[]) => path.join(folder, ...names);

async function write(
  source: string,
  out: string,
  options: Partial<PipelineFolderOptions> = {},
  emit: EmitForm = 'split',
  target?: Target,
) {
  const { file, pipeline } = findModel(source);
  const compilation = await Pipeline.create({ calls: 4, emit, ...(target && { target }) })
    .use(deepcache, { branch: 2, interval: 2 })
    .compile(loadModel(file));
  return writePipelineFolder(compilation, out, {
    sourceFile: file,
    pipeline: pipeline!.folder,
    component: pipeline!.component,
    ...options,
  });
}

/** The denoiser of `out` is a model of its own, and gives what that of `source` gives. */
async function expectOpen(component: string): Promise<void> {
  const results = [];
  for (const place of ['source', 'out']) {
    const session = await ort.InferenceSession.create(at(place, component, 'model.onnx'));
    const sample = new ort.Tensor(
      'float32',
      Float32Array.from({ length: 256 }, Math.sin),
      [1, 1, 16, 16],
    );
    const [timestep, label] = [500n, 3n].map(
      (n) => new ort.Tensor('int64', BigInt64Array.of(n), [1]),
    );
    const made = await session.run({ sample, timestep: timestep!, class_labels: label! });
    results.push(made['out_sample']!.data);
    await session.release();
  }
  expect(results[1]).toEqual(results[0]);
}

const failing = (code: string, ...mentions: string[]) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(mentions.map((m) => `(?=[\\s\\S]*${m})`).join('')),
  });

describe('which model a folder means', () => {
  test.each([
    ['a unet', ['unet/model.onnx', 'vae_decoder/model.onnx'], 'unet/model.onnx'],
    [
      'a transformer',
      ['transformer/model.onnx', 'text_encoder/model.onnx'],
      'transformer/model.onnx',
    ],
    [
      'the one that the format names',
      ['unet/model.onnx', 'unet/model_fp16.onnx'],
      'unet/model.onnx',
    ],
    ['one by any name', ['unet/unet.onnx', 'unet/notes.txt'], 'unet/unet.onnx'],
    ['its only model', ['net.onnx', 'net.onnx_data'], 'net.onnx'],
  ])('%s', (_, files, expected) => {
    for (const file of files) put(at(file), '');
    if (!files.includes(path.basename(expected))) put(at('model_index.json'), '{}');
    expect(path.relative(folder, findModel(folder).file)).toBe(expected);
  });

  test.each([
    ['nothing', ['notes.txt'], 'FOLDER_NO_MODEL', []],
    ['PyTorch weights only', ['unet/model.safetensors'], 'FOLDER_NO_MODEL', []],
    ['several', ['a.onnx', 'b.onnx'], 'FOLDER_SEVERAL_MODELS', ['a.onnx', 'b.onnx']],
    ['several in the unet', ['unet/a.onnx', 'unet/b.onnx'], 'FOLDER_SEVERAL_MODELS', ['a.onnx']],
    [
      'several denoisers',
      ['unet/model.onnx', 'refiner/model.onnx', 'transformer/model.onnx'],
      'FOLDER_SEVERAL_DENOISERS',
      ['unet', 'refiner', 'transformer'],
    ],
    ['a bundle', ['unet/schedule.json', 'unet/full.onnx'], 'FOLDER_IS_A_BUNDLE', ['unet']],
  ])('%s is refused', (_, files, code, mentions) => {
    for (const file of files) put(at(file), '');
    expect(() => findModel(folder)).toThrow(failing(code, ...mentions));
  });

  test('a bundle is found in a pipeline, unless there are two', () => {
    put(at('unet/schedule.json'), '');
    expect(findBundle(folder)).toBe(at('unet'));
    expect(findBundle(at('unet'))).toBe(at('unet'));
    put(at('prior/schedule.json'), '');
    expect(() => findBundle(folder)).toThrow(failing('FOLDER_SEVERAL_BUNDLES', 'prior', 'unet'));
  });
});

describe('a pipeline with a bundle in it', () => {
  test.each([
    ['as diffusers exports it', 'unet', 'weights.pb'],
    ['whose weights are called as those of a bundle', 'unet', 'weights.bin'],
    ['of a transformer, weights inside', 'transformer', 'inside'],
  ])('%s', async (_, component, data) => {
    makePipeline(at('source'), component, data);
    const { original } = await write(at('source'), at('out'));
    const own = ['model.onnx', ...(data === 'inside' ? [] : [data])];
    expectReplaced(at('out'), component, [...new Set([...BUNDLE, ...own])]);
    // large files are shared, those that people edit are not
    const inode = (...names: string[]) => fs.statSync(at(...names)).ino;
    const data2 = 'safety_checker/deep/model.onnx_data';
    expect(inode('out', data2)).toBe(inode('source', data2));
    expect(inode('out/model_index.json')).not.toBe(inode('source/model_index.json'));
    for (const name of own)
      expect(inode('out', component, name)).toBe(inode('source', component, name));
    expect(original).toEqual({
      files: Object.fromEntries(own.map((name) => [`${component}/${name}`, 'linked'])),
    });
    await expectOpen(component);
  });

  test('shares nothing when copies are asked for, and holds no bytes twice', async () => {
    makePipeline(at('source'));
    const { original } = await write(at('source'), at('out'), { weights: 'copy' });
    expect(original.files).toEqual({
      'unet/model.onnx': 'copied',
      'unet/model.onnx_data': 'copied',
    });
    const inode = (name: string) => fs.statSync(at('out/unet', name)).ino;
    expect(inode('model.onnx_data')).toBe(inode('weights.bin'));
    fs.renameSync(at('source'), at('elsewhere'));
    expectReplaced(at('out'));
    const source = fs.readFileSync(at('elsewhere/unet/model.onnx_data'));
    fs.writeFileSync(at('elsewhere/unet/model.onnx_data'), 'overwritten');
    expect(fs.readFileSync(at('out/unet/model.onnx_data')).equals(source)).toBe(true);
  });

  test('has no model for other tools where only the weights that the bundle reads are wanted', async () => {
    makePipeline(at('source'));
    const { original } = await write(at('source'), at('out'), { weights: 'prune' });
    expect(original).toEqual({ files: {}, leftOut: expect.stringContaining('weights') });
    expectReplaced(at('out'), 'unet', BUNDLE);
  });

  test('has none where a file of the bundle has its name, and leaves that as it is', async () => {
    makePipeline(at('source'));
    fs.renameSync(at('source/unet/model.onnx'), at('source/unet/full.onnx'));
    const { original } = await write(at('source'), at('out'));
    expect(original).toEqual({ files: {}, leftOut: expect.stringContaining('unet/full.onnx') });
    expectReplaced(at('out'), 'unet', BUNDLE);
    await (await openBundle(at('out/unet'))).release();
  });

  test('has weights of one name each where branches of an If read them', async () => {
    makePipeline(at('source'));
    const { original } = await write(at('source'), at('out'), {}, 'merged', onnxruntimeCpu);
    expect(original.files).toEqual({
      'unet/model.onnx': 'linked',
      'unet/model.onnx_data': expect.stringMatching('cloned|copied'),
    });
    for (const name of ['model.onnx_data', 'weights.bin'])
      expect(fs.statSync(at('out/unet', name)).nlink).toBe(1);
    await (await openBundle(at('out/unet'))).release();
    await expectOpen('unet');
  });

  test('is replaced by force, and only if nothing of anybody else is in it', async () => {
    makePipeline(at('source'));
    await write(at('source'), at('out'));
    await expect(write(at('source'), at('out'))).rejects.toEqual(failing('OUTPUT_NOT_EMPTY'));
    for (const foreign of ['safety_checker/mine.txt', 'mine/deep/mine.txt']) {
      put(at('out', foreign), 'mine');
      await expect(write(at('source'), at('out'), { force: true })).rejects.toEqual(
        failing('OUTPUT_NOT_A_BUNDLE', 'mine'),
      );
      expect(fs.readFileSync(at('out', foreign), 'utf8')).toBe('mine');
      fs.rmSync(at('out', foreign));
    }
    fs.rmSync(at('out/mine'), { recursive: true });
    await write(at('source'), at('out'), { force: true }, 'merged');
    expectReplaced(at('out'), 'unet', [
      'merged.onnx',
      ...BUNDLE.filter((f) => !/^(full|sh)/.test(f)),
      ...ORIGINAL,
    ]);
    expect(fs.readdirSync(folder).sort()).toEqual(['out', 'source']);
  });

  test('is not replaced when its record names what lies elsewhere', async () => {
    makePipeline(at('source'));
    await write(at('source'), at('out'));
    put(at('precious'), 'mine');
    const record = JSON.parse(fs.readFileSync(at('out/stepfold.json'), 'utf8'));
    put(
      at('out/stepfold.json'),
      JSON.stringify({ ...record, files: [...record.files, '../precious'] }),
    );
    await expect(write(at('source'), at('out'), { force: true })).rejects.toEqual(
      failing('OUTPUT_NOT_A_BUNDLE'),
    );
    expect(fs.existsSync(at('precious'))).toBe(true);
  });

  test('is refused, and nothing written, where it cannot be whole', async () => {
    makePipeline(at('source'));
    const out = (name: string, options = {}) => write(at('source'), at(name), options);
    await expect(out('source/out')).rejects.toEqual(failing('OUTPUT_HOLDS_SOURCE'));
    await expect(out('source', { force: true })).rejects.toEqual(failing('OUTPUT_HOLDS_SOURCE'));

    put(at('source/unet/full.onnx'), 'of the same name');
    await expect(out('out')).rejects.toEqual(failing('FOLDER_NAME_TAKEN', 'full.onnx'));
    fs.rmSync(at('source/unet/full.onnx'));

    put(at('secret'), 'a key');
    fs.symlinkSync(at('secret'), at('source/tokenizer/key'));
    await expect(out('out')).rejects.toEqual(failing('FOLDER_LINK_ESCAPES', 'tokenizer.key'));
    expect(fs.readdirSync(folder).sort()).toEqual(['secret', 'source']);

    // a link inside the folder is followed, one that leads round and round is not
    fs.rmSync(at('source/tokenizer/key'));
    fs.symlinkSync('../tokenizer', at('source/tokenizer/again'));
    fs.symlinkSync('vocab.json', at('source/tokenizer/merges.json'));
    await out('out');
    expect(fs.readdirSync(at('out/tokenizer')).sort()).toEqual(['merges.json', 'vocab.json']);
  });
});
