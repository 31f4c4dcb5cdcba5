/** Whole bundles and pipelines of a small model: on a disk, and as files that are yet to be written. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { assemble } from '../../../src/compiler/emit/assemble.js';
import { emitBundle, writeBundle } from '../../../src/compiler/emit/bundle.js';
import { bundleFiles } from '../../../src/compiler/emit/bundle-files.js';
import { checkApart, writePipelineFolder } from '../../../src/compiler/emit/pipeline-folder.js';
import { blobFile, openModel } from '../../../src/model/files/index.js';
import { scratchFolder } from '../../cli/stepfold.js';
import { encodeSorted } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';
import { compileFile, compileSmall, writeSmallModel } from './small-model.js';

const root = scratchFolder('small');
let serial = 0;
let place: string;
beforeEach(() => {
  place = path.join(root, `case-${serial++}`);
  fs.mkdirSync(place);
});
const at = (...names: string[]) => path.join(place, ...names);
const coded = (code: string) => expect.objectContaining({ code });
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const contents = (folder: string) =>
  Object.fromEntries(
    (fs.readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => fs.statSync(path.join(folder, name)).isFile())
      .map((name) => [name, fs.readFileSync(path.join(folder, name))]),
  );

const INSIDE = { file: () => undefined };
const BESIDE = { file: () => 'model.data' };
const APART = { file: (name: string) => `${name}.data` };

describe('files that are yet to be written', () => {
  test.each([
    ['copy', 'inside', INSIDE],
    ['copy', 'in a file', BESIDE],
    ['copy', 'in two files', APART],
    ['prune', 'inside', INSIDE],
    ['prune', 'in two files', APART],
  ] as const)('are those of the disk, weights by %s, %s', async (weights, _, layout) => {
    const file = writeSmallModel(at('source'), layout);
    const onDisk = emitBundle(compileFile(file), at('bundle'), { sourceFile: file, weights });
    const blob = (name: string) => blobFile(new File([fs.readFileSync(at('source', name))], name));
    const source = blob('model.onnx');
    const model = await openModel(source, { external: blob });
    const { files, schedule, report } = await bundleFiles(compileSmall(model), { source, weights });
    expect(schedule).toEqual(onDisk.schedule);
    expect(report).toEqual(onDisk.report);
    const written = contents(at('bundle'));
    expect(files.map(({ name }) => name).sort()).toEqual(Object.keys(written).sort());
    for (const { name, size, bytes } of files) {
      const parts: Uint8Array[] = [];
      for await (const part of bytes()) parts.push(part);
      const whole = Buffer.concat(parts);
      expect(size).toBe(whole.length);
      expect(whole.equals(written[name]!), name).toBe(true);
    }
    for (const { file: name, sha256 } of schedule.weights)
      expect(sha256).toBe(digest(written[name]!));
    for (const { file: name, sha256 } of Object.values(schedule.models))
      expect(sha256).toBe(digest(written[name]!));
  });
});

describe('files that are yet to be written are hashed whole', () => {
  const LARGE = 2 ** 26 + 64;
  /** The schedule of a model whose files are in memory. */
  const scheduleOf = async (files: Record<string, Uint8Array>) => {
    const file = (name: string) => ({
      name,
      size: files[name]!.length,
      read: async (offset: number, length: number) => files[name]!.slice(offset, offset + length),
    });
    const source = file('model.onnx');
    const model = await openModel(source, { external: file });
    return (await bundleFiles(compileSmall(model), { source })).schedule;
  };
  const beside = () => {
    writeSmallModel(at('source'), BESIDE);
    return contents(at('source')) as Record<string, Uint8Array>;
  };

  test('where that is cheap', async () => {
    const files = beside();
    const { weights } = await scheduleOf(files);
    expect(weights[0]!.sha256).toBe(digest(files['model.data']!));
  });

  test('not where they are large', async () => {
    const files = beside();
    const large = new Uint8Array(LARGE);
    large.set(files['model.data']!);
    const { weights } = await scheduleOf({ ...files, 'model.data': large });
    expect(weights[0]).toMatchObject({ bytes: LARGE });
    expect(weights[0]).not.toHaveProperty('sha256');
  });

  test('but for the source itself, which is hashed in any case', async () => {
    const model = modelOf(`g (float[3,16] x) => (float[3,n] y) <float u = {1}> {
      a = Neg (x)
      y = MatMul (a, u)
    }`);
    named(model, 'u').initializer = {
      dtype: 'float32',
      dims: [16, LARGE / 64],
      data: { kind: 'bytes', bytes: new Uint8Array(LARGE) },
    };
    const { weights, source } = await scheduleOf({ 'model.onnx': encodeSorted(model) });
    expect(weights).toHaveLength(1);
    expect(weights[0]!.bytes).toBeGreaterThan(LARGE);
    expect(weights[0]!.sha256).toBe(source.sha256);
  });
});

describe('a bundle on a disk', () => {
  test('links its weights unless told otherwise, and takes the place of another only when told', () => {
    const file = writeSmallModel(at('source'), BESIDE);
    const compilation = compileFile(file);
    const schedule = writeBundle(compilation, at('bundle'), { sourceFile: file });
    expect(fs.statSync(at('bundle', 'weights.bin')).ino).toBe(
      fs.statSync(at('source', 'model.data')).ino,
    );
    expect(schedule).toEqual(JSON.parse(fs.readFileSync(at('bundle', 'schedule.json'), 'utf8')));
    expect(schedule.source).toMatchObject({
      file: 'model.onnx',
      sha256: digest(fs.readFileSync(file)),
    });
    expect(() => writeBundle(compilation, at('bundle'), { sourceFile: file })).toThrow(
      coded('OUTPUT_NOT_EMPTY'),
    );
    writeBundle(compilation, at('bundle'), { sourceFile: file, force: true, weights: 'copy' });
    expect(fs.statSync(at('bundle', 'weights.bin')).nlink).toBe(1);
    // the models of the compilation still say where the source has its tensors
    const places = () =>
      assemble(compilation).weights.map(({ from }) => 'label' in from && from.path);
    expect(places()).toEqual([at('source', 'model.data')]);
  });
  test('of which nothing can be written is refused before weights are looked at', () => {
    const file = writeSmallModel(at('source'), BESIDE);
    const compilation = compileFile(file);
    fs.truncateSync(at('source', 'model.data'), 10);
    expect(() => writeBundle(compilation, at('source'), { sourceFile: file })).toThrow(
      coded('OUTPUT_NOT_EMPTY'),
    );
    expect(() => writeBundle(compilation, at('bundle'), { sourceFile: file })).toThrow(
      coded('EXTERNAL_DATA_SHORT'),
    );
    expect(fs.existsSync(at('bundle'))).toBe(false);
  });
  test('hashes whole files that are large when that is asked for', () => {
    const file = writeSmallModel(at('source'), BESIDE);
    // a hole, so that it takes no place
    fs.truncateSync(at('source', 'model.data'), 2 ** 26 + 1);
    const hash = (hashWeights?: boolean) =>
      writeBundle(compileFile(file), at(`bundle-${hashWeights}`), {
        sourceFile: file,
        ...(hashWeights !== undefined && { hashWeights }),
      }).weights[0]!;
    expect(hash()).not.toHaveProperty('sha256');
    expect(hash(true).sha256).toBe(digest(fs.readFileSync(at('source', 'model.data'))));
  });
});

describe('a pipeline', () => {
  const LARGE = 4 * 2 ** 20;
  const put = (name: string, content: string | Uint8Array) => {
    fs.mkdirSync(path.dirname(at('pipe', name)), { recursive: true });
    fs.writeFileSync(at('pipe', name), content);
  };
  let file: string;
  beforeEach(() => {
    file = writeSmallModel(at('pipe', 'unet'), BESIDE);
    put('model_index.json', '{}');
    put('unet/config.json', 'of the unet');
    put('vae/model.onnx', new Uint8Array(LARGE));
    put('vae/small.bin', new Uint8Array(LARGE - 1));
    put('unet.txt', 'beside it');
  });
  const write = (options: object = {}, folder = at('out')) =>
    writePipelineFolder(compileFile(file), folder, {
      pipeline: at('pipe'),
      component: 'unet',
      sourceFile: file,
      ...options,
    });
  const BUNDLE = ['full.onnx', 'report.json', 'schedule.json', 'shallow.onnx', 'weights.bin'].map(
    (name) => `unet/${name}`,
  );
  const OTHERS = [
    'model_index.json',
    'unet.txt',
    'unet/config.json',
    'vae/model.onnx',
    'vae/small.bin',
  ];
  const isLinked = (name: string) =>
    fs.statSync(at('out', name)).ino === fs.statSync(at('pipe', name)).ino;

  test('has a bundle beside its denoiser, and all is as it was', () => {
    const { schedule } = write();
    const written = contents(at('out'));
    const kept = [...OTHERS, 'unet/model.data', 'unet/model.onnx'];
    expect(Object.keys(written).sort()).toEqual([...kept, ...BUNDLE, 'stepfold.json'].sort());
    for (const name of kept)
      expect(written[name]!.equals(fs.readFileSync(at('pipe', name))), name).toBe(true);
    expect(JSON.parse(String(written['unet/schedule.json']))).toEqual(schedule);
    const { files, bundle } = JSON.parse(String(written['stepfold.json']));
    expect([bundle, ...files.sort()]).toEqual(['unet', ...[...kept, ...BUNDLE].sort()]);
    // small files are people's to edit
    expect(OTHERS.filter(isLinked)).toEqual(['vae/model.onnx']);
  });
  test.each([
    ['prune', ['vae/model.onnx']],
    ['copy', []],
    ['reflink', []],
  ])('by %s, large files of others are links: %j', (weights, linked) => {
    write({ weights });
    expect(OTHERS.filter(isLinked)).toEqual(linked);
  });
  test('that was written before is a source like any other', () => {
    put('stepfold.json', 'an old record');
    write();
    const { format, files } = JSON.parse(String(contents(at('out'))['stepfold.json']));
    expect(format).toBe('stepfold.folder');
    expect(files).not.toContain('stepfold.json');
  });
  test('is replaced only when told', () => {
    write();
    expect(() => write()).toThrow(coded('OUTPUT_NOT_EMPTY'));
    put('model_index.json', '{"new": 1}');
    write({ force: true });
    expect(fs.readFileSync(at('out', 'model_index.json'), 'utf8')).toBe('{"new": 1}');
  });
  test('keeps a weights file of the denoiser that another component has a link to', () => {
    fs.symlinkSync('../unet/model.data', at('pipe', 'vae', 'same.data'));
    write();
    for (const name of ['vae/same.data', 'unet/model.data'])
      expect(contents(at('out'))[name]).toEqual(fs.readFileSync(at('pipe', 'unet', 'model.data')));
  });
  test('with a file of the name of one of the bundle is refused, and nothing is written', () => {
    put('unet/shallow.onnx', 'mine');
    expect(() => write()).toThrow(coded('FOLDER_NAME_TAKEN'));
    expect(fs.readdirSync(place)).toEqual(['pipe']);
  });
  test('is refused inside itself and around itself, through links as well', () => {
    fs.symlinkSync('pipe', at('link'));
    fs.mkdirSync(at('outer'));
    for (const folder of [at('pipe'), at('pipe', 'new', 'deep'), at('link', 'new'), place])
      expect(() => checkApart(folder, at('pipe'))).toThrow(coded('OUTPUT_HOLDS_SOURCE'));
    for (const folder of [at('outer'), at('pipeline'), at('outer', 'new')])
      expect(() => checkApart(folder, at('pipe'))).not.toThrow();
    expect(() => write({}, at('pipe', 'new'))).toThrow(coded('OUTPUT_HOLDS_SOURCE'));
    expect(() => write({ force: true }, place)).toThrow(coded('OUTPUT_HOLDS_SOURCE'));
  });
});
