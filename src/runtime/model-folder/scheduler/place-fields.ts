/** Settings that say where the steps lie: as in the class of diffusers that is the sampler (same-as.ts). */
import type { Levels, TimestepSpacing } from '../../samplers/index.js';
import {
  choice,
  type Field,
  type FieldContext,
  type FieldRule,
  flag,
  isPlaced,
  number,
  shown,
} from './rules.js';

const SPACINGS: Readonly<Record<string, TimestepSpacing>> = {
  linspace: 'linear',
  leading: 'leading',
  trailing: 'trailing',
};

/** Settings of ways to place noise levels. Only one of them may be true. */
const WAYS = {
  use_karras_sigmas: 'karras',
  use_exponential_sigmas: 'exponential',
  use_beta_sigmas: 'beta',
  // of rho 1, which is all there is in diffusers
  use_lu_lambdas: 'exponential',
} as const satisfies Partial<Record<Field, Levels>>;
type Way = keyof typeof WAYS;
const WAY_NAMES = Object.keys(WAYS) as Way[];

/** Classes that place levels over the whole training range, and not over what their spacing leaves of it. */
const isOverTraining = ({ sampler }: FieldContext) =>
  sampler.startsWith('dpm') || sampler === 'unipc' || sampler === 'deis';

/** Of these, those whose timesteps are rounded to the nearest whole one, and not down. */
const isRounded = ({ sampler, other }: FieldContext, way: Way) => {
  if (way === 'use_karras_sigmas' && !sampler.startsWith('dpm')) return true;
  const rounds = way === 'use_karras_sigmas' || way === 'use_lu_lambdas';
  return rounds && other('beta_schedule') !== 'squaredcos_cap_v2';
};

const placing = (field: Way, where: string): FieldRule => ({
  kind: 'read',
  says: `read (\`--levels ${WAYS[field]}\`) with samplers that have it: noise levels are placed ${where}, with Euler’s and Heun’s methods between those of the spacing. Without effect beside \`--levels\`, \`--spacing\` or \`--timesteps\``,
  mean: flag((value, context) => {
    const { given, own, other, isFlow } = context;
    if (!value || !own(field) || isPlaced(given)) return {};
    const another = WAY_NAMES.find((way) => way !== field && own(way) && other(way) === true);
    if (another) return `is true, and so is ${another}: only one of them can be`;
    const levels = WAYS[field];
    if (!isOverTraining(context)) return { levels, levelEnds: 'spaced' };
    if (isFlow) return 'is true beside use_flow_sigmas, which no sampler here does';
    return isRounded(context, field)
      ? { levels }
      : {
          levels,
          fractionalTimesteps: true,
          ...(given.timestepScale === undefined && { timestepScale: 'whole' }),
        };
  }),
});

const end = (to: 'levelMin' | 'levelMax'): FieldRule => {
  const rule = number(to, undefined);
  return {
    ...rule,
    says: 'read with Euler where noise levels are placed: the end of them',
    mean(value, context) {
      const { own, other, given } = context;
      if (value === null || !own(to === 'levelMin' ? 'sigma_min' : 'sigma_max')) return {};
      const isUsed = WAY_NAMES.some((way) => own(way) && other(way) === true);
      return isUsed && !isPlaced(given) ? rule.mean!(value, context) : {};
    },
  };
};

export const PLACE_FIELDS = {
  timestep_spacing: {
    kind: 'read',
    says: 'read (`--spacing`): linspace, leading, trailing; any other is refused. Without effect beside `--timesteps`, with LCM, which has its own, and along flow matching',
    mean(value, context) {
      const { given, sampler, isFlow } = context;
      if (given.timesteps || sampler === 'lcm' || isFlow) return {};
      return choice('spacing', 'spacing', SPACINGS).mean!(value, context);
    },
  },
  steps_offset: {
    kind: 'read',
    says: 'read with `leading` spacing, where the command line does not say where the steps lie; without effect with any other, as in diffusers',
    mean(value, { given, other, sampler, isFlow }) {
      if (!Number.isInteger(value)) return `is ${shown(value)}, not a whole number`;
      const said = given.spacing ?? given.timesteps;
      const leading = other('timestep_spacing') === 'leading' && sampler !== 'lcm' && !isFlow;
      return said === undefined && leading && value !== 0 ? { offset: value as number } : {};
    },
  },
  original_inference_steps: {
    ...number('distilledSteps', 'distilled-steps'),
    says: 'read with LCM (`--distilled-steps`)',
    mean: (value, context) =>
      context.sampler === 'lcm'
        ? number('distilledSteps', 'distilled-steps').mean!(value, context)
        : {},
  },
  use_karras_sigmas: placing('use_karras_sigmas', 'as Karras et al. do'),
  use_exponential_sigmas: placing('use_exponential_sigmas', 'along an exponential'),
  use_beta_sigmas: placing('use_beta_sigmas', 'along a beta distribution'),
  use_lu_lambdas: placing('use_lu_lambdas', 'along an exponential'),
  sigma_min: end('levelMin'),
  sigma_max: end('levelMax'),
  interpolation_type: {
    kind: 'same',
    says: 'without effect where linear, with other samplers than Euler, or beside `--levels`, `--spacing` or `--timesteps`; else refused',
    mean: (value, { own, given }) =>
      value === 'linear' || !own('interpolation_type') || isPlaced(given)
        ? {}
        : `is ${shown(value)}, which places noise levels apart from their timesteps; say where the steps lie with --spacing or --timesteps`,
  },
  lambda_min_clipped: {
    kind: 'same',
    says: 'without effect where negative infinity, with other samplers than DPM-Solver++, or beside `--timesteps`; else refused: it leaves out the noisiest timesteps',
    mean: (value, { own, given }) =>
      value === Number.NEGATIVE_INFINITY || !own('lambda_min_clipped') || given.timesteps
        ? {}
        : `is ${shown(value)}, which leaves out the noisiest timesteps; say which are visited with --timesteps`,
  },
} as const satisfies Partial<Record<Field, FieldRule>>;
