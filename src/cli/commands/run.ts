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
import { jsonOption, roleOptions } from '../arguments.js';
import type { Arguments } from '../command.js';

export const command = 'run <bundle>';
export const describe = 'Run a denoising loop on a bundle, or on a plain model';

export const builder = (yargs: Argv) =>
  yargs
    .positional('bundle', {
      type: 'string',
      demandOption: true,
      describe: 'Folder of the bundle, or an ONNX file to run every call in full',
    })
    .options({
      output: {
        alias: 'o',
        type: 'string',
        demandOption: true,
        describe: 'Folder for what is made',
      },
      sampler: { choices: SAMPLER_NAMES, default: 'ddim' as const, describe: 'Sampler' },
      steps: { type: 'number', default: 50, describe: 'Steps of the sampler' },
      seed: { type: 'number', default: 0, describe: 'Seed of the noise' },
      feed: {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Input from a file: context=context.npy (repeatable); others are made up',
      },
      latentShape: {
        type: 'string',
        describe: 'Shape of the latent, such as 4x1x16x16 [default: from the model and the feeds]',
      },
      ...roleOptions,
      guidance: { type: 'number', describe: 'Scale of classifier-free guidance' },
      guidanceOrder: {
        choices: GUIDANCE_ORDERS,
        describe: 'Which half comes first in the batch',
      },
      guidanceMode: {
        choices: GUIDANCE_MODES,
        default: 'batch' as const,
        describe: 'Both halves in one batch, or two calls a step',
      },
      unconditional: {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Input of the unconditional half: context=empty.npy (repeatable)',
      },
      betas: { choices: BETA_SCHEDULES, default: 'linear' as const, describe: 'Noise schedule' },
      betaStart: { type: 'number', describe: 'First beta [default: 0.0001]' },
      betaEnd: { type: 'number', describe: 'Last beta [default: 0.02]' },
      trainTimesteps: { type: 'number', describe: 'Timesteps in training [default: 1000]' },
      spacing: {
        choices: TIMESTEP_SPACINGS,
        default: 'leading' as const,
        describe: 'Which timesteps are visited',
      },
      prediction: {
        choices: PREDICTIONS,
        default: 'epsilon' as const,
        describe: 'What the model predicts',
      },
      clip: { type: 'number', describe: 'Clamp predicted pixels to [-clip, clip]' },
      eta: { type: 'number', describe: 'Noise of DDIM, 0 to 1 [default: 0]' },
      worker: { type: 'boolean', default: false, describe: 'Run the models in a worker thread' },
      ...jsonOption,
    })
    .example('$0 run bundle --sampler ddim --steps 50 --seed 7 -o out', 'Noise to images')
    .example(
      '$0 run bundle --feed class_labels=labels.npy --guidance 2 --guidance-order unconditional-first --unconditional class_labels=null.npy -o out',
      'With classifier-free guidance',
    );

export type RunArguments = Arguments<typeof builder>;

/** The work is loaded only when the command runs, so that `--help` answers at once. */
export const handler = async (args: RunArguments): Promise<void> =>
  (await import('../actions/run.js')).run(args);
