/** `stepfold run`: a whole denoising loop, from noise to images. */
import type { Argv } from 'yargs';
import { jsonOption, roleOptions, seedOption, texts, wholeNumber } from '../arguments.js';
import { stepsOption } from '../asked-loop-options.js';
import { type Arguments, addOptions, examples } from '../command.js';
import {
  bundleSamplerOptions,
  guidanceOptions,
  noiseOptions,
  timestepOptions,
} from '../loop-options.js';
import { partOptions } from '../pipeline-options.js';

export const command = 'run <bundle>';
export const describe = 'Run a denoising loop on a bundle, or on a plain model';

const positionals = {
  bundle: {
    type: 'string',
    demandOption: true,
    describe: 'Folder of the bundle or its pipeline, or a model to run every call in full',
  },
} as const;

const { sampler, ...samplerDetails } = bundleSamplerOptions;

const sampling = {
  sampler,
  steps: {
    ...stepsOption.steps,
    describe: "Steps of the sampler [default: the bundle's; 50 for a plain model]",
  },
  ...seedOption('the noise'),
  ...samplerDetails,
  ...timestepOptions,
} as const;

const inputs = {
  feed: texts(
    'Input from a file, or numbers: context=context.npy, guidance=3.5; others are made up',
  ),
  samples: {
    type: 'number',
    describe: 'Images to make [default: as many as the inputs have rows]',
    check: wholeNumber('samples', 1),
  },
  'latent-shape': {
    type: 'string',
    describe: 'Shape of the latent: 4x1x16x16 [default: from the model and the feeds]',
  },
  ...roleOptions,
} as const;

const output = {
  output: {
    alias: 'o',
    type: 'string',
    demandOption: true,
    describe: 'Folder for samples.npy and, where there are pictures, samples.png',
  },
  force: { type: 'boolean', default: false, describe: 'Replace the samples that are there' },
  decode: {
    type: 'boolean',
    default: true,
    describe: "Pictures by the vae_decoder of a pipeline's folder; --no-decode leaves them out",
  },
  keep: {
    type: 'boolean',
    default: false,
    describe: 'Keep guidance and inputs in the bundle, for the next time',
  },
  worker: { type: 'boolean', default: false, describe: 'Run the models in a worker thread' },
  yardstick: {
    type: 'boolean',
    default: false,
    describe: 'Show how near the source comes with fewer steps for the same work',
  },
  source: {
    type: 'string',
    describe: 'With --yardstick: the source model, or its pipeline [default: beside the bundle]',
  },
  ...jsonOption,
} as const;

export const options = {
  ...sampling,
  ...noiseOptions,
  ...inputs,
  ...guidanceOptions,
  ...partOptions,
  ...output,
} as const;

const MOST_USED = ['output', 'steps', 'sampler', 'seed', 'feed', 'samples'];

const others = (group: object): string[] =>
  Object.keys(group).filter((name) => !MOST_USED.includes(name));

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('bundle', positionals.bundle), options)
    .group(MOST_USED, 'Most used:')
    .group(others(sampling), 'Sampling:')
    .group(Object.keys(noiseOptions), 'Noise schedule of the training:')
    .group(others(inputs), 'Inputs:')
    .group(Object.keys(guidanceOptions), 'Guidance:')
    .group(Object.keys(partOptions), 'Pictures to start from, and further models:')
    .epilogue(
      examples(
        ['Noise to images', 'stepfold run bundle --sampler ddim --seed 7 -o out'],
        [
          'With classifier-free guidance',
          'stepfold run bundle -o out --feed class_labels=labels.npy \\\n  --guidance uncond-first --guidance-scale 2 \\\n  --unconditional class_labels=null.npy',
        ],
      ),
    );

export type RunArguments = Arguments<typeof positionals & typeof options>;
