/** Made-up inputs for bundles that compute both halves of a guidance pair in one batch. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import {
  benchBundle,
  type GenerateOptions,
  generate,
  openLoopBundle,
  openLoopModel,
} from '../../../src/evidence/measure/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { createSampler } from '../../../src/runtime/samplers/index.js';
import type { PairMode, PairOrder } from '../../../src/runtime/schedule/index.js';
import { EXACT } from '../../helpers/compile.js';

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

  test('runs with one image where guidance doubles it', async () => {
    const { dims } = await denoised(bundle, guided('cond-first', 'batch'));
    expect(dims).toEqual([1, 1, 24, 24]);
  });

  test.each([
    ['no guidance', {}],
    ['the other half first', guided('uncond-first', 'batch')],
    ['two calls', guided('cond-first', 'two-calls')],
  ])('is refused a loop with %s', async (_, options) => {
    await expect(denoised(bundle, options)).rejects.toMatchObject({ code: 'RUN_GUIDANCE' });
  });
});

const label = (n: bigint) => ({ class_labels: new ort.Tensor('int64', [n], [1]) as never });

function guided(order: PairOrder, mode: PairMode): Partial<GenerateOptions> {
  return {
    feeds: label(3n),
    guidance: { scale: 2, mode, order, unconditional: label(10n) },
  };
}

async function denoised(bundle: string, options: Partial<GenerateOptions>, steps = 2) {
  const halves = options.guidance?.mode === 'two-calls';
  const denoiser = await openLoopBundle(bundle, { halves, sessionOptions: EXACT });
  const sampler = createSampler('ddim', { steps });
  return generate(denoiser, { sampler, seed: 1, feeds: label(3n), ...options }).finally(() =>
    denoiser.release(),
  );
}

describe('a bundle for guidance in which no call needs the pairs', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-pairs-'));
  const model = 'samples/dit-digits/dit-digits.onnx';
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  const write = async (
    name: string,
    guidance: { order: PairOrder; mode: PairMode } | undefined,
    strategies: string[],
  ) => {
    const sites = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [`attention.${i}`, strategies]),
    );
    const calls = strategies.length;
    const compilation = await Pipeline.create({
      calls,
      ...(guidance && { guidance }),
      plan: { format: 'stepfold.plan', version: 1, calls, sites },
    })
      .use(ditfastattn, {})
      .compile(loadModel(model));
    writeBundle(compilation, path.join(folder, name), { sourceFile: model });
    return path.join(folder, name);
  };

  test.each([
    ['no guidance', {}],
    ['the other half first', guided('uncond-first', 'batch')],
    ['two calls', guided('cond-first', 'two-calls')],
  ])('runs in a loop with %s, as one does that was made without', async (name, options) => {
    const strategies = ['compute', 'reuse', 'compute', 'reuse'];
    const made = await write(`made ${name}`, { order: 'cond-first', mode: 'batch' }, strategies);
    const plain = await write(`plain ${name}`, undefined, strategies);
    const { latent, dims } = await denoised(made, options, 4);
    expect(dims).toEqual([1, 1, 24, 24]);
    expect(latent).toEqual((await denoised(plain, options, 4)).latent);
  });

  test('in two calls, where every call computes, also', async () => {
    const pair = { order: 'cond-first', mode: 'two-calls' } as const;
    const made = await write('turns', pair, ['compute', 'compute', 'compute', 'compute']);
    const source = await openLoopModel(model, { sessionOptions: EXACT });
    const sampler = createSampler('ddim', { steps: 2 });
    const { latent } = await generate(source, { sampler, seed: 1, feeds: label(3n) }).finally(() =>
      source.release(),
    );
    expect((await denoised(made, {})).latent).toEqual(latent);
  });

  test('in two calls that read what others kept, is refused a loop without', async () => {
    const pair = { order: 'cond-first', mode: 'two-calls' } as const;
    const made = await write('kept', pair, ['compute', 'compute', 'reuse', 'reuse']);
    await expect(denoised(made, {})).rejects.toMatchObject({ code: 'RUN_GUIDANCE' });
    const { dims } = await denoised(made, guided('cond-first', 'two-calls'));
    expect(dims).toEqual([1, 1, 24, 24]);
  });

  test('a schedule that does not say is taken at its worst', async () => {
    const made = await write('silent', { order: 'cond-first', mode: 'batch' }, [
      'compute',
      'compute',
    ]);
    const file = path.join(made, 'schedule.json');
    const text = fs.readFileSync(file, 'utf8');
    expect(text).toContain('"pairs": false');
    fs.writeFileSync(file, text.replace(/,\s*"pairs": false/g, ''));
    await expect(denoised(made, {})).rejects.toMatchObject({ code: 'RUN_GUIDANCE' });
  });
});
