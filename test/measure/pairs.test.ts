/** Made-up inputs for bundles that compute both halves of a guidance pair in one batch. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ditfastattn } from '../../passes/index.js';
import { writeBundle } from '../../src/emit/index.js';
import {
  benchBundle,
  generate,
  openLoopBundle,
  scheduleBindings,
} from '../../src/measure/index.js';
import { rowsOfHalf, withEqualHalves, withHalfTwice } from '../../src/measure/pairs.js';
import { loadModel } from '../../src/onnx/files.js';
import { Pipeline } from '../../src/pipeline/index.js';
import { createSampler } from '../../src/samplers/index.js';
import type { Schedule } from '../../src/schedule/index.js';

const tensor = (data: number[], dims: number[]) =>
  new ort.Tensor('float32', Float32Array.from(data), dims) as never;
const numbers = (t: { data: unknown }) => [...(t.data as Float32Array)];

describe('one half in the place of both', () => {
  test('is the first or the second of the rows', () => {
    const rows = tensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const twice = (half: 0 | 1) => numbers(withHalfTwice(ort.Tensor as never, rows, half));
    expect(twice(0)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(twice(1)).toEqual([5, 6, 7, 8, 5, 6, 7, 8]);
    expect(numbers(rows)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([rowsOfHalf(4, 0), rowsOfHalf(4, 1)]).toEqual([
      [0, 1, 0, 1],
      [2, 3, 2, 3],
    ]);
  });

  test('in all inputs that have the batch, and in no other', () => {
    const feeds = {
      x: tensor([1, 2], [2, 1]),
      c: tensor([3, 4], [2]),
      places: tensor([5, 6, 7, 8], [4]),
      t: tensor([9], []),
    };
    const equal = withEqualHalves(ort.Tensor as never, feeds, { latent: 'x' });
    expect(Object.fromEntries(Object.entries(equal).map(([k, t]) => [k, numbers(t)]))).toEqual({
      x: [1, 1],
      c: [3, 3],
      places: [5, 6, 7, 8],
      t: [9],
    });
  });
});

describe('the batch that is made up', () => {
  const schedule = (mode?: 'batch' | 'two-calls', batch = 1) =>
    ({
      source: {
        inputs: [
          { name: 'x', type: 'float32', shape: ['batch', 'size'] },
          { name: 'y', type: 'float32', shape: ['other'] },
        ],
        roles: { latent: 'x' },
        ...(mode && { guidance: { order: 'cond-first', mode } }),
      },
      cost: { macs: { bindings: { batch, size: 7 } } },
    }) as unknown as Schedule;
  const sizes = (of: Schedule, given = {}) => Object.fromEntries(scheduleBindings(of, given));

  test('is even where it holds pairs, and nothing else changes', () => {
    expect(sizes(schedule('batch'))).toEqual({ batch: 2, size: 7, other: 1 });
    expect(sizes(schedule('batch', 3))).toEqual({ batch: 6, size: 7, other: 1 });
    expect(sizes(schedule('batch', 4))).toEqual({ batch: 4, size: 7, other: 1 });
    expect(sizes(schedule('two-calls'))).toEqual({ batch: 1, size: 7, other: 1 });
    expect(sizes(schedule())).toEqual({ batch: 1, size: 7, other: 1 });
  });

  test('is what was asked for, even or not', () => {
    expect(sizes(schedule('batch'), { x: [3, 5] })).toEqual({ batch: 3, size: 5, other: 1 });
  });
});

describe('a bundle for pairs in one batch', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-pairs-'));
  const bundle = path.join(folder, 'bundle');
  const model = 'samples/dit-digits/dit-digits.onnx';
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  beforeAll(async () => {
    const compilation = await Pipeline.create({
      calls: 2,
      guidance: { order: 'cond-first', mode: 'batch' },
    })
      .use(ditfastattn, { strategy: 'guidance-share' })
      .compile(loadModel(model));
    writeBundle(compilation, bundle, { sourceFile: model });
  });

  test('is measured with a pair', async () => {
    const { sizes } = await benchBundle({ folder: bundle, model, rounds: 1, threads: 1 });
    expect(sizes).toEqual({ batch: 2 });
  });

  test.each([
    ['runs with a pair where no guidance is said', undefined, 2],
    ['runs with one image where guidance doubles it', 'batch' as const, 1],
  ])('%s', async (_, mode, images) => {
    const denoiser = await openLoopBundle(bundle);
    const label = new ort.Tensor('int64', [10n], [1]) as never;
    try {
      const { dims } = await generate(denoiser, {
        sampler: createSampler('ddim', { steps: 2 }),
        seed: 1,
        feeds: mode ? { class_labels: new ort.Tensor('int64', [3n], [1]) as never } : {},
        ...(mode && {
          guidance: {
            scale: 2,
            mode,
            order: 'cond-first' as const,
            unconditional: { class_labels: label },
          },
        }),
      });
      expect(dims).toEqual([images, 1, 24, 24]);
    } finally {
      await denoiser.release();
    }
  });
});
