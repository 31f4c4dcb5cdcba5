/** Errors about model repositories for Triton. */
import { StepfoldError } from './base.js';
import { didYouMean } from './nearest.js';

export const tritonForm = (bundle: string, emit: string) =>
  new StepfoldError(
    'TRITON_FORM',
    `The bundle "${bundle}" is of the form "${emit}", which is run by who reads its schedule, and Triton runs models.`,
    {
      file: bundle,
      data: { emit },
      hint: 'Make one that is run without a reader: `stepfold transform … --emit stateful`, a request for each call, or --emit loop --sampler NAME, one for each image.',
    },
  );

export const tritonName = (name: string) =>
  new StepfoldError('TRITON_NAME', `Triton can serve no model by the name "${name}".`, {
    value: name,
    hint: 'Choose one of letters, digits, "_", "-" and ".", the first a letter or a digit: --name unet.',
  });

export const tritonModelExists = (folder: string) =>
  new StepfoldError('TRITON_MODEL_EXISTS', `"${folder}" is there already.`, {
    file: folder,
    hint: 'Choose another name with --name, or another repository, or take that folder away.',
  });

export const tritonType = (value: string, type: string) =>
  new StepfoldError(
    'TRITON_TYPE',
    `"${value}" has elements of type ${type}, which Triton hands to no model.`,
    { value, hint: 'Export the model in float32 or float16.' },
  );

export const tritonShape = (value: string) =>
  new StepfoldError(
    'TRITON_SHAPE',
    `How many axes "${value}" has is not known, and Triton has to be told.`,
    {
      value,
      hint: 'Export the model so that it declares the shapes of its inputs and outputs.',
    },
  );

export const tritonStates = (bundle: string, input: string, why: string) =>
  new StepfoldError(
    'TRITON_STATES',
    `The model of the bundle "${bundle}" cannot be fed back: its input "${input}" ${why}.`,
    { file: bundle, value: input, hint: 'Make the bundle anew with `stepfold transform`.' },
  );

/**
 * @param what the option says something of
 * @param why there is none
 */
export const tritonOption = (option: string, what: string, why: string) =>
  new StepfoldError('TRITON_OPTION', `--${option} says something of ${what}, and ${why}.`, {
    data: { option },
    hint: `Leave --${option} out.`,
  });

export const tritonNoBatch = (why: string) =>
  new StepfoldError('TRITON_NO_BATCH', `Triton cannot batch requests of this loop: ${why}.`, {
    hint: 'Leave --max-batch out; each request is then run by itself.',
  });

export const tritonSize = (input: string, size: string | null) =>
  new StepfoldError(
    'TRITON_SIZE',
    `How large ${size === null ? 'an axis' : `"${size}"`} of "${input}" is to be in the request for warming up is not known.`,
    {
      value: input,
      hint: `${size === null ? 'L' : `Give it, such as --size ${size}=64, or l`}eave that request out: --no-warm-up.`,
    },
  );

export const tritonNoSize = (size: string, sizes: readonly string[]) =>
  new StepfoldError('TRITON_SIZE', `Nothing in the request for warming up has a size "${size}".`, {
    value: size,
    data: { sizes },
    hint:
      sizes.length > 0
        ? `${didYouMean(size, sizes)}Its sizes are ${sizes.map((known) => `"${known}"`).join(', ')}.`
        : 'All of its sizes are fixed: leave --size out.',
  });
