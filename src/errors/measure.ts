/** Errors about running bundles for checks, measurements and images. */
import { StepfoldError } from './base.js';

export const feedShapeUnknown = (input: string, axis: number) =>
  new StepfoldError(
    'FEED_SHAPE_UNKNOWN',
    `No values can be made up for input "${input}": the size of its dimension ${axis} or its type is not known.`,
    { value: input, hint: `Give it as a file: --feed ${input}=file.npy` },
  );

export const feedUnknown = (input: string, known: readonly string[]) =>
  new StepfoldError('FEED_UNKNOWN', `The model has no input "${input}".`, {
    value: input,
    hint: `Its inputs: ${known.join(', ')}.`,
  });

export const feedType = (input: string, has: string, wants: string) =>
  new StepfoldError('FEED_TYPE', `Input "${input}" takes ${wants}, but the file holds ${has}.`, {
    value: input,
    hint: `Convert the array to ${wants} and save it again.`,
  });

export const otherSource = (model: string, source: string) =>
  new StepfoldError(
    'SOURCE_DIFFERS',
    `"${model}" is not the model that this bundle was made from ("${source}"): its SHA-256 differs.`,
    { file: model, hint: 'Give the source model, or transform this one.' },
  );

export const stepsDiffer = (steps: number, calls: number) =>
  new StepfoldError(
    'RUN_STEPS',
    `The sampler calls the model ${steps} times, but the schedule has ${calls} calls.`,
    { hint: `Use --steps ${calls}, or transform the model with --calls ${steps}.` },
  );

export const roleUnknown = (role: string, inputs: readonly string[]) =>
  new StepfoldError('ROLE_UNKNOWN', `Which input is the ${role} was not found.`, {
    hint: `Say it with --${role}; the inputs are ${inputs.join(', ')}.`,
  });

export const engineFailed = (what: string, why: string) =>
  new StepfoldError('ENGINE_FAILED', `onnxruntime could not ${what}: ${why}`, {
    hint: 'Check that the inputs have the shapes that the model takes (--shape).',
  });

export const nothingToFill = (file: string) =>
  new StepfoldError('FILL_NOTHING', `"${file}" has no external weights to fill in.`, {
    file,
    hint: 'Only models whose weights lie in an external file that is missing can be filled.',
  });
