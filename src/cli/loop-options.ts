/** Options of commands that run a denoising loop: the sampler, its noise schedule, guidance. */
import type { LoopGuidance } from '../calibrate/index.js';
import { guidanceIncomplete, spacingAndTimesteps } from '../errors/index.js';
import { type GuidancePair, PAIR_MODES, PAIR_ORDERS } from '../plan/index.js';
import {
  BETA_SCHEDULES,
  PREDICTIONS,
  SAMPLER_NAMES,
  TIMESTEP_SPACINGS,
  type TimestepSpacing,
  TRAIN_TIMESTEPS,
} from '../samplers/index.js';
import { number, readFeeds, texts, wholeNumber } from './arguments.js';
import type { Arguments } from './command.js';
import type { ChosenTimesteps } from './timesteps-file.js';

/** The spacing of the samplers themselves, where none is asked for. */
const SPACING = 'leading';

/** Which timesteps the loop visits. */
export const timestepOptions = {
  spacing: {
    choices: TIMESTEP_SPACINGS,
    describe: `Which timesteps are visited [default: ${SPACING}]`,
  },
  timesteps: {
    type: 'string',
    describe: 'timesteps.json with those to visit, as `stepfold timesteps` finds them',
  },
} as const;

export const samplerOptions = {
  sampler: { choices: SAMPLER_NAMES, default: 'ddim', describe: 'Sampler' },
  prediction: { choices: PREDICTIONS, describe: 'What the model predicts [default: epsilon]' },
  clip: {
    type: 'number',
    describe: 'Clamp predicted pixels to [-clip, clip]',
    check: number('clip'),
  },
  eta: {
    type: 'number',
    describe: 'Noise of DDIM, 0 to 1 [default: 0]',
    check: number('eta'),
  },
} as const;

export const noiseOptions = {
  betas: { choices: BETA_SCHEDULES, describe: 'Curve of the betas [default: linear]' },
  'beta-start': {
    type: 'number',
    describe: 'First beta [default: 0.0001]',
    check: number('beta-start'),
  },
  'beta-end': {
    type: 'number',
    describe: 'Last beta [default: 0.02]',
    check: number('beta-end'),
  },
  'train-timesteps': {
    type: 'number',
    describe: 'Timesteps in training [default: 1000]',
    check: wholeNumber('train-timesteps', 1),
  },
} as const;

/** How the two halves of guidance are made. */
export const pairOptions = {
  guidance: {
    choices: [...PAIR_ORDERS, 'none'],
    describe: 'Which half of a guidance pair comes first, if there is guidance',
  },
  'guidance-mode': {
    choices: PAIR_MODES,
    describe: 'Both halves in one batch, or two calls a step [default: batch]',
  },
} as const;

export const guidanceOptions = {
  ...pairOptions,
  'guidance-scale': {
    type: 'number',
    describe: 'Scale of classifier-free guidance; 1 is none',
    check: number('guidance-scale'),
  },
  unconditional: texts('Input of the unconditional half: context=empty.npy'),
} as const;

type SamplerArguments = Arguments<typeof samplerOptions & typeof noiseOptions>;

export const trainTimestepsOf = (args: Pick<SamplerArguments, 'trainTimesteps'>): number =>
  args.trainTimesteps ?? TRAIN_TIMESTEPS;

/**
 * Where a sampler goes: over a list of timesteps where there is one, else as the spacing says.
 * @param otherwise the spacing where none is given
 * @throws RUN_TIMESTEPS when both are given
 */
export function readSpacing(
  spacing: Arguments<typeof timestepOptions>['spacing'],
  chosen: ChosenTimesteps | undefined,
  otherwise: TimestepSpacing = SPACING,
) {
  if (!chosen) return { spacing: spacing ?? otherwise };
  if (spacing !== undefined) throw spacingAndTimesteps(chosen.origin);
  return { timesteps: chosen.timesteps };
}

/**
 * What a sampler is made with, but for its steps and where it goes; nothing where a default of its
 * own applies.
 */
export function readSamplerOptions(args: SamplerArguments) {
  const given = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
  return {
    prediction: args.prediction ?? 'epsilon',
    schedule: {
      betas: args.betas ?? 'linear',
      ...given('betaStart', args.betaStart),
      ...given('betaEnd', args.betaEnd),
      ...given('trainTimesteps', args.trainTimesteps),
    },
    ...given('clip', args.clip),
    ...given('eta', args.eta),
  };
}

/**
 * Guidance of a loop that a search runs. Its unconditional half may be made up.
 * @param made how the bundle does it; order and mode need not be said again
 * @throws CALIBRATE_GUIDANCE
 */
export async function readLoopGuidance(
  args: Arguments<typeof guidanceOptions>,
  made?: GuidancePair,
): Promise<LoopGuidance | undefined> {
  const { guidanceScale: scale } = args;
  const given = args.guidance ?? (scale === undefined ? undefined : made?.order) ?? 'none';
  const order = given as LoopGuidance['order'] | 'none';
  if (order === 'none') {
    if (scale !== undefined || args.unconditional) throw guidanceIncomplete('order');
    return undefined;
  }
  const mode = args.guidanceMode ?? made?.mode ?? 'batch';
  const unconditional = await readFeeds('unconditional', args.unconditional);
  return { order, mode, unconditional, ...(scale !== undefined && { scale }) };
}
