/** Settings that say what noise the denoiser was trained with, and what it predicts: the file's, whatever the sampler. */
import type { BetaSchedule, Prediction, TimeShift } from '../../samplers/index.js';
import {
  choice,
  type Field,
  type FieldRule,
  flag,
  none,
  number,
  refusedTrue,
  shown,
} from './rules.js';
import { alongFlow } from './same-as.js';

const BETAS: Readonly<Record<string, BetaSchedule>> = {
  linear: 'linear',
  scaled_linear: 'scaled_linear',
  squaredcos_cap_v2: 'cosine',
};
const PREDICTIONS: Readonly<Record<string, Prediction>> = {
  epsilon: 'epsilon',
  v_prediction: 'v',
  sample: 'sample',
  flow_prediction: 'flow',
};
const TIME_SHIFTS: Readonly<Record<string, TimeShift>> = {
  exponential: 'exponential',
  linear: 'linear',
};

/** Of a schedule of betas: nothing where the model follows flow matching. */
const ofBetas = (rule: FieldRule): FieldRule => ({
  ...rule,
  mean: (value, context) => (context.isFlow ? {} : rule.mean!(value, context)),
});

/** Of shifts by the size of the picture: only where the model follows flow matching and the file says so. */
const ofDynamicShift = (rule: FieldRule): FieldRule => ({
  ...rule,
  says: `${rule.says}, with \`use_dynamic_shifting\``,
  mean: (value, context) =>
    value !== null && context.isFlow && context.other('use_dynamic_shifting') === true
      ? rule.mean!(value, context)
      : {},
});

export const NOISE_FIELDS = {
  num_train_timesteps: number('trainTimesteps', 'train-timesteps'),
  beta_start: ofBetas(number('betaStart', 'beta-start')),
  beta_end: ofBetas(number('betaEnd', 'beta-end')),
  beta_schedule: ofBetas(choice('betas', 'betas', BETAS)),
  trained_betas: ofBetas({
    kind: 'same',
    says: 'without effect where null or beside `--betas`, `--beta-start` or `--beta-end`, else refused: no list of betas is read',
    mean: (value, { given }) =>
      value === null || (given.betas ?? given.betaStart ?? given.betaEnd) !== undefined
        ? {}
        : 'lists the betas one by one',
  }),
  rescale_betas_zero_snr: ofBetas({
    kind: 'read',
    says: 'read (`--zero-snr`)',
    mean: flag((value, { given }) =>
      given.zeroSnr === undefined && value ? { zeroSnr: value } : {},
    ),
  }),
  snr_shift_scale: ofBetas({
    kind: 'read',
    says: 'read (`--snr-shift`)',
    mean(value, { given }) {
      if (given.snrShift !== undefined || value === 1) return {};
      return typeof value === 'number' ? { snrShift: value } : `is ${shown(value)}, not a number`;
    },
  }),
  prediction_type: choice('prediction', 'prediction', PREDICTIONS),
  predict_epsilon: {
    kind: 'read',
    says: 'read (`--prediction`): what old files have in place of `prediction_type`',
    mean: flag((value, { given }) =>
      given.prediction === undefined && !value ? { prediction: 'sample' } : {},
    ),
  },
  tensor_format: none('old files have it'),

  timestep_type: {
    kind: 'read',
    says: 'read (`--timestep-scale`): where continuous and the model predicts v, it is told log-sigma, as in diffusers',
    mean(value, { given, other }) {
      if (value !== 'discrete' && value !== 'continuous')
        return `is ${shown(value)}, not one of discrete, continuous`;
      if (value === 'discrete' || given.timestepScale !== undefined) return {};
      return other('prediction_type') === 'v_prediction' ? { timestepScale: 'log-sigma' } : {};
    },
  },

  use_flow_sigmas: {
    kind: 'read',
    says: 'read: where true, the model follows flow matching, and UniPC and DPM-Solver++ place their steps along that and tell whole timesteps, as in diffusers',
    mean: flag(() => ({})),
  },
  flow_shift: {
    kind: 'read',
    says: 'read (`--shift`) with `use_flow_sigmas`, unless a dynamic shift is in its place',
    mean: (value, context) =>
      context.other('use_flow_sigmas') === true
        ? number('shift', 'shift').mean!(value, context)
        : {},
  },
  shift: number('shift', 'shift'),
  shift_terminal: {
    kind: 'read',
    says: 'read (`--shift-terminal`) where the model follows flow matching; null or 0 say nothing',
    mean(value, { isFlow, own, given }) {
      if (!value || !isFlow || !own('shift_terminal') || given.shiftTerminal !== undefined)
        return {};
      return typeof value === 'number'
        ? { shiftTerminal: value }
        : `is ${shown(value)}, not a number`;
    },
  },
  use_dynamic_shifting: {
    kind: 'read',
    says: 'read (`--dynamic-shift`) where the model follows flow matching; the size of the picture comes with `--tokens`, and steps are spaced as pipelines do then, trailing',
    mean: flag((value, { isFlow, given, sampler }) => {
      if (!value || !isFlow || given.dynamicShift === false) return {};
      const placed = given.spacing ?? given.timesteps;
      return {
        dynamicShift: true,
        ...(placed === undefined && !alongFlow(sampler) && { spacing: 'trailing' }),
      };
    }),
  },
  time_shift_type: ofDynamicShift(choice('timeShift', 'time-shift', TIME_SHIFTS)),
  base_shift: ofDynamicShift(number('baseShift', undefined)),
  max_shift: ofDynamicShift(number('maxShift', undefined)),
  base_image_seq_len: ofDynamicShift(number('baseTokens', undefined)),
  max_image_seq_len: ofDynamicShift(number('maxTokens', undefined)),
  invert_sigmas: refusedTrue('noise levels go up'),
} as const satisfies Partial<Record<Field, FieldRule>>;
