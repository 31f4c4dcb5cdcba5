/** Errors about command lines. */
import { inFile, StepfoldError } from './base.js';
import { causeOf, type SystemFailure } from './causes.js';

export const badPair = (flag: string, text: string, example: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} "${text}" is not of the form name=value.`, {
    hint: `Write it like --${flag} ${example}.`,
  });

export const badShape = (flag: string, text: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} "${text}" is not a shape.`, {
    hint: `Write sizes joined by x, such as --${flag} ${flag === 'shape' ? 'sample=' : ''}2x4x64x64.`,
  });

export const badNumber = (flag: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} takes a number.`, {
    hint: `Write it like --${flag} 1.5.`,
  });

export const badInterval = (flag: string, text: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} "${text}" is no interval.`, {
    hint: `Write two fractions of the loop joined by -, such as --${flag} 0.1-0.8.`,
  });

export const withoutGuidance = (flag: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} says something of guidance, and there is none.`, {
    hint: 'Give --guidance, --guidance-scale and --unconditional, or leave it out.',
  });

export const needsInit = (flag: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} says something of a picture, and there is none.`, {
    hint: 'Give the picture, or its latents: --init latents.npy.',
  });

export const needsStrength = () =>
  new StepfoldError('CLI_ARGUMENT', 'How much of the picture may change is not said.', {
    hint: 'Say it with --strength 0.6, or what of it with --mask mask.png.',
  });

export const needsOther = (flag: string, other: string) =>
  new StepfoldError(
    'CLI_ARGUMENT',
    `--${flag} goes together with --${other}${other === 'then-from-step' ? ' or --then-below-timestep, one of them' : ''}.`,
    { hint: `Give --${other} too, or leave --${flag} out.` },
  );

export const badWholeNumber = (flag: string, least: number, most: number) =>
  new StepfoldError(
    'CLI_ARGUMENT',
    `--${flag} takes a whole number ${most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`}.`,
    { hint: `Write it like --${flag} ${Math.max(least, 1)}.` },
  );

export const givenTwice = (flag: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} is given twice.`, { hint: 'Leave one out.' });

export const needsValue = (flag: string) =>
  new StepfoldError('CLI_ARGUMENT', `--${flag} needs a value, and got none.`, {
    hint: `Write it like --${flag} VALUE.`,
  });

/** How a hint brings in a command line that can be copied. */
export const SUCH_AS = 'Such as:';

const suchAs = (command: string): string => `${SUCH_AS} \`${command}\`.`;

/**
 * Everything that a command line lacks, at once.
 * @param flags with their dashes
 * @param example the same command line with them
 */
export const missingOptions = (flags: readonly string[], example: string) =>
  new StepfoldError('CLI_USAGE', `${listed(flags)} must be given.`, {
    data: { flags },
    hint: suchAs(example),
  });

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

export const inputIsTerminal = () =>
  new StepfoldError(
    'CLI_ARGUMENT',
    'A model was to come from standard input, and that is a terminal.',
    {
      hint: 'Lead a file into it, such as `cat model.onnx | stepfold inspect -`, or give the file.',
    },
  );

/** @param what the argument that it was given for */
export const inputNotTaken = (command: string, what: string, takers: readonly string[]) =>
  new StepfoldError('CLI_ARGUMENT', `From standard input ${command} takes no ${what}.`, {
    hint: `It links to the file, or reads it again later: write it to one first (cat > model.onnx) and give that. From standard input read ${takers.join(', ')}.`,
  });

/** What is wrong with a command line as a whole. */
export const badUsage = (message: string, hint: string) =>
  new StepfoldError('CLI_USAGE', message, { hint });

export const badSize = (flag: string, text: string) =>
  new StepfoldError(
    'CLI_ARGUMENT',
    `--${flag} "${text}" does not end in a whole number of 1 or more.`,
    {
      hint: `Write it like --${flag} batch=2.`,
    },
  );

export const needsPass = (plan?: string) =>
  new StepfoldError('CLI_ARGUMENT', 'No pass was given, so there is nothing to transform.', {
    hint: `Add one, such as --pass deepcache:branch=2,interval=3${plan === undefined ? '' : `, or "passes" to "${plan}"`} (see \`stepfold passes\`).`,
  });

/** @param command one that fits the model; undefined where none does */
export const needsChoice = (command: string | undefined) =>
  new StepfoldError('CLI_ARGUMENT', 'No pass and no recipe was given, so nothing was written.', {
    hint:
      command === undefined
        ? 'No method fits this model; `stepfold inspect` shows what was looked for.'
        : suchAs(command),
  });

export const passAndConfig = () =>
  new StepfoldError('CLI_ARGUMENT', '--pass and --config cannot be given together.', {
    hint: 'Put the passes into the config file, or leave it out.',
  });

/** What is wrong with a pass, with its place in the pipeline file. */
export const inPipeline = (error: StepfoldError, file: string, index: number) => {
  const { path: option } = error.details;
  const path = `/passes/${index}${option === undefined ? '/pass' : `/options${option}`}`;
  return inFile(new StepfoldError(error.code, error.message, { ...error.details, path }), file);
};

const GUIDANCE_PARTS = {
  order: 'which half comes first',
  scale: 'its scale',
  unconditional: 'what the unconditional half reads',
} as const;

export type GuidancePart = keyof typeof GUIDANCE_PARTS;

/**
 * @param missing of what guidance needs
 * @param example the command line with them
 */
export const needsGuidance = (missing: readonly GuidancePart[], example: string) =>
  new StepfoldError(
    'CLI_ARGUMENT',
    `The loop is to have guidance, and this is not said: ${missing.map((part) => GUIDANCE_PARTS[part]).join('; ')}.`,
    { data: { missing }, hint: suchAs(example) },
  );

export const keepNeedsBundle = (given: string) =>
  new StepfoldError('CLI_ARGUMENT', `"${given}" is no bundle, which could keep anything.`, {
    file: given,
    hint: 'Leave --keep out, or make a bundle of it: `stepfold transform`.',
  });

/** An error of the operating system that nobody saw coming. */
export const systemError = (failure: SystemFailure) =>
  new StepfoldError('SYSTEM', `The operating system says: ${failure.message}.`, {
    ...(failure.path !== undefined && { file: failure.path }),
    hint: causeOf(failure, 'Check that the file is there, can be read, and that there is room.')
      .hint,
  });

/**
 * A module of the installation that Node did not find. It may be there: what resolves packages takes a file that
 * the process may not open for one that is missing.
 */
export const moduleNotFound = (why: string) =>
  new StepfoldError('SYSTEM', `A part of the installation could not be loaded: ${why}.`, {
    hint: 'Where it is there, the process may not open more files: allow it more, such as with `ulimit -n 1024`. Else install Stepfold again.',
  });

export const outOfMemory = (why: string) =>
  new StepfoldError('OUT_OF_MEMORY', `There is not enough memory: ${why}.`, {
    hint: 'Choose smaller sizes, such as a smaller batch.',
  });

export const cannotRead = (file: string, why: string) =>
  new StepfoldError('FILE_UNREADABLE', `"${file}" cannot be read: ${why}.`, {
    file,
    hint: 'Check the path and its permissions.',
  });

export const readFailed = (file: string, cause: SystemFailure) => {
  const { why, hint } = causeOf(cause, 'Check the path and its permissions.');
  const error = new StepfoldError('FILE_UNREADABLE', `"${file}" cannot be read: ${why}.`, {
    file,
    hint,
  });
  error.cause = cause;
  return error;
};

/** @param kind what it is instead: `a pipe`, `a device` */
export const notARegularFile = (file: string, kind: string) =>
  new StepfoldError('FILE_UNREADABLE', `"${file}" cannot be read: it is ${kind}.`, {
    file,
    hint:
      kind === 'a folder'
        ? 'Give the file itself.'
        : 'Files are read more than once: write what comes out of it to a file, and give that.',
  });
