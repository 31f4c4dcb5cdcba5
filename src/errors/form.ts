/** Errors about forms that hold a whole plan, or a whole loop. */
import { StepfoldError } from './base.js';

/** @param step at which that shows */
export const samplerNotLinear = (sampler: string, step: number) =>
  new StepfoldError(
    'FORM_SAMPLER',
    `A step of the sampler "${sampler}" is no weighted sum of what it goes by (step ${step}), so it cannot be a table in the form "loop".`,
    {
      data: { sampler, step },
      hint: 'Leave out what clamps (--clip), or emit stateful, in which the caller steps.',
    },
  );

export const loopNeedsSampler = () =>
  new StepfoldError('FORM_NEEDS_SAMPLER', 'The form "loop" holds the sampler, and none is named.', {
    hint: 'Give --sampler and its options, or emit stateful, in which the caller steps.',
  });

export const samplerSteps = (calls: number, steps: number) =>
  new StepfoldError(
    'FORM_SAMPLER_CALLS',
    `The sampler calls the denoiser ${steps} times, and the plan is for ${calls} calls.`,
    { data: { calls, steps }, hint: 'Give the plan as many calls as the sampler makes.' },
  );

export const loopTwoCalls = () =>
  new StepfoldError(
    'FORM_GUIDANCE',
    'The form "loop" makes both halves of a guidance pair in one batch, and the plan is for two calls a step.',
    { hint: 'Leave out --guidance-mode two-calls, or emit stateful, in which the caller guides.' },
  );

/** @param what the loop wants it for */
export const loopNameTaken = (name: string, what: string) =>
  new StepfoldError(
    'FORM_NAME_TAKEN',
    `The model has an input or an output "${name}", which is the name of ${what} in the form "loop".`,
    { value: name, hint: 'Rename it in the model, or emit stateful.' },
  );

export const loopInputs = (why: string) =>
  new StepfoldError('FORM_INPUTS', `The form "loop" does not fit the model: ${why}.`, {
    hint: 'Say with --latent and --timestep which inputs these are, or emit stateful, in which the caller feeds them.',
  });

export const sizesUnknown = (size: string, given: readonly string[]) =>
  new StepfoldError('SIZES_UNKNOWN', `The size "${size}" of an input is not known.`, {
    value: size,
    data: { given },
    hint: 'Give a size for every symbol in the shapes of the inputs of the source.',
  });

export const loopDecoder = (decoder: string, why: string) =>
  new StepfoldError('FORM_DECODER', `The decoder "${decoder}" cannot follow the loop: it ${why}.`, {
    data: { decoder },
    hint: 'Export it otherwise, or leave out --decode and decode what the loop gives.',
  });

export const decoderWithoutLoop = () =>
  new StepfoldError(
    'FORM_DECODER',
    '--decode appends a decoder to the loop as one model, and none is emitted.',
    {
      hint: 'Add --emit loop, or leave out --decode.',
    },
  );

export const noDecoder = (model: string) =>
  new StepfoldError(
    'FORM_DECODER',
    `--decode names no file, and "${model}" is no pipeline folder with a vae_decoder.`,
    {
      hint: 'Give the decoder: --decode vae_decoder/model.onnx.',
    },
  );
