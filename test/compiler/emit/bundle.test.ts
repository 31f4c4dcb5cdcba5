/**
 * Bundles on disk: where weights lie, that every offset is right, that what fails leaves nothing.
 * What was written is read back by onnx-proto and by plain reads, not by the code that wrote it.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { depthSkip } from '../../../passes/depth-skip/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import type { EmitForm } from '../../../src/compiler/lower/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { openBundle } from '../../../src/runtime/node/index.js';
import { EMITS, EXACT, encodeSorted, ort } from '../../helpers/compile.js';
import { sameBits, type Tensors } from '../../helpers/injectable.js';
import { modelOf } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

const { onnx } = onnxProto;
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-bundle-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

let folder: string;
let serial = 0;
beforeEach(() => {
  folder = path.join(root, `case-${serial++}`);
  fs.mkdirSync(folder);
});

const digest = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/** The digits model in this test's folder, so that links stay on one file system. */
function digits(): string {
  const file = path.join(folder, 'model.onnx');
  fs.copyFileSync('samples/digits/digits-unet.onnx', file);
  return file;
}

const compile = (file: string, emit: EmitForm = 'split', options = {}) =>
  Pipeline.create({ calls: 4, emit })
    .use(deepcache, { branch: 2, interval: 2, ...options })
    .compile(loadModel(file));

type TensorProto = onnxProto.onnx.ITensorProto;

/** Initializers of a model and of all graphs inside it. */
function initializersOf(graph: onnxProto.onnx.IGraphProto): TensorProto[] {
  return [
    ...(graph.initializer ?? []),
    ...(graph.node ?? []).flatMap((n) =>
      (n.attribute ?? []).flatMap((a) => (a.g ? initializersOf(a.g) : [])),
    ),
  ];
}

const read = (file: string) => onnx.ModelProto.decode(fs.readFileSync(file));

/** The bytes of a tensor, wherever they lie. */
function bytesOf(tensor: TensorProto, beside: string): Buffer {
  const entries = new Map((tensor.externalData ?? []).map((e) => [e.key!, e.value!]));
  const location = entries.get('location');
  if (location === undefined) return Buffer.from(tensor.rawData!);
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length'));
  const file = fs.readFileSync(path.join(beside, location));
  expect(offset + length).toBeLessThanOrEqual(file.length);
  return file.subarray(offset, offset + length);
}

/** Every weight of the source by name, as bytes. */
function weightsOf(file: string): Map<string, Buffer> {
  return new Map(
    initializersOf(read(file).graph!).map((t) => [t.name!, bytesOf(t, path.dirname(file))]),
  );
}

/** Each tensor that a bundle's models share with the source has the source's bytes. */
function expectWeights(bundle: string, source: Map<string, Buffer>): number {
  let compared = 0;
  for (const name of fs.readdirSync(bundle).filter((f) => f.endsWith('.onnx')))
    for (const tensor of initializersOf(read(path.join(bundle, name)).graph!)) {
      const expected = source.get(tensor.name!);
      if (!expected) continue;
      expect(bytesOf(tensor, bundle).equals(expected), `${name}: ${tensor.name}`).toBe(true);
      compared++;
    }
  return compared;
}

const feeds = (): Tensors => ({
  sample: new ort.Tensor(
    'float32',
    Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
    [1, 1, 16, 16],
  ),
  timestep: new ort.Tensor('int64', [500n], [1]),
  class_labels: new ort.Tensor('int64', [3n], [1]),
});

describe.each(EMITS)('%s', (emit) => {
  test("a bundle of a model with its weights inside runs, and every weight is the source's", async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    writeBundle(await compile(file, emit), bundle, { sourceFile: file });
    expect(expectWeights(bundle, weightsOf(file))).toBeGreaterThan(50);

    const session = await openBundle(bundle, { sessionOptions: EXACT });
    const source = await ort.InferenceSession.create(file, EXACT);
    const expected = (await source.run(feeds())) as Tensors;
    for (let call = 0; call < 2; call++) {
      const actual = (await session.run(feeds())) as Tensors;
      expect(sameBits(actual.out_sample!, expected.out_sample!)).toBe(true);
    }
    await session.release();
    await source.release();
  });

  test('the schedule records hashes and sizes of what lies there', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    const schedule = writeBundle(await compile(file, emit), bundle, { sourceFile: file });
    expect(JSON.parse(fs.readFileSync(path.join(bundle, 'schedule.json'), 'utf8'))).toEqual(
      schedule,
    );
    expect(schedule.source).toMatchObject({ file: 'model.onnx', sha256: digest(file) });
    for (const model of Object.values(schedule.models))
      expect(model.sha256).toBe(digest(path.join(bundle, model.file)));
    expect(schedule.weights).toEqual([
      {
        file: 'weights.bin',
        bytes: fs.statSync(path.join(bundle, 'weights.bin')).size,
        used: expect.any(Number),
        samples: expect.stringMatching(/^[0-9a-f]{64}$/),
        // the source's own file, which holds its weights
        sha256: digest(file),
      },
    ]);
    expect(new Set(fs.readdirSync(bundle))).toEqual(
      new Set([
        'schedule.json',
        'report.json',
        'weights.bin',
        ...Object.values(schedule.models).map((m) => m.file),
      ]),
    );
  });
});

describe('the weights file', () => {
  test('is the source itself, linked, when weights lie in it', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    writeBundle(await compile(file), bundle, { sourceFile: file });
    expect(fs.statSync(path.join(bundle, 'weights.bin')).ino).toBe(fs.statSync(file).ino);
    // the models hold graphs, not weights
    for (const name of ['full.onnx', 'shallow.onnx'])
      expect(fs.statSync(path.join(bundle, name)).size).toBeLessThan(fs.statSync(file).size / 10);
  });

  test('is a copy when asked for', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    writeBundle(await compile(file), bundle, { sourceFile: file, weights: 'copy' });
    const weights = path.join(bundle, 'weights.bin');
    expect(fs.statSync(weights).ino).not.toBe(fs.statSync(file).ino);
    expect(digest(weights)).toBe(digest(file));
    expectWeights(bundle, weightsOf(file));
  });

  test('is a copy where the file system cannot link', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    const link = vi.spyOn(fs, 'linkSync').mockImplementation(() => {
      throw Object.assign(new Error('EXDEV: cross-device link'), {
        code: 'EXDEV',
        syscall: 'link',
      });
    });
    try {
      writeBundle(await compile(file), bundle, { sourceFile: file });
    } finally {
      link.mockRestore();
    }
    expect(digest(path.join(bundle, 'weights.bin'))).toBe(digest(file));
  });

  test("is linked to the source's own external file", async () => {
    const { file, parts } = external(['weights.data']);
    const bundle = path.join(folder, 'bundle');
    writeBundle(await compile(file, 'split', { branch: 1 }), bundle, { sourceFile: file });
    expect(fs.statSync(path.join(bundle, 'weights.bin')).ino).toBe(fs.statSync(parts[0]!).ino);
    expect(expectWeights(bundle, weightsOf(file))).toBeGreaterThan(5);
  });

  test('gathers several external files that have to be copied, each tensor once and aligned', async () => {
    const { file, parts } = external(['a.data', 'b.data', 'c.data']);
    const bundle = path.join(folder, 'bundle');
    const schedule = writeBundle(await compile(file, 'split', { branch: 1 }), bundle, {
      sourceFile: file,
      weights: 'copy',
    });
    expect(fs.readdirSync(bundle).filter((name) => !name.endsWith('.onnx'))).toHaveLength(3);
    expect(expectWeights(bundle, weightsOf(file))).toBeGreaterThan(5);
    // both models name the same place for the same tensor
    const places = new Map<string, string>();
    for (const model of Object.values(schedule.models))
      for (const tensor of initializersOf(read(path.join(bundle, model.file)).graph!)) {
        if (!tensor.externalData?.length) continue;
        const place = JSON.stringify(tensor.externalData.map((e) => [e.key, e.value]));
        expect(places.get(tensor.name!) ?? place).toBe(place);
        places.set(tensor.name!, place);
        const offset = Number(tensor.externalData.find((e) => e.key === 'offset')?.value ?? 0);
        expect(offset % 64).toBe(0);
      }
    expect(schedule.weights[0]!.bytes).toBeLessThan(
      parts.reduce((sum, part) => sum + fs.statSync(part).size, 0) + 64 * places.size,
    );
    const session = await openBundle(bundle, { sessionOptions: EXACT });
    await session.release();
  });

  test.each([
    ['in the source itself', digits],
    ['in a file beside it', () => external(['a.data']).file],
    ['in files beside it', () => external(['a.data', 'b.data']).file],
  ])('holds only what is read when that is asked for: weights %s', async (_, make) => {
    const file = make();
    const cut = await Pipeline.create({ calls: 2 })
      .use(depthSkip, { branch: 1 })
      .compile(loadModel(file));
    const bundle = path.join(folder, 'bundle');
    const schedule = writeBundle(cut, bundle, { sourceFile: file, weights: 'prune' });
    const source = weightsOf(file);
    expect(expectWeights(bundle, source)).toBeGreaterThan(0);
    // each weight of the cut model once, and nothing but padding beside
    const [model] = Object.values(schedule.models);
    const outside = initializersOf(read(path.join(bundle, model!.file)).graph!).filter(
      (tensor) => tensor.externalData?.length,
    );
    const [weights] = schedule.weights;
    const used = new Map(outside.map((t) => [t.name!, bytesOf(t, bundle).length]));
    const sum = [...used.values()].reduce((a, b) => a + b, 0);
    expect(weights!.used).toBe(sum);
    for (const { externalData } of outside)
      expect(Number(externalData!.find(({ key }) => key === 'offset')?.value ?? 0) % 64).toBe(0);
    expect(weights!.bytes).toBe(fs.statSync(path.join(bundle, weights!.file)).size);
    expect(weights!.bytes).toBeLessThan(sum + 64 * used.size);
    const all = [...source.values()].reduce((total, { length }) => total + length, 0);
    expect(sum).toBeLessThan(all / 2);
    await (await openBundle(bundle, { sessionOptions: EXACT })).release();
  });

  test('of a link says how much of it is read', async () => {
    const file = digits();
    const schedule = writeBundle(await compile(file), path.join(folder, 'bundle'), {
      sourceFile: file,
    });
    const [weights] = schedule.weights;
    // of a whole model all is read but the graph, which lies in the same file
    expect(weights!.used).toBeLessThan(weights!.bytes);
    expect(weights!.used).toBeGreaterThan(0.9 * weights!.bytes);
  });

  test('is left out when the weights are small enough to lie in the models', async () => {
    const file = path.join(folder, 'tiny.onnx');
    fs.writeFileSync(file, encodeSorted(modelOf(TINY_UNET)));
    const bundle = path.join(folder, 'bundle');
    const schedule = writeBundle(await compile(file), bundle, { sourceFile: file });
    expect(schedule.weights).toEqual([]);
    expect(fs.existsSync(path.join(bundle, 'weights.bin'))).toBe(false);
    await (await openBundle(bundle)).release();
  });

  test('that is too short is said so, and nothing is written', async () => {
    const { file, parts } = external(['weights.data']);
    const compilation = await compile(file, 'split', { branch: 1 });
    fs.truncateSync(parts[0]!, 64);
    expect(() =>
      writeBundle(compilation, path.join(folder, 'bundle'), { sourceFile: file }),
    ).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(EXTERNAL_DATA|TENSOR_DATA)/) }),
    );
    expect(fs.readdirSync(folder).some((name) => name.startsWith('bundle'))).toBe(false);
  });

  /** The tiny U-Net with its convolution weights spread over external files, padded at random. */
  function external(names: string[]) {
    const model = onnx.ModelProto.decode(encodeSorted(modelOf(TINY_UNET)));
    const ends = new Map<string, number>();
    const chunks = new Map<string, Buffer[]>(names.map((name) => [name, []]));
    model.graph!.initializer!.forEach((tensor, i) => {
      if (tensor.dataType !== onnx.TensorProto.DataType.FLOAT || tensor.dims!.length !== 4) return;
      const name = names[i % names.length]!;
      const values = Float32Array.from(
        tensor.floatData?.length
          ? tensor.floatData
          : new Float32Array(tensor.rawData!.slice().buffer),
      );
      const offset = (ends.get(name) ?? 0) + 4 * (i + 1);
      const bytes = Buffer.from(values.buffer);
      chunks.get(name)!.push(Buffer.alloc(4 * (i + 1), 0xee), bytes);
      ends.set(name, offset + bytes.length);
      tensor.floatData = [];
      tensor.rawData = new Uint8Array(0);
      tensor.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
      tensor.externalData = [
        { key: 'location', value: name },
        { key: 'offset', value: String(offset) },
        { key: 'length', value: String(bytes.length) },
      ];
    });
    for (const [name, parts] of chunks)
      fs.writeFileSync(path.join(folder, name), Buffer.concat(parts));
    const file = path.join(folder, 'external.onnx');
    fs.writeFileSync(file, onnx.ModelProto.encode(model).finish());
    return { file, parts: names.map((name) => path.join(folder, name)) };
  }
});

describe('what goes wrong leaves nothing', () => {
  const full = () =>
    Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });

  test.each([
    ['while a model is written', 'writeSync'],
    ['while the schedule is written', 'writeFileSync'],
    ['when the folder is put in place', 'renameSync'],
  ] as const)('%s', async (_, method) => {
    const file = digits();
    const compilation = await compile(file);
    const real = fs[method] as (...args: unknown[]) => unknown;
    const spy = vi.spyOn(fs, method as 'writeFileSync').mockImplementation(((
      ...args: unknown[]
    ) => {
      // models appear by a rename as well, inside the folder that is being filled
      if (method === 'renameSync' && String(args[1]).endsWith('.onnx')) return real(...args);
      throw full();
    }) as never);
    try {
      expect(() =>
        writeBundle(compilation, path.join(folder, 'bundle'), { sourceFile: file }),
      ).toThrow(expect.objectContaining({ code: 'WRITE_FAILED' }));
    } finally {
      spy.mockRestore();
    }
    expect(fs.readdirSync(folder)).toEqual(['model.onnx']);
  });

  test('nor harms the bundle that was to be replaced', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    writeBundle(await compile(file), bundle, { sourceFile: file });
    const before = fs.readdirSync(bundle).map((name) => [name, digest(path.join(bundle, name))]);
    const compilation = await compile(file, 'merged');
    const spy = vi.spyOn(fs, 'writeFileSync').mockImplementation(() => {
      throw full();
    });
    try {
      expect(() => writeBundle(compilation, bundle, { sourceFile: file, force: true })).toThrow();
    } finally {
      spy.mockRestore();
    }
    expect(fs.readdirSync(bundle).map((name) => [name, digest(path.join(bundle, name))])).toEqual(
      before,
    );
    expect(fs.readdirSync(folder).sort()).toEqual(['bundle', 'model.onnx']);
  });

  test('a fault of ours is not dressed up as one of the disk', async () => {
    const file = digits();
    const compilation = await compile(file);
    const spy = vi.spyOn(fs, 'writeFileSync').mockImplementation(() => {
      throw new TypeError('a bug');
    });
    try {
      expect(() =>
        writeBundle(compilation, path.join(folder, 'bundle'), { sourceFile: file }),
      ).toThrow(TypeError);
    } finally {
      spy.mockRestore();
    }
    expect(fs.readdirSync(folder)).toEqual(['model.onnx']);
  });
});

describe('replacing', () => {
  test('a folder with something in it is refused', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    fs.mkdirSync(bundle);
    fs.writeFileSync(path.join(bundle, 'notes.txt'), 'mine');
    const compilation = await compile(file);
    for (const force of [false, true])
      expect(() => writeBundle(compilation, bundle, { sourceFile: file, force })).toThrow(
        expect.objectContaining({ code: force ? 'OUTPUT_NOT_A_BUNDLE' : 'OUTPUT_NOT_EMPTY' }),
      );
    expect(fs.readdirSync(bundle)).toEqual(['notes.txt']);
  });

  test('an empty folder is filled, a bundle is replaced as a whole', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    fs.mkdirSync(bundle);
    writeBundle(await compile(file, 'chain'), bundle, { sourceFile: file });
    const compilation = await compile(file, 'merged');
    expect(() => writeBundle(compilation, bundle, { sourceFile: file })).toThrow();
    writeBundle(compilation, bundle, { sourceFile: file, force: true });
    expect(fs.readdirSync(bundle).sort()).toEqual([
      'merged.onnx',
      'report.json',
      'schedule.json',
      'weights.bin',
    ]);
    expect(fs.readdirSync(folder).sort()).toEqual(['bundle', 'model.onnx']);
  });

  test('a model that somebody laid beside a bundle is not deleted with it', async () => {
    const file = digits();
    const bundle = path.join(folder, 'bundle');
    writeBundle(await compile(file), bundle, { sourceFile: file });
    fs.writeFileSync(path.join(bundle, 'mine.onnx'), 'precious');
    const compilation = await compile(file);
    expect(() => writeBundle(compilation, bundle, { sourceFile: file, force: true })).toThrow(
      /mine\.onnx/,
    );
    expect(fs.readFileSync(path.join(bundle, 'mine.onnx'), 'utf8')).toBe('precious');
  });
});

test('one compilation can be written twice, the second like the first', async () => {
  const file = digits();
  const compilation = await compile(file);
  const [a, b] = [path.join(folder, 'a'), path.join(folder, 'b')];
  writeBundle(compilation, a, { sourceFile: file });
  writeBundle(compilation, b, { sourceFile: file });
  for (const name of fs.readdirSync(a))
    expect(digest(path.join(b, name)), name).toBe(digest(path.join(a, name)));
});
