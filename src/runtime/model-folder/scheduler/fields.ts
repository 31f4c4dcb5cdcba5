/**
 * What becomes of each setting of a scheduler: it is read, it is known to mean nothing here, or it is
 * refused. The noise schedule and what the model predicts are the file's; where the steps lie and how they
 * end are as in the class of diffusers that is the sampler here (same-as.ts) when it is made from the same
 * file.
 */
import type { BetaSchedule, Prediction, TimestepSpacing } from '../../samplers/index.js';
import {
  choice,
  type Field,
  type FieldRule,
  flag,
  hasOption,
  none,
  number,
  placing,
  refusedTrue,
  shown,
} from './rules.js';
import type { SchedulerSettings } from './settings.js';

const BETAS: Readonly<Record<string, BetaSchedule>> = {
  linear: 'linear',
  scaled_linear: 'scaled_linear',
  squaredcos_cap_v2: 'cosine',
};
const PREDICTIONS: Readonly<Record<string, Prediction>> = {
  epsilon: 'epsilon',
  v_prediction: 'v',
  sample: 'sample',
};
const SPACINGS: Readonly<Record<string, TimestepSpacing>> = {
  linspace: 'linear',
  leading: 'leading',
  trailing: 'trailing',
};

/** What UniPC makes of the word of another solver in its place. */
const SOLVER_TYPES: Readonly<Record<string, NonNullable<SchedulerSettings['solverType']>>> = {
  bh1: 'bh1',
  bh2: 'bh2',
  midpoint: 'bh2',
  heun: 'bh2',
  logrho: 'bh2',
};
const SOLVER = none('of a solver that is not run');

const FLOW = 'without effect, as it belongs to `use_flow_sigmas`, which is refused';
/** Classes whose own step does not clip, whatever their file says. */
const NEVER_CLIP: readonly string[] = ['CogVideoXDDIMScheduler', 'CogVideoXDPMScheduler'];

export const FIELDS: Readonly<Record<Field, FieldRule>> = {
  num_train_timesteps: number('trainTimesteps', 'train-timesteps'),
  beta_start: number('betaStart', 'beta-start'),
  beta_end: number('betaEnd', 'beta-end'),
  beta_schedule: choice('betas', 'betas', BETAS),
  trained_betas: {
    says: 'without effect where null or beside `--betas`, `--beta-start` or `--beta-end`, else refused: no list of betas is read',
    mean: (value, { given }) =>
      value === null || (given.betas ?? given.betaStart ?? given.betaEnd) !== undefined
        ? {}
        : 'lists the betas one by one',
  },
  rescale_betas_zero_snr: {
    says: 'read (`--zero-snr`)',
    mean: flag((value, { given }) =>
      given.zeroSnr === undefined && value ? { zeroSnr: value } : {},
    ),
  },
  snr_shift_scale: {
    says: 'read (`--snr-shift`)',
    mean(value, { given }) {
      if (given.snrShift !== undefined || value === 1) return {};
      return typeof value === 'number' ? { snrShift: value } : `is ${shown(value)}, not a number`;
    },
  },
  prediction_type: choice('prediction', 'prediction', PREDICTIONS),
  predict_epsilon: {
    says: 'read (`--prediction`): what old files have in place of `prediction_type`',
    mean: flag((value, { given }) =>
      given.prediction === undefined && !value ? { prediction: 'sample' } : {},
    ),
  },
  tensor_format: none('old files have it'),

  timestep_spacing: {
    says: 'read (`--spacing`): linspace, leading, trailing; any other is refused. Without effect beside `--timesteps`',
    mean(value, context) {
      if (context.given.timesteps) return {};
      return choice('spacing', 'spacing', SPACINGS).mean!(value, context);
    },
  },
  steps_offset: {
    says: 'read with `leading` spacing, where the command line does not say where the steps lie; without effect with any other, as in diffusers',
    mean(value, { given, other }) {
      if (!Number.isInteger(value)) return `is ${shown(value)}, not a whole number`;
      const said = given.spacing ?? given.timesteps;
      const leading = other('timestep_spacing') === 'leading';
      return said === undefined && leading && value !== 0 ? { offset: value as number } : {};
    },
  },
  set_alpha_to_one: {
    says: 'read with DDIM: where false, the last step leaves the noise of training timestep 0',
    mean: flag((value, { own }) => (own('set_alpha_to_one') && !value ? { final: 'first' } : {})),
  },
  final_sigmas_type: {
    says: 'read with Euler, DPM-Solver++ and UniPC: zero, or sigma_min for the noise of training timestep 0; any other is refused. DEIS leaves the latter, as in diffusers',
    mean(value, { own }) {
      if (value !== 'zero' && value !== 'sigma_min')
        return `is ${shown(value)}, not one of zero, sigma_min`;
      return value === 'sigma_min' && own('final_sigmas_type') ? { final: 'first' } : {};
    },
  },
  clip_sample: {
    says: 'read with DDIM (`--clip`, by `clip_sample_range`): the noise stays as predicted, as in diffusers. Without effect in the files of CogVideoX, whose own step does not clip',
    mean: flag((value, { own, given, scheduler, other }) => {
      if (!value || !own('clip_sample') || given.clip !== undefined) return {};
      if (NEVER_CLIP.includes(scheduler)) return {};
      const range = other('clip_sample_range') ?? 1;
      if (typeof range !== 'number' || !(range > 0))
        return `is true, but clip_sample_range is ${shown(range)}, not a number above 0`;
      return { clip: range, noiseAfterClip: 'predicted' };
    }),
  },
  clip_sample_range: { says: 'read with `clip_sample`' },
  thresholding: {
    says: 'without effect where false, with Euler, or beside `--clip`; else refused: dynamic thresholding clips each picture by its own largest values',
    mean: flag((value, { own, given }) =>
      value && own('thresholding') && given.clip === undefined
        ? 'is true, and dynamic thresholding is not known here; say --clip to clip by a fixed value'
        : {},
    ),
  },
  dynamic_thresholding_ratio: none('it belongs to `thresholding`'),
  sample_max_value: none('it belongs to `thresholding`'),

  use_karras_sigmas: placing('use_karras_sigmas', 'as Karras et al. do'),
  use_exponential_sigmas: placing('use_exponential_sigmas', 'along an exponential'),
  use_beta_sigmas: placing('use_beta_sigmas', 'along a beta distribution'),
  use_lu_lambdas: placing('use_lu_lambdas', 'as Lu et al. do'),
  sigma_min: none('of ways to place steps that are refused'),
  sigma_max: none('of ways to place steps that are refused'),
  interpolation_type: {
    says: 'without effect where linear, with other samplers than Euler, or beside `--spacing` or `--timesteps`; else refused',
    mean: (value, { own, given }) =>
      value === 'linear' || !own('interpolation_type') || given.spacing || given.timesteps
        ? {}
        : `is ${shown(value)}, which places noise levels apart from their timesteps; say where the steps lie with --spacing or --timesteps`,
  },
  timestep_type: {
    says: 'without effect where discrete, else refused: the denoiser is told noise levels in place of timesteps',
    mean: (value) =>
      value === 'discrete' ? {} : `is ${shown(value)}: the denoiser is told no training timesteps`,
  },
  lambda_min_clipped: {
    says: 'without effect where negative infinity, with other samplers than DPM-Solver++, or beside `--timesteps`; else refused: it leaves out the noisiest timesteps',
    mean: (value, { own, given }) =>
      value === Number.NEGATIVE_INFINITY || !own('lambda_min_clipped') || given.timesteps
        ? {}
        : `is ${shown(value)}, which leaves out the noisiest timesteps; say which are visited with --timesteps`,
  },
  use_flow_sigmas: refusedTrue('the model follows flow matching'),
  flow_shift: { says: FLOW },
  shift: number('shift', 'shift'),
  shift_terminal: {
    says: 'without effect where null, or where it belongs to `use_flow_sigmas`; else refused: levels are stretched to it',
    mean: (value, { own }) =>
      value === null || !own('shift_terminal') || !own('shift')
        ? {}
        : `is ${shown(value)}, to which noise levels are stretched`,
  },
  use_dynamic_shifting: refusedTrue('the shift depends on the size of the picture'),
  time_shift_type: none('of shifts that depend on the size of the picture'),
  base_shift: none('of shifts that depend on the size of the picture'),
  max_shift: none('of shifts that depend on the size of the picture'),
  base_image_seq_len: none('of shifts that depend on the size of the picture'),
  max_image_seq_len: none('of shifts that depend on the size of the picture'),
  invert_sigmas: refusedTrue('noise levels go up'),
  stochastic_sampling: refusedTrue('each step draws fresh noise'),

  lower_order_final: {
    says: 'read with DPM-Solver++, UniPC and DEIS: whether the last steps are of lower order; with all but UniPC only where there are fewer than 15, and with DPM-Solver++ only where the last leaves noise',
    mean: flag((value, { own }) =>
      own('lower_order_final') && !value ? { lowerOrderFinal: false } : {},
    ),
  },
  euler_at_final: {
    says: 'read with DPM-Solver++(2M): whether it is so in any case. With (3M) without effect where false or the last step leaves no noise, else refused',
    mean: flag((value, { sampler, own, other }) => {
      if (!own('euler_at_final') || !value) return {};
      if (sampler === 'dpm++2m') return { lowerOrderFinal: true };
      return other('final_sigmas_type') === 'zero'
        ? {}
        : 'is true, which leaves the step before the last as it is; no sampler of third order here does so';
    }),
  },
  solver_order: {
    says: 'read with UniPC and DEIS (`--order`); without effect with DPM-Solver++, which has it in its name',
    mean: (value, context) =>
      hasOption(context, 'order') ? number('order', 'order').mean!(value, context) : {},
  },
  solver_type: {
    says: 'read with UniPC: bh1, bh2, and what other solvers have for bh2, as in diffusers; any other is refused',
    mean(value, context) {
      if (!hasOption(context, 'solverType')) return {};
      const name = String(value);
      return Object.hasOwn(SOLVER_TYPES, name)
        ? { solverType: SOLVER_TYPES[name]! }
        : `is ${shown(value)}, not one of ${Object.keys(SOLVER_TYPES).join(', ')}`;
    },
  },
  predict_x0: {
    says: 'read with UniPC: whether clean latents are extrapolated, or else the noise',
    mean: flag((value, { own }) => (own('predict_x0') && !value ? { predictX0: false } : {})),
  },
  disable_corrector: {
    says: 'read with UniPC: steps that are not corrected',
    mean(value, { own }) {
      if (!own('disable_corrector')) return {};
      if (!Array.isArray(value) || !value.every((step) => Number.isSafeInteger(step) && step >= 0))
        return `is ${shown(value)}, not a list of steps`;
      return value.length > 0 ? { disableCorrector: value } : {};
    },
  },
  solver_p: {
    says: 'without effect where null or with other samplers than UniPC, else refused: another scheduler predicts',
    mean: (value, { own }) =>
      value === null || !own('solver_p') ? {} : 'names a scheduler that predicts in place of UniP',
  },
  variance_type: none(
    'a learned variance is left out, and a fixed one is that of fresh noise, which `--eta` says',
  ),
  skip_prk_steps: SOLVER,
  algorithm_type: SOLVER,
  predictor_order: SOLVER,
  corrector_order: SOLVER,
  tau_func: SOLVER,
  noise_sampler_seed: SOLVER,
};
