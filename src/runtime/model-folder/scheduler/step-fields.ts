/** Settings of the steps themselves: as in the class of diffusers that is the sampler (same-as.ts). */
import type { SecondOrder, UnipcType } from '../../samplers/index.js';
import { type Field, type FieldRule, flag, hasOption, none, number, shown } from './rules.js';

/** What UniPC makes of the word of another solver in its place. */
const SOLVER_TYPES: Readonly<Record<string, UnipcType>> = {
  bh1: 'bh1',
  bh2: 'bh2',
  midpoint: 'bh2',
  heun: 'bh2',
  logrho: 'bh2',
};
/** And what DPM-Solver++ makes of it. */
const SECOND_ORDERS: Readonly<Record<string, SecondOrder>> = {
  midpoint: 'midpoint',
  heun: 'heun',
  logrho: 'midpoint',
  bh1: 'midpoint',
  bh2: 'midpoint',
};
const SOLVER = none('of a solver that is not run');

/** Classes whose own step does not clip, whatever their file says. */
const NEVER_CLIP: readonly string[] = ['CogVideoXDDIMScheduler', 'CogVideoXDPMScheduler'];

export const STEP_FIELDS = {
  set_alpha_to_one: {
    kind: 'read',
    says: 'read with DDIM and PLMS: where false, the last step leaves the noise of training timestep 0',
    mean: flag((value, { own, sampler }) =>
      own('set_alpha_to_one') && sampler !== 'lcm' && !value ? { final: 'first' } : {},
    ),
  },
  final_sigmas_type: {
    kind: 'read',
    says: 'read with Euler, DPM-Solver++ and UniPC: zero, or sigma_min for the noise of training timestep 0; any other is refused. DEIS leaves the latter, as in diffusers',
    mean(value, { own, isFlow }) {
      if (value !== 'zero' && value !== 'sigma_min')
        return `is ${shown(value)}, not one of zero, sigma_min`;
      if (value === 'sigma_min' && isFlow)
        return 'is "sigma_min" beside flow matching, where no sampler here leaves noise';
      return value === 'sigma_min' && own('final_sigmas_type') ? { final: 'first' } : {};
    },
  },
  clip_sample: {
    kind: 'read',
    says: 'read with DDIM, Heun and LCM (`--clip`, by `clip_sample_range`): with DDIM the noise stays as predicted, as in diffusers. Without effect in the files of CogVideoX, whose own step does not clip',
    mean: flag((value, context) => {
      const { own, given, scheduler, other } = context;
      if (!value || !own('clip_sample') || given.clip !== undefined) return {};
      if (NEVER_CLIP.includes(scheduler)) return {};
      const range = other('clip_sample_range') ?? 1;
      if (typeof range !== 'number' || !(range > 0))
        return `is true, but clip_sample_range is ${shown(range)}, not a number above 0`;
      return {
        clip: range,
        ...(hasOption(context, 'noiseAfterClip') && { noiseAfterClip: 'predicted' }),
      };
    }),
  },
  clip_sample_range: { kind: 'read', says: 'read with `clip_sample`' },
  thresholding: {
    kind: 'same',
    says: 'without effect where false, with Euler, or beside `--clip`; else refused: dynamic thresholding clips each picture by its own largest values',
    mean: flag((value, { own, given }) =>
      value && own('thresholding') && given.clip === undefined
        ? 'is true, and dynamic thresholding is not known here; say --clip to clip by a fixed value'
        : {},
    ),
  },
  dynamic_thresholding_ratio: none('it belongs to `thresholding`'),
  sample_max_value: none('it belongs to `thresholding`'),

  lower_order_final: {
    kind: 'read',
    says: 'read with DPM-Solver++, UniPC and DEIS: whether the last steps are of lower order; with all but UniPC only where there are fewer than 15, and with DPM-Solver++ only where the last leaves noise',
    mean: flag((value, { own }) =>
      own('lower_order_final') && !value ? { lowerOrderFinal: false } : {},
    ),
  },
  euler_at_final: {
    kind: 'read',
    says: 'read with DPM-Solver++(2M): whether it is so in any case. With (3M) without effect where false or the last step leaves no noise, else refused',
    mean: flag((value, { sampler, own, other }) => {
      if (!own('euler_at_final') || !value) return {};
      if (sampler === 'dpm++2m' || sampler === 'dpm++2m-sde') return { lowerOrderFinal: true };
      return other('final_sigmas_type') === 'zero'
        ? {}
        : 'is true, which leaves the step before the last as it is; no sampler of third order here does so';
    }),
  },
  solver_order: {
    kind: 'read',
    says: 'read with UniPC and DEIS (`--order`); without effect with DPM-Solver++, which has it in its name',
    mean: (value, context) =>
      hasOption(context, 'order') ? number('order', 'order').mean!(value, context) : {},
  },
  solver_type: {
    kind: 'read',
    says: 'read with UniPC (bh1, bh2) and DPM-Solver++(2M) (midpoint, heun), and the word of one by the other, as in diffusers; any other is refused',
    mean(value, context) {
      const name = String(value);
      const isKnown = Object.hasOwn(SOLVER_TYPES, name);
      if (isKnown && hasOption(context, 'solverType')) return { solverType: SOLVER_TYPES[name]! };
      if (isKnown && hasOption(context, 'secondOrder'))
        return SECOND_ORDERS[name] === 'heun' ? { secondOrder: 'heun' } : {};
      return isKnown || !(hasOption(context, 'solverType') || hasOption(context, 'secondOrder'))
        ? {}
        : `is ${shown(value)}, not one of ${Object.keys(SOLVER_TYPES).join(', ')}`;
    },
  },
  predict_x0: {
    kind: 'read',
    says: 'read with UniPC: whether clean latents are extrapolated, or else the noise',
    mean: flag((value, { own }) => (own('predict_x0') && !value ? { predictX0: false } : {})),
  },
  disable_corrector: {
    kind: 'read',
    says: 'read with UniPC: steps that are not corrected',
    mean(value, { own }) {
      if (!own('disable_corrector')) return {};
      if (!Array.isArray(value) || !value.every((step) => Number.isSafeInteger(step) && step >= 0))
        return `is ${shown(value)}, not a list of steps`;
      return value.length > 0 ? { disableCorrector: value } : {};
    },
  },
  solver_p: {
    kind: 'same',
    says: 'without effect where null or with other samplers than UniPC, else refused: another scheduler predicts',
    mean: (value, { own }) =>
      value === null || !own('solver_p') ? {} : 'names a scheduler that predicts in place of UniP',
  },
  variance_type: none(
    'a learned variance is left out, and a fixed one is that of fresh noise, which `--eta` says',
  ),
  skip_prk_steps: {
    kind: 'same',
    says: 'without effect where true, or with other samplers than PLMS; else refused: its first steps would be of Runge and Kutta’s method',
    mean: flag((value, { own }) =>
      value || !own('skip_prk_steps')
        ? {}
        : 'is false: the first steps of PNDM are of Runge and Kutta’s method, which no sampler here makes',
    ),
  },
  stochastic_sampling: {
    kind: 'read',
    says: 'without effect where false or with LCM of flow matching, which draws fresh noise at each step as it says; else refused',
    mean: flag((value, { sampler }) =>
      value && sampler !== 'lcm-flow'
        ? 'is true: each step draws fresh noise, as --sampler lcm-flow does'
        : {},
    ),
  },
  eta: {
    kind: 'read',
    says: 'read with Euler ancestral of flow matching (`--eta`)',
    mean: (value, context) =>
      context.sampler === 'euler-ancestral-flow' ? number('eta', 'eta').mean!(value, context) : {},
  },
  s_noise: {
    kind: 'same',
    says: 'without effect where 1, or with samplers that draw no noise; else refused: noise is scaled',
    mean: (value, { sampler }) =>
      value === 1 || sampler !== 'euler-ancestral-flow'
        ? {}
        : `is ${shown(value)}, by which noise would be scaled`,
  },
  timestep_scaling: {
    kind: 'read',
    says: 'read with LCM',
    mean: (value, context) =>
      hasOption(context, 'boundaryScale')
        ? number('boundaryScale', undefined).mean!(value, context)
        : {},
  },
  scale_factors: {
    kind: 'same',
    says: 'without effect where null, or with other samplers than LCM of flow matching; else refused: pictures grow from step to step',
    mean: (value, { sampler }) =>
      value === null || sampler !== 'lcm-flow' ? {} : 'makes pictures grow from step to step',
  },
  upscale_mode: none('it belongs to `scale_factors`'),
  algorithm_type: none('`--sampler` says which solver is run'),
  predictor_order: SOLVER,
  corrector_order: SOLVER,
  tau_func: SOLVER,
  noise_sampler_seed: SOLVER,
} as const satisfies Partial<Record<Field, FieldRule>>;
