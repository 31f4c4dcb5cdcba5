/** `stepfold timesteps`: finds the timesteps of a loop of few steps. */
import type { Argv } from 'yargs';
import { MOST_CALLS } from '../../compiler/pipeline/limits.js';
import { REFERENCE_STEPS, SAMPLES } from '../../evidence/calibrate/timesteps/defaults.js';
import { jsonOption, wholeNumber } from '../arguments.js';
import { type Arguments, addOptions, examples } from '../command.js';
import { bundleSamplerOptions } from '../loop-options.js';
import {
  groupSearchWithParts,
  searchInputs,
  searchLoop,
  searchWithParts,
} from '../search-options.js';

export const command = 'timesteps <model>';
export const describe = 'Find the timesteps on which a loop of few steps loses least';

const positionals = {
  model: {
    type: 'string',
    demandOption: true,
    describe: 'ONNX file or folder of a pipeline; or folder of a bundle, together with --against',
  },
} as const;

const search = {
  output: { alias: 'o', type: 'string', demandOption: true, describe: 'File to write' },
  steps: {
    type: 'number',
    describe: "Steps of the loop; must be given but for a bundle [default: the bundle's]",
    check: wholeNumber('steps', 1, MOST_CALLS),
  },
  'reference-steps': {
    type: 'number',
    default: REFERENCE_STEPS,
    describe: 'Steps of the loop to come near to, equally spaced',
    check: wholeNumber('reference-steps', 1),
  },
  against: { type: 'string', describe: 'The source model of a bundle, which makes the reference' },
  force: { type: 'boolean', default: false, describe: 'Replace a file that is there' },
  ...jsonOption,
} as const;

const loop = { ...searchLoop(SAMPLES), ...bundleSamplerOptions } as const;

const parts = { search, loop, inputs: searchInputs };

export const options = searchWithParts(parts);

export const builder = (yargs: Argv) =>
  groupSearchWithParts(
    addOptions(yargs.positional('model', positionals.model), options),
    parts,
  ).epilogue(
    examples(
      [
        'Ten steps that end near to where a hundred do',
        'stepfold timesteps unet.onnx --steps 10 -o timesteps.json',
      ],
      [
        'For a bundle whose calls are cheaper than those of its source',
        'stepfold timesteps bundle --against unet.onnx -o timesteps.json',
      ],
    ),
  );

export type TimestepsArguments = Arguments<typeof positionals & typeof options>;
