/** Errors about tuning. */
import { ResultError, StepfoldError } from './base.js';
import { didYouMean } from './nearest.js';

export const badErrorGoal = (text: string) =>
  new StepfoldError('TUNE_GOAL', `--error takes decibels, such as 40dB, not "${text}".`, {
    hint: 'More decibels are less error: 30 dB can be seen in most pictures, 50 dB in hardly any.',
  });

export const badSpeedup = (times: number) =>
  new StepfoldError('TUNE_GOAL', `--speedup takes a number above 1, not ${times}.`, {
    hint: 'Twice as fast is --speedup 2.',
  });

export const twoGoals = () =>
  new StepfoldError('TUNE_GOAL', '--speedup and --error are two goals.', {
    hint: 'Give --speedup for the least error at a speed, or --error for the most speed at an error.',
  });

/** @param steps of the loop as it is */
export const goalTooFast = (times: number, steps: number) =>
  new StepfoldError(
    'TUNE_GOAL',
    `Nothing is ${times} times as fast: of ${steps} steps that leaves less than one.`,
    { hint: `The most that ${steps} steps can give is a speedup of ${steps}.` },
  );

/** @param best what comes nearest */
export const errorTooSmall = (decibels: number, best: string) =>
  new StepfoldError(
    'TUNE_GOAL',
    `Nothing that was tried has as little error as ${decibels} dB in less time than the loop as it is; ${best}.`,
    {
      hint: 'Ask for fewer decibels, or take a loop of more steps for what it is to be compared with.',
    },
  );

export const unknownTry = (pass: string, known: readonly string[]) =>
  new StepfoldError('TUNE_PASS', `There is no pass "${pass}" that a search varies.`, {
    hint: `${didYouMean(pass, known)}Passes that --try takes: ${known.join(', ')}.`,
  });

export const brokenTuning = (file: string, why: string) =>
  new StepfoldError('TUNE_FOLDER', `"${file}" was written by a search, and ${why}.`, {
    file,
    hint: 'Give --restart to begin anew.',
  });

/** @param mark the file that says so */
export const tuningInUse = (folder: string, by: string, mark: string) =>
  new StepfoldError('TUNE_IN_USE', `"${folder}" is in use by ${by}.`, {
    file: folder,
    hint: `Let that end, or write to another output. Where it has died on another machine, remove "${mark}".`,
  });

export const ownLoopFailed = ({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}) =>
  new StepfoldError('TUNE_LOOP', `The loop as it is cannot be run (${code}): ${message}`, {
    hint: 'A loop that works is what a faster one is compared with: see that `stepfold run` on the model does.',
  });

export const referenceFailed = (code: string, message: string) =>
  new ResultError(
    'TUNE_REFERENCE',
    `The loop that others are compared with did not come to its end (${code}): ${message}`,
    {
      hint: 'Check the sampler and the guidance scale, or compare with the loop as it is: --to own.',
    },
  );

export const nothingRan = () =>
  new ResultError('TUNE_NOTHING', 'No setting that was tried came to the end of its loop.', {
    hint: 'See that `stepfold run` on the model makes pictures, with the same options.',
  });

export const badJob = (file: string, why: string) =>
  new StepfoldError('TUNE_JOB', `"${file}" is not run: ${why}.`, {
    file,
    hint: 'A worker runs trials of a search and nothing else. Remove it, or look who wrote it.',
  });

export const otherVersion = (file: string, found: string, own: string) =>
  new StepfoldError('TUNE_VERSION', `"${file}" is of stepfold ${found}, and this is ${own}.`, {
    file,
    hint: 'Versions make other models and pictures: give all machines the same.',
  });

export const otherModel = (search: string, model: string) =>
  new StepfoldError('TUNE_MODEL', `"${model}" is not the model that "${search}" is for.`, {
    file: model,
    hint: 'Its content, or that of its weights, differs: give the file that the search was given.',
  });

export const noSearch = (folder: string) =>
  new StepfoldError('TUNE_NO_SEARCH', `There is no search in "${folder}".`, {
    file: folder,
    hint: 'Give the folder of a running `stepfold tune`: that of its output with ".tuning" behind it, or its --work.',
  });

export const noCosts = (given: string) =>
  new StepfoldError(
    'TUNE_NO_COSTS',
    `--cost "${given}" is neither "measured" nor "macs", and no file.`,
    {
      file: given,
      hint: 'Give a file that `stepfold costs` wrote on the machine that counts, or leave --cost out to measure here.',
    },
  );

/** @param of what they are of, and what that is not */
export const costsOfOther = (file: string, of: string, but: string) =>
  new StepfoldError('TUNE_COSTS', `"${file}" has costs ${of}; ${but}.`, {
    file,
    hint: 'Measure with the same model and options: `stepfold costs`.',
  });

/** @param passes as the command line has them */
export const costsMissing = (file: string, passes: readonly string[]) =>
  new StepfoldError('TUNE_COSTS_MISSING', `"${file}" has no cost of: ${passes.join('; ')}.`, {
    file,
    hint: 'Measure again with the same --plugin and --try, or name with --try the passes alone whose costs it has.',
    data: { passes },
  });

/** @param instead what to do */
export const notTuned = (flag: string, why: string, instead: string) =>
  new StepfoldError('TUNE_PARTS', `--${flag} is no part of a search: ${why}.`, { hint: instead });

export const costsExist = (file: string) =>
  new StepfoldError('COSTS_EXIST', `"${file}" is there already.`, {
    file,
    hint: 'Choose another name, or replace it with --force.',
  });
