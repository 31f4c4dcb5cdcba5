/** What a sampler of the command line is made with: from options, a folder's files, and the calls of a bundle. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { splitSettings } from '../../src/cli/loop-options.js';
import { samplerSettings } from '../../src/cli/loop-settings.js';
import { readScheduler, type SchedulerUse } from '../../src/runtime/model-folder/index.js';
import { PIPELINES } from '../../src/runtime/model-folder/scheduler/pipelines.js';
import { type SamplerName, samplerFrom } from '../../src/runtime/samplers/index.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-settings-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** The sampler of a command line; of a pipeline's folder where one is given, on a bundle of so many calls. */
function samplerOf(
  args: SchedulerUse & { readonly steps?: number },
  calls?: number,
  folder?: string,
) {
  const { sampler = 'ddim' } = args;
  const split = splitSettings(folder === undefined ? {} : readScheduler(folder, args));
  const schedule =
    calls === undefined ? undefined : { calls: Array(calls).fill('full'), source: {} };
  const all = { bundle: '', sampler, ...split.noise, ...args };
  return samplerFrom(sampler, samplerSettings(all as never, schedule as never, split.folder));
}

/** Files of a pipeline. */
function pipeline(name: string, scheduler: object): string {
  const folder = fs.mkdtempSync(path.join(root, 'pipeline-'));
  fs.mkdirSync(path.join(folder, 'scheduler'));
  fs.writeFileSync(path.join(folder, 'model_index.json'), JSON.stringify({ _class_name: name }));
  fs.writeFileSync(
    path.join(folder, 'scheduler/scheduler_config.json'),
    JSON.stringify({ _class_name: 'FlowMatchEulerDiscreteScheduler', ...scheduler }),
  );
  return folder;
}

describe('as many steps as make the calls of a bundle', () => {
  test.each([
    ['ddim', 9, 9],
    ['heun', 9, 5],
    ['heun', 1, 1],
    ['plms', 9, 8],
    ['plms', 1, 1],
  ] as const)('%s: %i calls are %i steps', (sampler, calls, steps) => {
    const made = samplerOf({ sampler }, calls);
    expect(made.timesteps).toHaveLength(calls);
    expect(made.timesteps).toEqual(samplerOf({ sampler, steps }).timesteps);
  });

  test.each([
    ['heun', 8, '7 or 9 calls'],
    ['plms', 2, '1 or 3 calls'],
  ] as const)('%s never makes %i', (sampler, calls, hint) => {
    expect(() => samplerOf({ sampler }, calls)).toThrow(
      expect.objectContaining({
        code: 'SAMPLER_CALLS',
        details: expect.objectContaining({ hint: expect.stringContaining(hint) }),
      }),
    );
    expect(samplerOf({ sampler, steps: 4 }, calls).timesteps.length).toBeGreaterThan(4);
  });
});

test('any solver goes along a path that is named, with the options of that', () => {
  const made = samplerOf({
    ...{ sampler: 'unipc', path: 'flow', prediction: 'flow', spacing: 'trailing', shift: 3 },
    steps: 4,
  });
  // 3 s / (1 + 2 s) of 1 (as near as there is signal), 3/4, 1/2, 1/4
  [999.999, 900, 750, 500].forEach((t, i) => {
    expect(made.timesteps[i]).toBeCloseTo(t, 6);
  });
});

test('a path that is no sampler’s own has its options too', () => {
  const path = { path: 'variance-exploding', sigmaMin: 0.01, sigmaMax: 50, rho: 3 } as const;
  const told = { timestepScale: 'sigma', prediction: 'sample' } as const;
  const made = samplerOf({ sampler: 'ddim', ...path, ...told, levels: 'karras', steps: 3 });
  const middle = ((50 ** (1 / 7) + 0.01 ** (1 / 7)) / 2) ** 7;
  [50, middle, 0.01].forEach((sigma, i) => {
    expect(made.told[i]).toBeCloseTo(sigma, 6);
  });
  expect(made.start(Float32Array.of(2)).latent[0]).toBeCloseTo(100, 4);
});

test('a strength starts where pipelines of its path do', () => {
  const strong = { init: 'picture.npy', strength: 0.3, steps: 28 } as const;
  const start = (args: SchedulerUse) => samplerOf({ ...strong, ...args }).firstCall;
  // 8.4 steps: made, or left out, rounded down
  expect(start({ sampler: 'unipc' })).toBe(20);
  expect(start({ sampler: 'unipc', path: 'flow', prediction: 'flow' })).toBe(19);
  expect(start({ sampler: 'euler-flow' })).toBe(19);
  expect(start({ sampler: 'heun' })).toBe(40);
});

describe('pipelines', () => {
  const flow = (more: SchedulerUse = {}) => ({
    sampler: 'euler-flow' as SamplerName,
    steps: 4,
    ...more,
  });
  const sigmas = [1, 0.9, 0.75, 0.5];
  const told = (name: string, more?: SchedulerUse, scheduler: object = { shift: 3 }) =>
    samplerOf(flow(more), undefined, pipeline(name, scheduler)).told;
  const close = (found: readonly number[], wanted: readonly number[]) =>
    wanted.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 9);
    });

  test('tell shares, from 1 down', () => {
    for (const name of [
      'FluxPipeline',
      'ChromaPipeline',
      'QwenImagePipeline',
      'Flux2KleinPipeline',
    ])
      close(told(name), sigmas);
  });

  test('tell shares from 0 up, and predict the other way', () => {
    const other = sigmas.map((s) => 1 - s);
    close(told('ZImagePipeline'), other);
    close(told('Lumina2Pipeline'), other);
    const noise = Float32Array.of(0.5);
    const made = samplerOf(flow(), undefined, pipeline('ZImagePipeline', {}));
    // x + (0.75 - 1) (-output)
    expect(made.step(Float32Array.of(2), 0, made.start(noise)).latent[0]).toBeCloseTo(1, 6);
  });

  test('space as their own program does', () => {
    close(
      told('LTXPipeline'),
      sigmas.map((s) => 1000 * s),
    );
    // SD 3 goes on to the cleanest level of training
    const sd3 = told('StableDiffusion3Pipeline');
    expect(sd3[0]).toBe(1000);
    expect(sd3[3]).toBeLessThan(10);
  });

  test('come after the command line', () => {
    close(
      told('FluxPipeline', { timestepScale: 'training' }),
      sigmas.map((s) => 1000 * s),
    );
    expect(told('FluxPipeline', { spacing: 'linear' })[3]).toBeLessThan(0.01);
  });

  test('of other noise, or of no known name, add nothing', () => {
    expect(told('SanaPipeline')).toEqual(told('X'));
    expect(told('X')[0]).toBe(1000);
    const folder = pipeline('FluxPipeline', {});
    fs.writeFileSync(path.join(folder, 'model_index.json'), '{');
    expect(samplerOf(flow(), undefined, folder).told[0]).toBe(1000);
    fs.rmSync(path.join(folder, 'model_index.json'));
    expect(samplerOf(flow(), undefined, folder).told[0]).toBe(1000);
    const betas = pipeline('FluxPipeline', { _class_name: 'DDIMScheduler' });
    expect(samplerOf({ steps: 4 }, undefined, betas).told).toEqual([750, 500, 250, 0]);
  });

  test('with a rule of their own for mu are told so', () => {
    const dynamic = { use_dynamic_shifting: true };
    expect(() => told('Flux2KleinPipeline', { tokens: 4096 }, dynamic)).toThrow(
      expect.objectContaining({
        code: 'FOLDER_SCHEDULER',
        message: expect.stringContaining('--mu'),
      }),
    );
    // 1 of e^mu / (e^mu + 1 / s - 1), and so on
    const shifted = (s: number) => Math.exp(2) / (Math.exp(2) + 1 / s - 1);
    close(told('Flux2KleinPipeline', { mu: 2 }, dynamic), [1, 0.75, 0.5, 0.25].map(shifted));
    close(
      told('FluxPipeline', { tokens: 256 }, dynamic),
      [1, 0.75, 0.5, 0.25].map((s) => Math.exp(0.5) / (Math.exp(0.5) + 1 / s - 1)),
    );
  });

  test('each is named once', () => {
    const names = PIPELINES.map(([prefix]) => prefix);
    for (const [i, name] of names.entries())
      for (const other of names.slice(i + 1)) expect(other.startsWith(name)).toBe(false);
  });
});
