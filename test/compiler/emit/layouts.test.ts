/**
 * Weights as people have them: whatever the layout of the source, its bundle runs in onnxruntime and
 * gives bit for bit what the source gives there, and the weights are shared and not copied.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import type { WeightsMode } from '../../../src/compiler/emit/modes.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { openBundle, readSchedule } from '../../../src/runtime/node/index.js';
import { EXACT, encodeSorted, ort } from '../../helpers/compile.js';
import { sameBits, type Tensors } from '../../helpers/injectable.js';
import { type Layout, writeLayout } from '../../helpers/layouts.js';
import { modelOf } from '../../helpers/text.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-layouts-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

let folder: string;
let serial = 0;
beforeEach(() => {
  folder = path.join(root, `case-${serial++}`);
});
const at = (...names: string[]) => path.join(folder, ...names);

const DIGITS = fs.readFileSync('samples/digits/digits-unet.onnx');
const digitsFeeds = (): Tensors => ({
  sample: new ort.Tensor(
    'float32',
    Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
    [1, 1, 16, 16],
  ),
  timestep: new ort.Tensor('int64', [500n], [1]),
  class_labels: new ort.Tensor('int64', [3n], [1]),
});

let digitsOutput: Tensors;
beforeAll(async () => {
  digitsOutput = await runOf('samples/digits/digits-unet.onnx', digitsFeeds());
});

async function runOf(file: string, feeds: Tensors): Promise<Tensors> {
  const session = await ort.InferenceSession.create(file, EXACT);
  const outputs = (await session.run(feeds)) as Tensors;
  await session.release();
  return outputs;
}

async function bundleOf(file: string, out: string, weights: WeightsMode = 'link', branch = 2) {
  const compilation = await Pipeline.create({ calls: 2, emit: 'split' })
    .use(deepcache, { branch, interval: 2 })
    .compile(loadModel(file));
  return writeBundle(compilation, out, { sourceFile: file, weights });
}

/** A full and a shallow call on the same inputs are both the source, bit for bit. */
async function expectEqual(bundle: string, feeds: Tensors, expected: Tensors): Promise<void> {
  const session = await openBundle(bundle, { sessionOptions: EXACT });
  for (let call = 0; call < 2; call++) {
    const actual = (await session.run(feeds)) as Tensors;
    for (const [name, tensor] of Object.entries(expected))
      expect(sameBits(actual[name]!, tensor), `call ${call}, ${name}`).toBe(true);
  }
  await session.release();
}

const inodes = (of: string) =>
  fs
    .readdirSync(of, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.statSync(path.join(entry.parentPath, entry.name)).ino);

const LAYOUTS: Record<string, Layout> = {
  'inside the model': { file: () => undefined },
  'in weights.pb': { file: () => 'weights.pb' },
  'in model.onnx_data': { file: () => 'model.onnx_data' },
  'in model.onnx.data, aligned to 64 KiB': { file: () => 'model.onnx.data', alignment: 65536 },
  'aligned to 4 KiB': { file: () => 'weights.pb', alignment: 4096 },
  'at odd offsets': { file: () => 'weights.pb', alignment: 64, shift: 3 },
  'in a file for each tensor': { file: (name) => name },
  'in a file for each tensor, in a folder': { file: (name) => `weights/deep/${name}` },
  'in files without offset and length': { file: (name) => `data/${name}`, bare: true },
  'in a file, the smallest too': { file: () => 'weights.pb', least: 0 },
  'with lengths of 0': { file: () => 'weights.pb', alignment: 64, noLength: true },
  'half inside, half in a file': { file: (_, i) => (i % 2 ? 'weights.pb' : undefined) },
  'in the model and in two files': { file: (_, i) => [undefined, 'a.bin', 'b.bin'][i % 3] },
};

describe.each(Object.entries(LAYOUTS))('weights %s', (_, layout) => {
  test('the bundle is the source, and links every weights file', async () => {
    const file = writeLayout(at('source'), DIGITS, layout);
    // onnxruntime itself wants the numbers that shapes come from inside the model
    if (layout.least !== 0) {
      const expected = await runOf(file, digitsFeeds());
      expect(sameBits(expected.out_sample!, digitsOutput.out_sample!)).toBe(true);
    }
    const schedule = await bundleOf(file, at('bundle'));
    await expectEqual(at('bundle'), digitsFeeds(), digitsOutput);
    const source = new Set(inodes(at('source')));
    for (const { file: name, bytes } of schedule.weights) {
      const stat = fs.statSync(at('bundle', name));
      expect(stat.size).toBe(bytes);
      expect(source.has(stat.ino), name).toBe(true);
    }
    const report = JSON.parse(fs.readFileSync(at('bundle', 'report.json'), 'utf8'));
    for (const { by } of Object.values<{ by: string }>(report.weights)) expect(by).toBe('linked');
  });
});

const MODES: readonly WeightsMode[] = ['reflink', 'copy', 'prune'];

describe.each(MODES)('--weights %s', (mode) => {
  test.each(['in weights.pb', 'in the model and in two files'])(
    'gives bytes of their own to weights %s',
    async (name) => {
      const file = writeLayout(at('source'), DIGITS, LAYOUTS[name]!);
      const schedule = await bundleOf(file, at('bundle'), mode);
      const source = new Set(inodes(at('source')));
      for (const ino of inodes(at('bundle'))) expect(source.has(ino)).toBe(false);
      // what has to be copied is one file, what can be cloned is not
      if (mode !== 'reflink') expect(schedule.weights.map((w) => w.file)).toEqual(['weights.bin']);
      const { weights } = JSON.parse(fs.readFileSync(at('bundle', 'report.json'), 'utf8'));
      expect(Object.keys(weights)).toEqual(schedule.weights.map((w) => w.file));
      // the source may go: nothing of it is needed any more
      fs.rmSync(at('source'), { recursive: true });
      await expectEqual(at('bundle'), digitsFeeds(), digitsOutput);
    },
  );
});

test('many weights files are as many links', async () => {
  const file = writeLayout(at('source'), DIGITS, LAYOUTS['in a file for each tensor']!);
  const { weights } = await bundleOf(file, at('bundle'));
  expect(weights.length).toBeGreaterThan(70);
  expect(new Set(weights.map((w) => w.file)).size).toBe(weights.length);
});

test('one range that two initializers read counts and lies there once', async () => {
  const file = writeLayout(at('source'), encodeSorted(modelOf(SHARED)), {
    // w1 and w2 hold the same numbers; so written, they are one range
    file: (name) => (name === 'w1' || name === 'w2' ? 'same.bin' : undefined),
    bare: true,
  });
  const feeds = tinyFeeds();
  const expected = await runOf(file, feeds);
  const schedule = await bundleOf(file, at('pruned'), 'prune', 1);
  expect(schedule.weights.map(({ bytes, used }) => [bytes, used])).toEqual([[1024, 1024]]);
  await expectEqual(at('pruned'), feeds, expected);
  await bundleOf(file, at('linked'), 'link', 1);
  await expectEqual(at('linked'), feeds, expected);
});

test.each(['link', 'prune'] as const)(
  'Constant nodes and branches of an If may hold external data (%s)',
  async (mode) => {
    const file = writeLayout(at('source'), encodeSorted(modelOf(INSIDE)), {
      file: () => 'weights.pb',
      alignment: 64,
    });
    const schedule = await bundleOf(file, at('bundle'), mode, 1);
    expect(schedule.weights).toHaveLength(1);
    // onnxruntime refuses such data in a file with a second name, in the source as well
    expect(fs.statSync(at('source', 'weights.pb')).nlink).toBe(1);
    for (const flag of [true, false]) {
      const feeds = { ...tinyFeeds(), flag: new ort.Tensor('bool', [flag], []) };
      await expectEqual(at('bundle'), feeds, await runOf(file, feeds));
    }
  },
);

describe('a bundle', () => {
  test('runs where it is copied to, its source gone', async () => {
    const file = writeLayout(at('source'), DIGITS, LAYOUTS['in the model and in two files']!);
    await bundleOf(file, at('bundle'));
    fs.cpSync(at('bundle'), at('elsewhere', 'copy'), { recursive: true });
    fs.rmSync(at('source'), { recursive: true });
    fs.rmSync(at('bundle'), { recursive: true });
    await expectEqual(at('elsewhere', 'copy'), digitsFeeds(), digitsOutput);
    for (const { file: name } of (await readSchedule(at('elsewhere', 'copy'))).weights)
      expect(path.basename(name)).toBe(name);
  });

  /** A folder on another file system than the system's place for temporary files, if there is one. */
  const other = ['/dev/shm', process.cwd()].find((place) => {
    const stat = fs.statSync(place, { throwIfNoEntry: false });
    return stat && stat.dev !== fs.statSync(os.tmpdir()).dev;
  });
  test.skipIf(other === undefined)(
    'on another file system holds copies (skipped where there is but one)',
    async () => {
      const away = fs.mkdtempSync(path.join(other!, 'stepfold-away-'));
      try {
        const file = writeLayout(at('source'), DIGITS, LAYOUTS['half inside, half in a file']!);
        await bundleOf(file, path.join(away, 'bundle'));
        const { weights } = JSON.parse(
          fs.readFileSync(path.join(away, 'bundle', 'report.json'), 'utf8'),
        );
        for (const { by } of Object.values<{ by: string }>(weights)) expect(by).toBe('copied');
        fs.rmSync(at('source'), { recursive: true });
        await expectEqual(path.join(away, 'bundle'), digitsFeeds(), digitsOutput);
      } finally {
        fs.rmSync(away, { recursive: true, force: true });
      }
    },
  );
});

describe("a snapshot in the hub's cache", () => {
  /** As the hub's own library lays it out: every file a relative link to a blob. */
  function snapshot(layout: Layout): string {
    const plain = writeLayout(at('plain'), DIGITS, layout);
    const repository = at('models--owner--name');
    const revision = path.join(repository, 'snapshots', '0123abcd');
    fs.mkdirSync(path.join(repository, 'blobs'), { recursive: true });
    fs.mkdirSync(path.join(revision, 'unet'), { recursive: true });
    fs.readdirSync(path.dirname(plain)).forEach((name, i) => {
      fs.renameSync(at('plain', name), path.join(repository, 'blobs', `sha${i}`));
      fs.symlinkSync(`../../../blobs/sha${i}`, path.join(revision, 'unet', name));
    });
    return path.join(revision, 'unet', 'model.onnx');
  }

  test.each(['inside the model', 'in model.onnx_data', 'in a file for each tensor'])(
    'makes a bundle of real files: weights %s',
    async (name) => {
      const file = snapshot(LAYOUTS[name]!);
      await bundleOf(file, at('bundle'));
      for (const entry of fs.readdirSync(at('bundle'), { withFileTypes: true }))
        expect(entry.isFile(), entry.name).toBe(true);
      fs.rmSync(at('models--owner--name'), { recursive: true });
      await expectEqual(at('bundle'), digitsFeeds(), digitsOutput);
    },
  );

  test.each([
    ['a file beside the cache', '../../../../secret'],
    ['another part of the repository', '../../../refs/main'],
    ['a folder of blobs that is itself a link', '../../../../away/blobs/secret'],
  ])('leads nowhere but to its blobs: not to %s', async (_, target) => {
    const file = snapshot(LAYOUTS['in model.onnx_data']!);
    const data = path.join(path.dirname(file), 'model.onnx_data');
    const from = fs.realpathSync(data);
    for (const place of ['secret', 'models--owner--name/refs/main', 'away/blobs/secret']) {
      fs.mkdirSync(path.dirname(at(place)), { recursive: true });
      fs.copyFileSync(from, at(place));
    }
    fs.rmSync(data);
    fs.symlinkSync(target, data);
    await expect(bundleOf(file, at('bundle'))).rejects.toMatchObject({
      code: 'EXTERNAL_DATA_ESCAPES',
    });
    expect(fs.existsSync(at('bundle'))).toBe(false);
  });
});

const tinyFeeds = (): Tensors => ({
  x: new ort.Tensor(
    'float32',
    Float32Array.from({ length: 256 }, (_, i) => Math.cos(i)),
    [1, 16, 4, 4],
  ),
  t: new ort.Tensor('float32', [0.5], [1]),
});

/** Whole numbers, so that no order of summation matters. */
const numbers = (count: number, seed: number) =>
  `{${Array.from({ length: count }, (_, i) => ((i * seed) % 7) - 3).join(', ')}}`;

/** One level over 16 channels; `w` is a weight of a kilobyte. */
const w = (seed: number) => numbers(256, seed);

const UNET = (weights: string, middle: string, inputs = '') =>
  `tiny (float[1,16,4,4] x, float[1] t${inputs}) => (float[1,16,4,4] eps)
< float[16,16,1,1] w1 = ${w(5)}, ${weights} float[16,32,1,1] u1 = ${numbers(512, 3)},
  float[4] twice = {1, 1, 2, 2}, int64[3] axes = {1, 2, 3} > {
  e1 = Conv (x, w1)
  p1 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (e1)
  t4 = Unsqueeze (t, axes)
  h = Add (p1, t4)
  ${middle}
  r1 = Resize <mode = "nearest"> (mid, , twice)
  j1 = Concat <axis = 1> (r1, e1)
  eps = Conv (j1, u1)
}`;

const SHARED = UNET(`float[16,16,1,1] w2 = ${w(5)},`, 'mid = Conv (h, w2)');

/** A weight in a Constant node, and others in the branches of an If: an initializer, a Constant. */
const INSIDE = UNET(
  '',
  `wc = Constant <value = float[16,16,1,1] ${w(4)}> ()
  c = Conv (h, wc)
  mid = If (flag) <
    then_branch: graph = strong () => (float[1,16,2,2] s) < float[16,16,1,1] ws = ${w(2)} > {
      s = Conv (c, ws)
    },
    else_branch: graph = weak () => (float[1,16,2,2] k) {
      wk = Constant <value = float[16,16,1,1] ${w(6)}> ()
      k = Conv (c, wk)
    }
  >`,
  ', bool flag',
);
