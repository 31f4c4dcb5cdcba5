/**
 * Depth-skip (arXiv 2401.17547): the arithmetic of the cut on Stable Diffusion v1.5, what the cut model
 * computes against the source whose deep value is zero (multiplied by hand in a small graph, given from
 * outside in real ones), and what is refused.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../passes/deepcache/index.js';
import { type DepthSkipOptions, depthSkip } from '../../passes/depth-skip/index.js';
import { ditfastattn } from '../../passes/ditfastattn/index.js';
import { writeBundle } from '../../src/compiler/emit/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { fillWeights } from '../../src/evidence/fill/fill.js';
import { attrTensor } from '../../src/model/ir/attribute.js';
import type { Model } from '../../src/model/ir/model.js';
import { isOp } from '../../src/model/ir/node.js';
import { elementCount } from '../../src/model/ir/tensor.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { verifyBundle } from '../../src/node.js';
import { openBundle } from '../../src/runtime/node/index.js';
import type { PlanFile } from '../../src/runtime/schedule/index.js';
import { EMITS, EXACT, encodeSorted, openSession, ort, scheduleOf } from '../helpers/compile.js';
import { Reference, sameBits, type Tensors } from '../helpers/injectable.js';
import { modelOf } from '../helpers/text.js';
import { TINY_UNET } from '../helpers/unets.js';

const SD15 = 'samples/architectures/sd15-unet.onnx';
const DIGITS = 'samples/digits/digits-unet.onnx';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-depth-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const cut = (model: Model, options: DepthSkipOptions, emit: (typeof EMITS)[number] = 'split') =>
  Pipeline.create({ calls: 4, emit }).use(depthSkip, options).compile(model);

describe('Stable Diffusion v1.5', () => {
  const source = loadModel(SD15);

  // by depth of the authors: millions of parameters left, percent of MACs in layers saved
  test.each([
    [12, 762.5, 1.8],
    [11, 682.2, 3.2],
    [10, 601.9, 4.7],
    [9, 523.2, 7.0],
    [8, 373.4, 17.9],
    [7, 230.1, 28.2],
    [6, 136.0, 38.5],
  ])('depth %i leaves %d M parameters', async (depth, parameters, saved) => {
    const compilation = await cut(source, { depth });
    const [model] = [...compilation.lowered.models.values()];
    const left = [...model!.graph.initializers]
      .map(({ initializer }) => initializer!)
      .filter(({ dtype, dims }) => dtype === 'float32' && dims.length > 0)
      .reduce((sum, { dims }) => sum + elementCount(dims), 0);
    expect(left / 1e6).toBeCloseTo(parameters, 1);
    const { perCall, source: whole } = scheduleOf(compilation).cost!.macs!.convention.layers;
    expect(100 * (1 - perCall / whole)).toBeCloseTo(saved, 1);
  });

  test('a depth is the skip branch of the same number', async () => {
    const [a, b] = await Promise.all([cut(source, { depth: 9 }), cut(source, { branch: 9 })]);
    expect(a.plan.sites[0]!.outputs[0]!.name).toBe(b.plan.sites[0]!.outputs[0]!.name);
  });

  test('every call runs one model', async () => {
    const { lowered, instrumented } = await cut(source, { depth: 9 });
    expect([...lowered.models.keys()]).toEqual(['cut']);
    expect(instrumented.calls).toEqual(['cut', 'cut', 'cut', 'cut']);
    expect(instrumented.states.size).toBe(0);
  });
});

/** The tiny U-Net with the main branch of one join multiplied by zero, so that its size is right by itself. */
function zeroedByHand(branch: 1 | 2 | 3): Model {
  const [main, skip] = { 1: ['r1', 'e1'], 2: ['r2', 'e2'], 3: ['mid', 'e3'] }[branch] as [
    string,
    string,
  ];
  const text = TINY_UNET.replace(
    `Concat <axis = 1> (${main}, ${skip})`,
    `Concat <axis = 1> (gone, ${skip})`,
  )
    .replace(`[join${branch}]`, `gone = Mul (${main}, nothing)\n  [join${branch}]`)
    .replace('int64[3] axes', 'float nothing = {0}, int64[3] axes');
  expect(text).toContain('gone, ');
  return modelOf(text);
}

const feedsOf = (height: number, width: number, call = 0) => ({
  x: new ort.Tensor(
    'float32',
    Float32Array.from({ length: 2 * 2 * height * width }, (_, i) => Math.sin(i + call)),
    [2, 2, height, width],
  ),
  t: new ort.Tensor('float32', Float32Array.of(call + 1, call + 2), [2]),
});

describe.each(EMITS)('%s', (emit) => {
  test.each([1, 2, 3] as const)('branch %i, at any size', async (branch) => {
    const session = await openSession(await cut(modelOf(TINY_UNET), { branch }, emit));
    const oracle = await ort.InferenceSession.create(encodeSorted(zeroedByHand(branch)), EXACT);
    const source = await ort.InferenceSession.create(encodeSorted(modelOf(TINY_UNET)), EXACT);
    for (const [call, [height, width]] of [
      [8, 8],
      [4, 12],
    ].entries()) {
      const feeds = feedsOf(height!, width!, call);
      const actual = ((await session.run(feeds as never)) as typeof feeds & { eps: ort.Tensor })
        .eps;
      expect(actual.data).toEqual((await oracle.run(feeds)).eps!.data);
      expect(actual.data).not.toEqual((await source.run(feeds)).eps!.data);
      session.reset();
    }
    await Promise.all([session.release(), oracle.release(), source.release()]);
  });

  test.each([
    ['deepcache first', true],
    ['depth-skip first', false],
  ])('deepcache inside the cut model, %s', async (_, first) => {
    const model = modelOf(TINY_UNET);
    const create = Pipeline.create({ calls: 4, emit });
    const pipeline = first
      ? create.use(deepcache, { branch: 1, interval: 2 }).use(depthSkip, { branch: 3 })
      : create.use(depthSkip, { branch: 3 }).use(deepcache, { branch: 1, interval: 2 });
    const session = await openSession(await pipeline.compile(model));
    // the oracle is DeepCache alone, on the model that was cut by hand
    const alone = await Pipeline.create({ calls: 4 })
      .use(deepcache, { branch: 1, interval: 2 })
      .compile(zeroedByHand(3));
    const oracle = await openSession(alone);
    for (let call = 0; call < 4; call++) {
      const feeds = feedsOf(8, 8, call) as never;
      const [actual, expected] = [await session.run(feeds), await oracle.run(feeds)];
      expect((actual as { eps: ort.Tensor }).eps.data).toEqual(
        (expected as { eps: ort.Tensor }).eps.data,
      );
    }
    await Promise.all([session.release(), oracle.release()]);
  });
});

/** Inputs of an image model, a pair of images. */
function image(names: readonly string[], channels: number, height: number, width: number): Tensors {
  const [sample, ...integers] = names;
  const data = Float32Array.from({ length: 2 * channels * height * width }, (_, i) =>
    Math.sin(1.3 * i + 0.1 * (i % 17)),
  );
  return {
    [sample!]: new ort.Tensor('float32', data, [2, channels, height, width]),
    ...Object.fromEntries(
      integers.map((name) => [name, new ort.Tensor('int64', BigInt64Array.of(7n, 3n), [2])]),
    ),
  };
}

/** Runs a source as it is, and with a value that it makes replaced by zeros of the same size. */
async function withZeros(
  reference: Reference,
  feeds: Tensors,
): Promise<{ full: Tensors; cut: Tensors }> {
  const { outputs, inner } = await reference.full(feeds);
  const zeros = new ort.Tensor('float32', new Float32Array(inner.size), inner.dims);
  return { full: outputs, cut: await reference.shallow(feeds, zeros) };
}

describe('the digits U-Net, as a bundle', () => {
  const feeds = image(['sample', 'timestep', 'class_labels'], 1, 16, 16);

  test.each(EMITS.flatMap((emit) => [1, 4, 9].map((depth) => [emit, depth] as const)))(
    '%s, depth %i',
    async (emit, depth) => {
      const compilation = await cut(loadModel(DIGITS), { depth }, emit);
      const folder = path.join(root, `${emit}-${depth}`);
      writeBundle(compilation, folder, { sourceFile: DIGITS, weights: 'prune' });

      const value = compilation.plan.sites[0]!.outputs[0]!.name;
      const reference = await Reference.create(fs.readFileSync(DIGITS), value, ['out_sample']);
      const expected = await withZeros(reference, feeds);
      const session = await openBundle(folder, { sessionOptions: EXACT });
      const actual = ((await session.run(feeds)) as Tensors).out_sample!;
      expect(sameBits(actual, expected.cut.out_sample!)).toBe(true);
      expect(sameBits(actual, expected.full.out_sample!)).toBe(false);
      await Promise.all([session.release(), reference.release()]);

      const report = await verifyBundle({ folder, model: DIGITS, levels: ['disabled'] });
      expect(report).toMatchObject({ passed: true, unproved: [] });
      expect(report.checks.filter((check) => check.kind === 'loop').length).toBeGreaterThan(0);
    },
  );
});

describe('DDPM for CIFAR-10, whose height and width are free', () => {
  const source = path.join(root, 'filled', 'ddpm-cifar10.onnx');
  beforeAll(() => {
    fillWeights({
      model: 'samples/architectures/ddpm-cifar10.onnx',
      folder: path.dirname(source),
      seed: 5,
    });
  });

  test('one bundle at two sizes', async () => {
    const compilation = await cut(loadModel(source), { depth: 5 });
    const folder = path.join(root, 'cifar');
    writeBundle(compilation, folder, { sourceFile: source, weights: 'prune' });
    const place = (bytes: Uint8Array, role: string) => {
      const file = path.join(path.dirname(source), `${role}.onnx`);
      fs.writeFileSync(file, bytes);
      return file;
    };
    const value = compilation.plan.sites[0]!.outputs[0]!.name;
    const reference = await Reference.create(fs.readFileSync(source), value, ['eps'], place, EXACT);
    const session = await openBundle(folder, { sessionOptions: EXACT });
    for (const [height, width] of [
      [16, 16],
      [8, 24],
    ] as const) {
      const feeds = image(['x', 't'], 3, height, width);
      const expected = await withZeros(reference, feeds);
      const actual = ((await session.run(feeds)) as Tensors).eps!;
      expect(actual.dims).toEqual([2, 3, height, width]);
      expect(sameBits(actual, expected.cut.eps!)).toBe(true);
      expect(sameBits(actual, expected.full.eps!)).toBe(false);
      session.reset();
    }
    await Promise.all([session.release(), reference.release()]);
  });
});

test('zeros have the type of what they stand for', async () => {
  const halves = modelOf(TINY_UNET.replaceAll('float[', 'float16['));
  const { lowered } = await cut(halves, { branch: 2 });
  const [zeros] = [...lowered.models.get('cut')!.graph.nodes].filter((n) =>
    isOp(n, 'ConstantOfShape'),
  );
  expect(attrTensor(zeros!, 'value')?.dtype).toBe('float16');
});

describe('what does not fit', () => {
  test.each<[string, DepthSkipOptions, string, RegExp]>([
    ['neither', {}, 'PASS_OPTION', /"depth": it must be given, or a skip branch/],
    ['both', { depth: 2, branch: 2 }, 'PASS_OPTION', /"branch": it says the same as depth/],
    ['depth 0', { depth: 0 }, 'PASS_OPTION', /depths 1 to 3, and 4 would be all of it/],
    ['all of it', { depth: 4 }, 'PASS_OPTION', /depths 1 to 3, and 4 would be all of it/],
    ['beyond', { depth: 9 }, 'PASS_OPTION', /depths 1 to 3, and 4 would be all of it/],
    ['no such branch', { branch: 9 }, 'UNET_BRANCH', /no skip branch 9/],
  ])('%s', async (_, options, code, message) => {
    await expect(cut(modelOf(TINY_UNET), options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('a model without a middle, whose innermost skip has nothing deeper to cut', async () => {
    const flat = TINY_UNET.replace('[embed] h3 = Add', '[embed] mid = Add').replace(
      /.*\[middle\].*\n/,
      '',
    );
    expect(flat).not.toContain('[middle]');
    await expect(cut(modelOf(flat), { depth: 3 })).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringMatching(/depths 1 to 2, and 3 would be all of it/),
    });
    const { lowered } = await cut(modelOf(flat), { depth: 2 });
    const names = [...lowered.models.get('cut')!.graph.nodes].map((node) => node.name);
    expect(names).toContain('join2');
    expect(names).not.toContain('join3');
  });

  test('a model without skips', async () => {
    await expect(
      cut(loadModel('samples/dit-digits/dit-digits.onnx'), { depth: 2 }),
    ).rejects.toMatchObject({ code: 'UNET_NOT_FOUND' });
  });

  test('deepcache at the same branch, and at one that is gone', async () => {
    const both = (branch: number) =>
      Pipeline.create({ calls: 4 })
        .use(deepcache, { branch, interval: 2 })
        .use(depthSkip, { branch: 2 })
        .compile(modelOf(TINY_UNET));
    await expect(both(2)).rejects.toMatchObject({
      code: 'PLAN_CONFLICT',
      message: expect.stringMatching(/"depth" and site "deep".*both say how "r2" is made/),
    });
    await expect(both(3)).rejects.toMatchObject({
      code: 'PLAN_HIDDEN',
      message: expect.stringMatching(/"deep" and site "depth".*"zero" at every call/),
    });
  });

  test('a site is not blamed that is made otherwise at every call, but hides nothing', async () => {
    const model = loadModel(DIGITS);
    const guidance = { order: 'cond-first', mode: 'batch' } as const;
    const pipeline = (plan?: PlanFile) =>
      Pipeline.create({ calls: 2, guidance, ...(plan && { plan }) })
        .use(ditfastattn, { window: '1/8', interval: 2, threshold: 'D3' })
        .use(depthSkip, { branch: 7 })
        .use(deepcache, { branch: 8, interval: 2 });
    const { sites } = (
      await Pipeline.create({ calls: 2, guidance })
        .use(ditfastattn, { window: '1/8', interval: 2, threshold: 'D3' })
        .compile(model)
    ).plan;
    const shared = Object.fromEntries(
      sites.map(({ id }) => [id, ['guidance-share', 'guidance-share']]),
    );
    const plan = { format: 'stepfold.plan', version: 1, calls: 2, sites: shared } as const;
    await expect(pipeline(plan).compile(model)).rejects.toMatchObject({
      code: 'PLAN_HIDDEN',
      message: expect.stringMatching(/"deep" and site "depth"/),
    });
  });
});
