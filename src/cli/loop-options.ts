/** Options of commands that run a denoising loop: the sampler, its noise schedule, guidance. */
import { PAIR_MODES, PAIR_ORDERS } from '../plan/index.js';
import {
  BETA_SCHEDULES,
  PREDICTIONS,
  SAMPLER_NAMES,
  TIMESTEP_SPACINGS,
} from '../samplers/index.js';
import { number, texts, wholeNumber } from './arguments.js';
import type { Arguments } from './command.js';

export const samplerOptions = {
  sampler: { choices: SAMPLER_NAMES, default: 'ddim', describe: 'Sampler' },
  spacing: {
    choices: TIMESTEP_SPACINGS,
    default: 'leading',
    describe: 'Which timesteps are visited',
  },
  prediction: { choices: PREDICTIONS, default: 'epsilon', describe: 'What the model predicts' },
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
  betas: { choices: BETA_SCHEDULES, default: 'linear', describe: 'Curve of the betas' },
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

/** What a sampler is made with, but for its steps; nothing where a default of its own applies. */
export function readSamplerOptions(args: Arguments<typeof samplerOptions & typeof noiseOptions>) {
  const given = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
  return {
    spacing: args.spacing,
    prediction: args.prediction,
    schedule: {
      betas: args.betas,
      ...given('betaStart', args.betaStart),
      ...given('betaEnd', args.betaEnd),
      ...given('trainTimesteps', args.trainTimesteps),
    },
    ...given('clip', args.clip),
    ...given('eta', args.eta),
  };
}
