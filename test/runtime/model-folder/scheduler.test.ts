/**
 * What a pipeline's scheduler_config.json says: loops against those of diffusers itself
 * (scripts/diffusers-schedulers.py), and every class and every setting either read, without effect or
 * refused by name.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { splitSettings } from '../../../src/cli/loop-options.js';
import { samplerSettings } from '../../../src/cli/loop-settings.js';
import { readScheduler, type SchedulerUse } from '../../../src/runtime/model-folder/index.js';
import {
  CLASSES,
  isRead,
  pathOf,
  type ReadName,
} from '../../../src/runtime/model-folder/scheduler/classes.js';
import { DIFFUSERS, SCHEDULERS } from '../../../src/runtime/model-folder/scheduler/diffusers.js';
import { FIELDS } from '../../../src/runtime/model-folder/scheduler/fields.js';
import type { Field, FieldKind } from '../../../src/runtime/model-folder/scheduler/rules.js';
import {
  SAMPLER_NAMES,
  type SamplerName,
  samplerFrom,
  solverOf,
} from '../../../src/runtime/samplers/index.js';
import { runSampler } from '../samplers/run-sampler.js';
import diffusers from './diffusers.json' with { type: 'json' };

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-scheduler-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
fs.mkdirSync(path.join(root, 'scheduler'));

/** @param config what the file says, or its text */
function read(config: object | string, given: SchedulerUse = {}) {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  fs.writeFileSync(path.join(root, 'scheduler/scheduler_config.json'), text);
  return readScheduler(root, given);
}

/** The sampler as `stepfold run` makes it. */
function samplerOf({ config, sampler, steps, use = {} }: Loop) {
  const name = sampler as SamplerName;
  const { start, ...given } = use;
  const { noise, folder } = splitSettings(read(config, { sampler: name }));
  const args = { bundle: '', sampler: name, steps, ...noise, ...given };
  const settings = samplerSettings(args as never, undefined, folder);
  return samplerFrom(name, { ...settings, ...(start !== undefined && { start }) });
}

interface Loop {
  readonly config: object;
  readonly sampler: string;
  readonly steps: number;
  readonly use?: { readonly start?: number; readonly tokens?: number; readonly mu?: number };
}

const refused = (...mentions: string[]) =>
  expect.objectContaining({
    code: 'FOLDER_SCHEDULER',
    message: expect.stringMatching(
      new RegExp(mentions.map((m) => `(?=.*${m.replaceAll(/[[\]().*+?]/g, '\\$&')})`).join('')),
    ),
  });

/** In timesteps: of logarithms that are float32 there, placed between others. */
const FLOAT32 = 2e-3;
const noise = Float32Array.from(diffusers.initialNoise);
const denoiser = (latent: Float32Array, timestep: number) =>
  latent.map((x) => 0.6 * Math.sin(x) + 0.3 * Math.cos(timestep / 200) * x);

const clean = Float32Array.from(diffusers.clean);
const fresh = (draw: number) => noise.map((_, i) => Math.sin(i * 1.3 + draw));

describe(`the loops of diffusers ${diffusers.diffusers}`, () => {
  test.each(
    (diffusers.loops as (Loop & { timesteps: number[]; latent: number[] })[]).map(
      (loop) => [JSON.stringify({ ...loop.config, ...loop.use }), loop.sampler, loop] as const,
    ),
  )('%s with %s', (_, name, { timesteps, latent, ...loop }) => {
    const sampler = samplerOf(loop);
    expect(sampler.told).toHaveLength(timesteps.length);
    // those with fractions are float32 there, and where they are cut to whole ones, that may be one less
    sampler.told.forEach((told, i) => {
      const cut = sampler.timesteps[i] !== told || timesteps[i] === told - 1;
      const close = Number.isInteger(timesteps[i]) && Number.isInteger(told) ? 0 : FLOAT32;
      const nearWhole = Math.abs(sampler.timesteps[i]! - Math.round(sampler.timesteps[i]!)) < 0.01;
      expect(Math.abs(told - timesteps[i]!)).toBeLessThanOrEqual(cut && nearWhole ? 1 : close);
    });
    const { config, use } = loop;
    const seen = timesteps.values();
    const asThere = (latent: Float32Array) => denoiser(latent, seen.next().value!);
    const found = runSampler(sampler, asThere, noise, fresh, use?.start ? clean : undefined);
    // diffusers has its betas in float32, and the noise that is predicted is divided by a small alpha
    const exact = 'prediction_type' in config && name !== 'euler';
    // and the integrals of third order are differences of large float32 numbers there
    const cancels = name === 'deis' && 'solver_order' in config && config.solver_order === 3;
    const most = (exact ? 1e-5 : 1e-4) * (cancels ? 3 : 1);
    for (const [i, expected] of latent.entries())
      expect(Math.abs(found[i]! - expected)).toBeLessThan(most * Math.max(1, Math.abs(expected)));
  });
});

/** Solvers of betas that diffusers runs along flow matching too. */
const BOTH: readonly string[] = ['unipc', 'dpm++2m', 'dpm++2m-sde', 'dpm++3m'];
const isAlong = (name: ReadName, sampler: SamplerName) =>
  pathOf(name) === 'flow' && BOTH.includes(sampler);

describe('classes', () => {
  // PNDM's own first steps are of Runge and Kutta's method
  const plain: Readonly<Record<string, object>> = { PNDMScheduler: { skip_prk_steps: true } };

  test.each(Object.keys(SCHEDULERS))('%s is read whole, or refused by its name', (name) => {
    for (const sampler of SAMPLER_NAMES)
      if (isRead(name) && (pathOf(name) === solverOf(sampler).path || isAlong(name, sampler)))
        expect(() =>
          read({ _class_name: name, ...SCHEDULERS[name], ...plain[name] }, { sampler }),
        ).not.toThrow();
      else
        expect(() => read({ _class_name: name }, { sampler })).toThrow(
          refused('_class_name', name),
        );
  });

  test('another word for the noise makes up for one that is refused', () => {
    expect(read({ _class_name: 'TCDScheduler' }, { betas: 'scaled_linear' })).toEqual({});
  });

  test.each([
    [{ _class_name: 'DDIMSchedular' }, ['_class_name', 'DDIMSchedular', DIFFUSERS]],
    [{ beta_start: 0.1 }, ['no "_class_name"']],
    [{ _class_name: 7 }, ['_class_name']],
    [[], ['no JSON object']],
    ['{', ['JSON']],
  ] as const)('%j', (config, mentions) => {
    expect(() => read(config)).toThrow(refused(...mentions));
  });

  test('none at all says nothing', () => {
    expect(readScheduler(path.join(root, 'scheduler'))).toEqual({});
  });
});

const DDIM = { _class_name: 'DDIMScheduler', _diffusers_version: '0.30.0', _name_or_path: 'x' };
const EULER = { ...DDIM, _class_name: 'EulerDiscreteScheduler' };
const DPM = { ...DDIM, _class_name: 'DPMSolverMultistepScheduler' };
const UNIPC = { ...DDIM, _class_name: 'UniPCMultistepScheduler' };
const DEIS = { ...DDIM, _class_name: 'DEISMultistepScheduler' };
const LCM = { ...DDIM, _class_name: 'LCMScheduler' };
const FLOW = { ...DDIM, _class_name: 'FlowMatchEulerDiscreteScheduler', shift: 3 };

describe('settings', () => {
  test('that are left out have the defaults of their class', () => {
    const plain = { betas: 'linear', betaStart: 1e-4, betaEnd: 0.02, trainTimesteps: 1000 };
    expect(read(DDIM)).toEqual({
      ...plain,
      ...{ prediction: 'epsilon', spacing: 'leading', clip: 1, noiseAfterClip: 'predicted' },
    });
    expect(read(EULER, { sampler: 'euler' })).toEqual({
      ...plain,
      ...{ prediction: 'epsilon', spacing: 'linear', fractionalTimesteps: true },
    });
    expect(read({ ...DDIM, _class_name: 'CogVideoXDDIMScheduler' })).toMatchObject({
      betas: 'scaled_linear',
      betaEnd: 0.012,
      snrShift: 3,
    });
  });

  test('that the command line says are not looked at', () => {
    const odd = {
      ...DDIM,
      ...{ beta_schedule: 'sigmoid', beta_start: 'low', beta_end: 'high', trained_betas: [1] },
      ...{ num_train_timesteps: 'many', prediction_type: 'score', timestep_spacing: 'odd' },
      ...{ rescale_betas_zero_snr: true, thresholding: true },
    };
    const given: SchedulerUse = {
      betas: 'linear',
      betaStart: 0.1,
      betaEnd: 0.2,
      trainTimesteps: 10,
      zeroSnr: false,
      snrShift: 2,
      prediction: 'v',
      spacing: 'quad',
      clip: 2,
    };
    expect(read(odd, given)).toEqual({});
    expect(
      read({ ...DDIM, timestep_spacing: 'odd' }, { timesteps: 'list.json' }),
    ).not.toHaveProperty('spacing');
  });

  test('with which other samplers do nothing', () => {
    const stable = { ...DDIM, _class_name: 'PNDMScheduler', steps_offset: 1, clip_sample: true };
    expect(read(stable)).toMatchObject({ offset: 1, final: 'first', clip: 1 });
    const other = read(stable, { sampler: 'euler' });
    expect(other).toMatchObject({ offset: 1 });
    for (const key of ['final', 'clip', 'noiseAfterClip']) expect(other).not.toHaveProperty(key);
    expect(read(stable, { spacing: 'leading' })).not.toHaveProperty('offset');
    const trailing = { ...stable, timestep_spacing: 'trailing' };
    expect(read(trailing)).not.toHaveProperty('offset');
    const last = { ...DPM, final_sigmas_type: 'sigma_min', lower_order_final: false };
    expect(read(last, { sampler: 'dpm++2m' })).toMatchObject({
      final: 'first',
      lowerOrderFinal: false,
    });
    expect(Object.keys(read(last))).not.toContain('lowerOrderFinal');
    expect(Object.keys(read(last))).not.toContain('final');
  });

  test('old files have the words of their time', () => {
    const old = { ...DDIM, _class_name: 'DDPMScheduler', tensor_format: 'pt' };
    expect(read({ ...old, predict_epsilon: true })).toMatchObject({ prediction: 'epsilon' });
    expect(read({ ...old, predict_epsilon: false })).toMatchObject({ prediction: 'sample' });
  });

  test('as Python writes them', () => {
    const text = `{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity, "tau_func": "NaN \\"Infinity"}`;
    expect(read(text, { sampler: 'dpm++2m' })).toMatchObject({ betas: 'linear' });
    const nan = '{"_class_name": "DDIMScheduler", "beta_start": NaN}';
    // a number, which the sampler refuses by its own words
    expect(read(nan).betaStart).toBeNaN();
  });

  test('of UniPC, DEIS and other solvers, read by those that have them', () => {
    const unipc = { sampler: 'unipc' } as const;
    const file = { ...DDIM, _class_name: 'UniPCMultistepScheduler', solver_order: 3 };
    const all = {
      ...file,
      ...{ solver_type: 'bh1', predict_x0: false, disable_corrector: [0, 1] },
      ...{ lower_order_final: false, final_sigmas_type: 'sigma_min' },
    };
    expect(read(all, unipc)).toMatchObject({
      ...{ order: 3, solverType: 'bh1', predictX0: false, disableCorrector: [0, 1] },
      ...{ lowerOrderFinal: false, final: 'first' },
    });
    expect(read(all, { ...unipc, order: 1 })).not.toHaveProperty('order');
    // in diffusers DEIS has no setting for its end, and always leaves some noise
    const byDeis = read(file, { sampler: 'deis' });
    expect(byDeis).toMatchObject({ order: 3, final: 'first' });
    for (const key of ['solverType', 'predictX0', 'disableCorrector'])
      expect(byDeis).not.toHaveProperty(key);
    for (const sampler of ['ddim', 'euler', 'dpm++2m', 'dpm++3m'] as const)
      expect(Object.keys(read(all, { sampler }))).not.toContain('order');
    // the word of another solver
    expect(read({ ...DPM, solver_type: 'heun' }, unipc)).toMatchObject({ solverType: 'bh2' });
  });

  test('of flow matching, read by Euler’s method there', () => {
    const flow = { sampler: 'euler-flow' } as const;
    expect(read(FLOW, flow)).toEqual({ shift: 3, trainTimesteps: 1000, spacing: 'linear' });
    expect(read(FLOW, { ...flow, shift: 1, spacing: 'trailing' })).toEqual({
      trainTimesteps: 1000,
    });
    expect(() => read(FLOW)).toThrow(refused('FlowMatchEulerDiscreteScheduler', 'euler-flow'));
    expect(() => read(EULER, flow)).toThrow(refused('EulerDiscreteScheduler', 'ddim, euler'));
    // of both kinds of solvers
    expect(read(FLOW, { sampler: 'unipc' })).toEqual({
      ...{ shift: 3, trainTimesteps: 1000, path: 'flow', prediction: 'flow', spacing: 'linear' },
    });
    const wan = {
      ...UNIPC,
      use_flow_sigmas: true,
      flow_shift: 5,
      prediction_type: 'flow_prediction',
    };
    expect(read(wan, { sampler: 'unipc' })).toMatchObject({
      ...{ path: 'flow', shift: 5, prediction: 'flow', spacing: 'linear', timestepScale: 'whole' },
    });
    expect(read(wan, { sampler: 'unipc', timestepScale: 'training', spacing: 'even' })).toEqual(
      expect.not.objectContaining({ timestepScale: 'whole', spacing: 'linear' }),
    );
    expect(read(wan, flow)).toMatchObject({ shift: 5, prediction: 'flow', spacing: 'linear' });
  });

  const dpm = { sampler: 'dpm++2m' } as const;
  const third = { sampler: 'dpm++3m' } as const;
  const unipc = { sampler: 'unipc' } as const;
  const flow = { sampler: 'euler-flow' } as const;
  const euler = { sampler: 'euler' } as const;
  const deis = { sampler: 'deis' } as const;
  const lcm = { sampler: 'lcm' } as const;
  test.each<[object, string, SchedulerUse, SchedulerUse?]>([
    [{ ...DDIM, beta_schedule: 'sigmoid' }, 'beta_schedule', {}, { betas: 'linear' }],
    [{ ...DDIM, beta_start: '0.1' }, 'beta_start', {}, { betaStart: 0.1 }],
    [{ ...DDIM, beta_end: [0.1] }, 'beta_end', {}, { betaEnd: 0.1 }],
    [{ ...DDIM, num_train_timesteps: '1000' }, 'num_train_timesteps', {}, { trainTimesteps: 9 }],
    [{ ...DDIM, trained_betas: [0.1] }, 'trained_betas', {}, { betaStart: 0.1 }],
    [{ ...DDIM, prediction_type: 'score' }, 'prediction_type', {}, { prediction: 'v' }],
    [{ ...DDIM, timestep_spacing: 'sideways' }, 'timestep_spacing', {}, { spacing: 'leading' }],
    [{ ...DDIM, steps_offset: 0.5 }, 'steps_offset', {}],
    [{ ...DDIM, rescale_betas_zero_snr: 'yes' }, 'rescale_betas_zero_snr', {}],
    [{ ...DDIM, snr_shift_scale: '3' }, 'snr_shift_scale', {}, { snrShift: 3 }],
    [{ ...DDIM, clip_sample_range: -1 }, 'clip_sample', {}, { clip: 1 }],
    [{ ...DDIM, thresholding: true }, 'thresholding', {}, { clip: 1 }],
    [{ ...DDIM, thresholding: true }, 'thresholding', {}, euler],
    [{ ...EULER, final_sigmas_type: 'last' }, 'final_sigmas_type', euler],
    [{ ...EULER, use_karras_sigmas: 1 }, 'use_karras_sigmas', euler],
    [
      { ...EULER, use_karras_sigmas: true, use_beta_sigmas: true },
      'use_karras_sigmas',
      euler,
      { ...euler, spacing: 'linear' },
    ],
    [
      { ...EULER, use_exponential_sigmas: true, use_beta_sigmas: true },
      'use_exponential_sigmas',
      euler,
      { ...euler, timesteps: 'list.json' },
    ],
    [{ ...EULER, use_beta_sigmas: true, sigma_max: 'high' }, 'sigma_max', euler, dpm],
    [{ ...DPM, use_lu_lambdas: true, use_beta_sigmas: true }, 'use_lu_lambdas', dpm, euler],
    [
      { ...UNIPC, use_flow_sigmas: true, use_karras_sigmas: true },
      'use_karras_sigmas',
      unipc,
      flow,
    ],
    [{ ...EULER, interpolation_type: 'log_linear' }, 'interpolation_type', euler, dpm],
    [{ ...EULER, timestep_type: 'sideways' }, 'timestep_type', {}],
    [{ ...DPM, lambda_min_clipped: -5.1 }, 'lambda_min_clipped', dpm, {}],
    [{ ...DPM, use_flow_sigmas: true }, 'DPMSolverMultistepScheduler', {}, dpm],
    [{ ...DPM, use_flow_sigmas: true, final_sigmas_type: 'sigma_min' }, 'final_sigmas_type', dpm],
    [{ ...DEIS, use_flow_sigmas: true }, 'DEISMultistepScheduler', deis, unipc],
    [{ ...DDIM, _class_name: 'PNDMScheduler' }, 'skip_prk_steps', { sampler: 'plms' }, {}],
    [
      { ...DPM, euler_at_final: true, final_sigmas_type: 'sigma_min' },
      'euler_at_final',
      third,
      dpm,
    ],
    [{ ...UNIPC, solver_type: 'taylor' }, 'solver_type', unipc, euler],
    [{ ...UNIPC, solver_order: '2' }, 'solver_order', unipc, { ...unipc, order: 2 }],
    [{ ...UNIPC, predict_x0: 1 }, 'predict_x0', unipc],
    [{ ...UNIPC, disable_corrector: [-1] }, 'disable_corrector', unipc, dpm],
    [{ ...UNIPC, solver_p: { _class_name: 'x' } }, 'solver_p', unipc, dpm],
    [{ ...UNIPC, thresholding: true }, 'thresholding', unipc, { ...unipc, clip: 1 }],
    [{ ...FLOW, use_dynamic_shifting: 'yes' }, 'use_dynamic_shifting', flow],
    [{ ...FLOW, use_dynamic_shifting: true, time_shift_type: 'odd' }, 'time_shift_type', flow],
    [{ ...FLOW, use_dynamic_shifting: true, base_shift: 'low' }, 'base_shift', flow],
    [{ ...FLOW, shift_terminal: '0.1' }, 'shift_terminal', flow, { ...flow, shiftTerminal: 0.1 }],
    [{ ...FLOW, invert_sigmas: true }, 'invert_sigmas', flow],
    [{ ...FLOW, stochastic_sampling: true }, 'stochastic_sampling', flow, { sampler: 'lcm-flow' }],
    [
      { ...FLOW, _class_name: 'FlowMatchLCMScheduler', scale_factors: [0.5] },
      'scale_factors',
      { sampler: 'lcm-flow' },
      flow,
    ],
    [
      { ...FLOW, _class_name: 'LTXEulerAncestralRFScheduler', s_noise: 0.9 },
      's_noise',
      { sampler: 'euler-ancestral-flow' },
      flow,
    ],
    [{ ...LCM, original_inference_steps: 'few' }, 'original_inference_steps', lcm, {}],
    [{ ...LCM, timestep_scaling: 'ten' }, 'timestep_scaling', lcm],
    [{ ...DPM, solver_type: 'taylor' }, 'solver_type', dpm, third],
    [{ ...DDIM, snr: 3 }, 'no setting "snr"', {}],
    [{ ...DDIM, toString: null }, 'no setting "toString"', {}],
  ])('%j is refused', (config, mention, given, better) => {
    expect(() => read(config, given)).toThrow(refused(mention));
    if (better) expect(() => read(config, better)).not.toThrow();
  });

  test('of shifts by the size of the picture', () => {
    const flux = {
      ...FLOW,
      ...{ use_dynamic_shifting: true, base_shift: 0.4, max_shift: 1.2, shift_terminal: 0.1 },
      ...{ base_image_seq_len: 128, max_image_seq_len: 8192, time_shift_type: 'linear' },
    };
    const dynamic = {
      ...{ dynamicShift: true, baseShift: 0.4, maxShift: 1.2, shiftTerminal: 0.1 },
      ...{ baseTokens: 128, maxTokens: 8192, timeShift: 'linear', spacing: 'trailing' },
    };
    expect(read(flux, flow)).toMatchObject(dynamic);
    expect(read(flux, { ...flow, dynamicShift: false })).not.toHaveProperty('dynamicShift');
    expect(read(flux, { ...flow, spacing: 'linear' })).not.toHaveProperty('spacing');
    const still = read({ ...flux, use_dynamic_shifting: false }, flow);
    for (const key of ['dynamicShift', 'baseShift', 'baseTokens', 'timeShift'])
      expect(still).not.toHaveProperty(key);
    const settings = { config: flux, sampler: 'euler-flow', steps: 4 };
    expect(() => samplerOf(settings)).toThrow(
      expect.objectContaining({ code: 'SAMPLER_SHIFT_TOKENS' }),
    );
    expect(samplerOf({ ...settings, use: { tokens: 4096 } }).timesteps[0]).toBe(1000);
  });

  test('of published pipelines that no sampler here follows are refused by name', () => {
    const edm = { _class_name: 'EDMDPMSolverMultistepScheduler', sigma_data: 0.5, rho: 7 };
    expect(() => read(edm)).toThrow(refused('EDMDPMSolverMultistepScheduler'));
    for (const name of ['DDPMWuerstchenScheduler', 'CMStochasticIterativeScheduler'])
      expect(() => read({ _class_name: name })).toThrow(refused(name));
  });

  test('of Stable Video Diffusion, which is told logarithms of noise', () => {
    const svd = {
      ...EULER,
      ...{ interpolation_type: 'linear', prediction_type: 'v_prediction', sigma_max: 700 },
      ...{ timestep_type: 'continuous', use_karras_sigmas: true, timestep_spacing: 'leading' },
      sigma_min: 0.002,
    };
    expect(read(svd, euler)).toMatchObject({
      ...{ levels: 'karras', levelEnds: 'spaced', levelMin: 0.002, levelMax: 700 },
      timestepScale: 'log-sigma',
    });
    // whatever the sampler, since the model knows nothing else
    expect(read(svd)).toMatchObject({ timestepScale: 'log-sigma' });
    expect(read({ ...svd, prediction_type: 'epsilon' })).not.toHaveProperty('timestepScale');
  });
});

const PAGE = new URL('../../../docs/schedulers.md', import.meta.url);

/** Tables of docs/schedulers.md; UPDATE_SCHEDULERS=1 writes them. */
function page(text: string): string {
  const fields = Object.entries(FIELDS).map(([field, { says }]) => `| \`${field}\` | ${says} |`);
  const names = Object.entries(CLASSES);
  const read = names.filter(([name]) => isRead(name)).map(([name]) => `\`${name}\``);
  const list = (own: readonly string[], kind: FieldKind) =>
    own.filter((field) => FIELDS[field as Field].kind === kind).map((field) => `\`${field}\``);
  const byClass = names
    .filter(([name]) => isRead(name))
    .map(([name]) => {
      const own = Object.keys(SCHEDULERS[name as ReadName]);
      const cells = (['read', 'same', 'none'] as const).map((kind) => list(own, kind).join(', '));
      return `| \`${name}\` | ${cells.join(' | ')} |`;
    });
  const others = names
    .filter(([name]) => !isRead(name))
    .map(([name, why]) => `| \`${name}\` | ${why} |`);
  const parts: Record<string, string> = {
    classes: [
      '| class | read | refused but for the default | without effect |',
      '|---|---|---|---|',
      ...byClass,
    ].join('\n'),
    fields: ['| setting | what becomes of it |', '|---|---|', ...fields].join('\n'),
    read: `${read.join(', ')}.`,
    refused: ['| class | why not |', '|---|---|', ...others].join('\n'),
    version: `Classes, settings and defaults are those of diffusers ${DIFFUSERS}.`,
  };
  return text.replaceAll(
    /<!-- (\w+) -->\n.*?\n<!-- end -->/gs,
    (_, part: string) => `<!-- ${part} -->\n${parts[part]}\n<!-- end -->`,
  );
}

test('the page says what the sources do', () => {
  const text = fs.readFileSync(PAGE, 'utf8');
  if (process.env.UPDATE_SCHEDULERS) fs.writeFileSync(PAGE, page(text));
  else expect(text).toBe(page(text));
  for (const field of Object.keys(FIELDS) as Field[]) expect(FIELDS[field].says).toMatch(/\S/);
});
