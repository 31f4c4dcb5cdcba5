/** Errors about command lines. */
import { StepfoldError } from './base.js';

export const badPair = (flag: string, text: string, example: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} "${text}" is not of the form name=value.`, {
    hint: `Write it like --${flag} ${example}.`,
  });

export const badShape = (text: string) =>
  new StepfoldError('CLI_ARGUMENT', `--shape "${text}" is not a shape.`, {
    hint: 'Write sizes joined by x, such as --shape sample=2x4x64x64.',
  });

export const badSize = (flag: string, text: string) =>
  new StepfoldError(
    'CLI_ARGUMENT',
    `--${flag} "${text}" does not end in a whole number of 1 or more.`,
    {
      hint: `Write it like --${flag} batch=2.`,
    },
  );

export const needsCalls = () =>
  new StepfoldError('CLI_ARGUMENT', 'The number of calls in the loop is missing.', {
    hint: 'Say how often the sampler calls the model, such as --calls 50.',
  });

export const needsPass = () =>
  new StepfoldError('CLI_ARGUMENT', 'No pass was given, so there is nothing to transform.', {
    hint: 'Add one, such as --pass deepcache:branch=2,interval=3 (see `stepfold passes`).',
  });

export const passAndConfig = () =>
  new StepfoldError('CLI_ARGUMENT', '--pass and --config cannot be given together.', {
    hint: 'Put the passes into the config file, or leave it out.',
  });

export const needsUnconditional = () =>
  new StepfoldError('CLI_ARGUMENT', '--guidance needs to know what the unconditional half reads.', {
    hint: 'Give it as files, such as --unconditional class_labels=null.npy, and say --guidance-order.',
  });

export const cannotRead = (file: string, why: string) =>
  new StepfoldError('FILE_UNREADABLE', `"${file}" cannot be read: ${why}.`, {
    file,
    hint: 'Check the path and its permissions.',
  });
