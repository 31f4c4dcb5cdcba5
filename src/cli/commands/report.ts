/** `stepfold report`: a bundle as a page to look at. */
import type { Argv } from 'yargs';
import {
  bundleArgument,
  jsonOption,
  pluginOption,
  roleOptions,
  seedOption,
  texts,
  wholeNumber,
} from '../arguments.js';
import { stepsOption } from '../asked-loop-options.js';
import { type Arguments, addOptions, examples } from '../command.js';
import {
  bundleSamplerOptions,
  guidanceOptions,
  noiseOptions,
  timestepOptions,
} from '../loop-options.js';
import { partOptions } from '../pipeline-options.js';

export const command = 'report <bundle>';
export const describe = 'Write a page that shows a bundle: plan, blocks, error, images';

const page = {
  output: { alias: 'o', type: 'string', default: 'report.html', describe: 'The page' },
  force: { type: 'boolean', default: false, describe: 'Replace a page that is there' },
  against: {
    type: 'string',
    describe:
      'The source, to measure against and to draw: its ONNX file, or folder of its pipeline',
  },
  images: {
    type: 'string',
    describe: 'Folder of pictures in pairs: NAME-source.png and NAME-bundle.png',
  },
  ...pluginOption,
  plans: texts('Searched plan to compare by threshold, cost and error: plan.json'),
  branches: {
    choices: ['auto', 'all', 'none'],
    default: 'auto',
    describe:
      "Try what a pass offers besides, as DeepCache's other branches; auto: where the weights are small",
  },
  yardstick: {
    type: 'boolean',
    describe:
      'Show beside the bundle what fewer steps come to in its time; takes some 2,000 calls of the source [default: yes where the weights are small]',
  },
  measure: {
    type: 'boolean',
    default: true,
    describe: 'Run source and bundle; --no-measure draws only',
  },
  rounds: {
    type: 'number',
    default: 5,
    describe: 'Counted turns of source and bundle for their times',
    check: wholeNumber('rounds', 1),
  },
} as const;

const loop = {
  ...stepsOption,
  ...seedOption('the noise'),
  ...bundleSamplerOptions,
  ...timestepOptions,
  ...noiseOptions,
  feed: texts(
    'Input from a file, or numbers: context=context.npy, guidance=3.5; others are made up',
  ),
  samples: {
    type: 'number',
    describe: 'Images to make [default: as many as the inputs have rows]',
    check: wholeNumber('samples', 1),
  },
  'latent-shape': { type: 'string', describe: 'Shape of the latent: 4x1x16x16' },
  ...roleOptions,
  ...guidanceOptions,
  ...partOptions,
} as const;

export const options = { ...page, ...loop, ...jsonOption } as const;

export const builder = (yargs: Argv) =>
  addOptions(yargs.positional('bundle', bundleArgument.bundle), options)
    .group(Object.keys(page), 'The page:')
    .group(Object.keys(loop), 'The loop that is run for errors and images:')
    .epilogue(
      examples(
        ['The plan and what it costs, without running anything', 'stepfold report bundle'],
        [
          'Measured, with error, images and blocks',
          'stepfold report bundle --against unet.onnx -o report.html',
        ],
        [
          'Of the same bundle in another loop',
          'stepfold report bundle --against unet.onnx --steps 30 -o report-30.html',
        ],
        [
          'Plans of several thresholds beside that of the bundle',
          'stepfold report bundle --against dit.onnx \\\n  --plans plan-02.json --plans plan-05.json',
        ],
      ),
    );

export type ReportArguments = Arguments<typeof bundleArgument & typeof options>;
