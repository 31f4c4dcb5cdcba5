/** Errors about lists of timesteps: finding them, and running a loop on them. */
import { ResultError, StepfoldError } from './base.js';

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

export const timestepsExist = (file: string) =>
  new StepfoldError('TIMESTEPS_EXIST', `"${file}" is there already.`, {
    file,
    hint: 'Choose another name, or replace it with --force.',
  });

export const badReferenceSteps = (found: number, steps: number, trainTimesteps: number) =>
  new StepfoldError(
    'TIMESTEPS_REFERENCE',
    `The reference loop has ${found} steps; it needs no fewer than the loop of ${steps}, and no more than the ${trainTimesteps} timesteps of training.`,
    { hint: `Use --reference-steps ${Math.max(steps, Math.min(100, trainTimesteps))}.` },
  );

export const noReference = () =>
  new StepfoldError(
    'TIMESTEPS_REFERENCE',
    'A bundle runs only the loop that it was made for, so it cannot make the images to compare with.',
    { hint: 'Give its source model as the reference (--against).' },
  );

export const freshNoise = () =>
  new StepfoldError(
    'TIMESTEPS_NOISE',
    'The sampler draws fresh noise at each step, so loops of different lengths end at different images, whatever the timesteps.',
    { hint: 'Leave --eta out; timesteps found without noise serve a loop with noise too.' },
  );

/** @param first what the loop ended with */
export const referenceNotFinite = (first: StepfoldError) =>
  new ResultError(
    'TIMESTEPS_NOT_FINITE',
    `Nothing can be compared with the reference loop. ${first.message}`,
    { data: first.details.data, hint: 'Check the inputs, the sampler and the guidance scale.' },
  );

/** @param first what the first of them ended with */
export const noGammaFinite = (first: StepfoldError) =>
  new ResultError(
    'TIMESTEPS_NOT_FINITE',
    `The loop ended in NaN or infinity for every gamma that was tried. ${first.message}`,
    {
      data: first.details.data,
      hint: 'Check the inputs, the sampler and the number of steps.',
    },
  );

export const noPlacedLevels = (levels: string) =>
  new StepfoldError(
    'TIMESTEPS_LEVELS',
    `Noise levels that are placed (${levels}) determine the timesteps, so there is nothing to find.`,
    { hint: 'Leave `levels` out.' },
  );

export const noWholeTimesteps = (sampler: string) =>
  new StepfoldError(
    'TIMESTEPS_CONTINUOUS',
    `The search is over whole timesteps of training, and those of ${sampler} have fractions.`,
    { hint: 'Say how steps crowd with --shift, or choose another sampler.' },
  );

/** @param needs steps of the loop, and the calls that they make */
export const timestepsLength = (found: number, needs: { steps: number; calls: number }) =>
  new StepfoldError(
    'TIMESTEPS_LENGTH',
    `The list has ${count(found, 'timestep')}, but a loop of ${count(needs.calls, 'call')} has ${count(needs.steps, 'step')}.`,
    {
      path: '/timesteps',
      hint: `Give timesteps for ${count(needs.steps, 'step')}, or make the loop one of ${(found * needs.calls) / needs.steps} calls (--calls).`,
    },
  );

export const timestepsInvalid = (index: number, why: string) =>
  new StepfoldError('TIMESTEPS_INVALID', `Timestep ${index} of the list ${why}.`, {
    path: `/timesteps/${index}`,
    hint: 'Give whole numbers from 0 up, the noisiest first, each below the one before.',
  });

export const timestepsEmpty = () =>
  new StepfoldError('TIMESTEPS_INVALID', 'The list of timesteps is empty.', {
    path: '/timesteps',
    hint: 'Give one timestep for each step, or leave the list out.',
  });

export const timestepsOtherModel = (file: string, made: string, given: string) =>
  new StepfoldError(
    'TIMESTEPS_OTHER_MODEL',
    `The timesteps "${file}" were found for "${made}", and "${given}" is not that model: its SHA-256 differs.`,
    {
      file,
      path: '/model/sha256',
      hint: 'Give the model that they were found for, or remove "model" from the file to use it all the same.',
    },
  );

export const timestepsOtherTraining = (file: string, has: number, loop: number) =>
  new StepfoldError(
    'TIMESTEPS_TRAINING',
    `"${file}" is for a model trained with ${has} timesteps, but the loop is told of ${loop}.`,
    {
      file,
      path: '/trainTimesteps',
      hint: `Use --train-timesteps ${has}, or find the timesteps again.`,
    },
  );

/** @param origin what gives the timesteps: the bundle, or a file by its name */
export const stepsAndTimesteps = (origin: string, has: number, steps: number) =>
  new StepfoldError(
    'RUN_TIMESTEPS',
    `${origin} says ${has} timesteps, so the loop cannot have ${count(steps, 'step')}.`,
    { hint: 'Leave --steps out.' },
  );

export const needsSampler = (option: string) =>
  new StepfoldError(
    'CLI_ARGUMENT',
    `--${option} says something of a loop whose sampler is not named.`,
    { hint: 'Name it with --sampler, or leave the option out.' },
  );

export const levelsAndSpacing = (levels: string) =>
  new StepfoldError(
    'RUN_TIMESTEPS',
    `--levels ${levels} places noise levels, and --spacing places timesteps.`,
    { hint: 'Give one of them.' },
  );

export const spacingAndTimesteps = (origin: string) =>
  new StepfoldError(
    'RUN_TIMESTEPS',
    `${origin} says which timesteps are visited, so --spacing has no say.`,
    { hint: 'Leave --spacing out.' },
  );

export const twoLists = (file: string) =>
  new StepfoldError(
    'RUN_TIMESTEPS',
    `The bundle has timesteps of its own, and "${file}" lists others.`,
    { file, hint: 'Leave --timesteps out, or transform the model again with them.' },
  );

export const needsAgainst = (bundle: string) =>
  new StepfoldError(
    'CLI_ARGUMENT',
    `"${bundle}" is a bundle, whose images are compared with those of its source model.`,
    { file: bundle, hint: 'Give that model as well, such as --against unet.onnx.' },
  );

export const againstWithModel = () =>
  new StepfoldError(
    'CLI_ARGUMENT',
    '--against is for bundles; a plain model is its own reference.',
    {
      hint: 'Leave --against out.',
    },
  );

export const needsSteps = () =>
  new StepfoldError('CLI_ARGUMENT', 'The number of steps is missing.', {
    hint: 'Say how many timesteps to find, such as --steps 10.',
  });
