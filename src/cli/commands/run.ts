/** `stepfold run`: a whole denoising loop, from noise to images. */
import type { Argv } from 'yargs';
import {
  BETA_SCHEDULES,
  GUIDANCE_MODES,
  GUIDANCE_ORDERS,
  PREDICTIONS,
  SAMPLER_NAMES,
  TIMESTEP_SPACINGS,
} from '../../samplers/index.js';
import { jsonOption, number, roleOptions, seedOption, texts, wholeNumber } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';

export const command = 'run <bundle>';
export const describe = 'Run a denoising loop on a bundle, or on a plain model';

const positionals = {
  bundle: {
    type: 'string',
    demandOption: true,
    describe: 'Folder of the bundle, or an ONNX file to run every call in full',
  },
} as const;

const sampling = {
  sampler: { choices: SAMPLER_NAMES, default: 'ddim', describe: 'Sampler' },
  steps: {
    type: 'number',
    default: 50,
    describe: 'Steps of the sampler',
    check: wholeNumber('steps', 1),
  },
  ...seedOption('the noise'),
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

const noise = {
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

const inputs = {
  feed: texts('Input from a file: context=context.npy; others are made up'),
  'latent-shape': {
    type: 'string',
    describe: 'Shape of the latent: 4x1x16x16 [default: from the model and the feeds]',
  },
  ...roleOptions,
} as const;

const guidance = {
  guidance: {
    type: 'number',
    describe: 'Scale of classifier-free guidance; 1 is none',
    check: number('guidance'),
  },
  'guidance-order': { choices: GUIDANCE_ORDERS, describe: 'Which half comes first' },
  'guidance-mode': {
    choices: GUIDANCE_MODES,
    default: 'batch',
    describe: 'Both halves in one batch, or two calls a step',
  },
  unconditional: texts('Input of the unconditional half: context=empty.npy'),
} as const;

const output = {
  output: {
    alias: 'o',
    type: 'string',
    demandOption: true,
    describe: 'Folder for samples.npy and, where they are pictures, samples.png',
  },
  worker: { type: 'boolean', default: false, describe: 'Run the models in a worker thread' },
  ...jsonOption,
} as const;

export const options = { ...sampling, ...noise, ...inputs, ...guidance, ...output } as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('bundle', positionals.bundle), options)
    .group(Object.keys(sampling), 'Sampling:')
    .group(Object.keys(noise), 'Noise schedule of the training:')
    .group(Object.keys(inputs), 'Inputs:')
    .group(Object.keys(guidance), 'Guidance:')
    .epilogue(
      examples(
        ['Noise to images', 'stepfold run bundle --sampler ddim --steps 50 --seed 7 -o out'],
        [
          'With classifier-free guidance',
          'stepfold run bundle -o out --feed class_labels=labels.npy \\\n  --guidance 2 --guidance-order unconditional-first \\\n  --unconditional class_labels=null.npy',
        ],
      ),
    );

export type RunArguments = Arguments<typeof positionals & typeof options>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: RunArguments): Promise<void> =>
  (await import('../actions/run.js')).run(args);
