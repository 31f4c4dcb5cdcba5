/** Options of commands that run a denoising loop: the sampler, its noise schedule, guidance. */

import { guidanceIncomplete, spacingAndTimesteps } from '../errors/index.js';
import type { LoopGuidance } from '../evidence/calibrate/index.js';
import type { SchedulerSettings } from '../runtime/model-folder/index.js';
import {
  BETA_SCHEDULES,
  PREDICTIONS,
  SAMPLER_NAMES,
  TIMESTEP_SPACINGS,
  TRAIN_TIMESTEPS,
} from '../runtime/samplers/index.js';
import { type GuidancePair, PAIR_MODES, PAIR_ORDERS } from '../runtime/schedule/index.js';
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
  'zero-snr': {
    type: 'boolean',
    describe: 'Betas rescaled so that no signal is left at the last timestep [default: no]',
  },
  'snr-shift': {
    type: 'number',
    describe: 'Signal to noise divided by this: 3 or 1 for CogVideoX [default: 1]',
    check: number('snr-shift'),
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

/** What a pipeline's folder says of a loop beside what the command line can say. */
export type FolderLoop = Pick<
  SchedulerSettings,
  'spacing' | 'offset' | 'final' | 'noiseAfterClip' | 'lowerOrderFinal'
>;

/** Splits what a folder says into what stands for options that are left out, and the rest. */
export function splitSettings(settings: SchedulerSettings): {
  readonly noise: Omit<SchedulerSettings, keyof FolderLoop>;
  readonly folder: FolderLoop;
} {
  const { spacing, offset, final, noiseAfterClip, lowerOrderFinal, ...noise } = settings;
  return {
    noise,
    folder: Object.fromEntries(
      Object.entries({ spacing, offset, final, noiseAfterClip, lowerOrderFinal }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
  };
}

/**
 * Where a sampler goes: over a list of timesteps where there is one, else as the spacing says.
 * @param folder the spacing and its offset where none is given
 * @throws RUN_TIMESTEPS when both are given
 */
export function readSpacing(
  spacing: Arguments<typeof timestepOptions>['spacing'],
  chosen: ChosenTimesteps | undefined,
  folder: FolderLoop = {},
) {
  if (!chosen) {
    if (spacing !== undefined) return { spacing };
    const { offset } = folder;
    return { spacing: folder.spacing ?? SPACING, ...(offset !== undefined && { offset }) };
  }
  if (spacing !== undefined) throw spacingAndTimesteps(chosen.origin);
  return { timesteps: chosen.timesteps };
}

/**
 * What a sampler is made with, but for its steps and where it goes; nothing where a default of its
 * own applies.
 */
export function readSamplerOptions(args: SamplerArguments, folder: FolderLoop = {}) {
  const { spacing: _, offset: __, ...ending } = folder;
  const given = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
  return {
    prediction: args.prediction ?? 'epsilon',
    schedule: {
      betas: args.betas ?? 'linear',
      ...given('betaStart', args.betaStart),
      ...given('betaEnd', args.betaEnd),
      ...given('trainTimesteps', args.trainTimesteps),
      ...given('zeroSnr', args.zeroSnr),
      ...given('snrShift', args.snrShift),
    },
    ...given('clip', args.clip),
    ...given('eta', args.eta),
    ...ending,
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
