/** Errors about what pipelines have beside a denoiser: pictures to start from, masks, further models. */
import { StepfoldError } from './base.js';

interface NamedShape {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string | null)[];
}

const shapeText = (shape: readonly (number | string | null)[]) =>
  `[${shape.map((d) => d ?? '?').join(', ')}]`;

const portText = ({ name, type, shape }: NamedShape) => `${name} ${type}${shapeText(shape)}`;

const list = (ports: readonly NamedShape[]) => ports.map(portText).join(', ') || 'none';

export const embeddedGuidanceUnclear = (scale: number, found: readonly string[]) =>
  new StepfoldError(
    'EMBEDDED_GUIDANCE',
    found.length === 0
      ? `The model takes no guidance scale: no input that is left has one number for each image.`
      : `The guidance scale could be any of ${found.join(', ')}.`,
    {
      data: { found },
      hint: `${found.length === 0 ? 'Leave --embedded-guidance out' : 'Give it by its name'}${found.length === 0 ? '' : `: --feed ${found[0]}=${scale}`}.`,
    },
  );

/** @param needed what of the loop needs a picture */
export const initMissing = (needed: 'start' | 'mask', start: number) =>
  new StepfoldError(
    'INIT_MISSING',
    needed === 'mask'
      ? 'A mask says which part of a picture stays, and there is no picture.'
      : `The loop leaves out its first ${start} steps, and there is no picture to start from.`,
    { hint: 'Give the picture, or its latents: --init latents.npy.' },
  );

export const initShape = (
  input: string,
  has: readonly number[],
  wants: readonly (number | string | null)[],
) =>
  new StepfoldError(
    'INIT_SHAPE',
    `The picture to start from is ${shapeText(has)}, and the latent "${input}" ${shapeText(wants)}.`,
    {
      value: input,
      data: { has, wants },
      hint: 'Give one picture for all images or one for each, of the size of the latents: pixels where the model works on pixels, else latents.',
    },
  );

export const initType = (what: string, type: string) =>
  new StepfoldError(
    'INIT_TYPE',
    `The ${what} hold ${type}, not numbers that a loop computes with.`,
    {
      hint: 'Convert the array to float32 and save it again.',
    },
  );

export const maskShape = (has: readonly number[], latent: readonly number[]) =>
  new StepfoldError(
    'MASK_SHAPE',
    `The mask is ${shapeText(has)}, which does not lie on latents of ${shapeText(latent)}.`,
    {
      data: { has, latent },
      hint: 'Give it the height and width of the latents, or a whole multiple of them, such as those of the picture.',
    },
  );

export const maskValues = (value: number) =>
  new StepfoldError('MASK_VALUES', `The mask holds ${value}.`, {
    data: { value },
    hint: 'Give 1 where the picture is made anew, 0 where it stays, or numbers between them.',
  });

export const controlRole = (role: string, wanted: string, inputs: readonly string[]) =>
  new StepfoldError(
    'CONTROL_ROLE',
    `Which input of the control model is the ${role} was not found: none is named "${wanted}".`,
    {
      value: wanted,
      data: { inputs },
      hint: `Export it with the denoiser's names; its inputs are ${inputs.join(', ')}.`,
    },
  );

export const controlInputs = (missing: readonly NamedShape[]) =>
  new StepfoldError(
    'CONTROL_INPUTS',
    `The control model takes ${list(missing)}, which ${missing.length === 1 ? 'is' : 'are'} not given.`,
    {
      data: { missing: missing.map(({ name }) => name) },
      hint: `Give ${missing.length === 1 ? 'it' : 'them'}: ${missing.map(({ name, shape }) => `--control-feed ${name}=${shape.length > 1 ? `${name}.npy` : '1'}`).join(' ')}.`,
    },
  );

export const controlOutputs = (outputs: readonly NamedShape[], free: readonly NamedShape[]) =>
  new StepfoldError(
    'CONTROL_OUTPUTS',
    `The control model gives ${list(outputs)}; the denoiser has ${list(free)} to take them.`,
    {
      data: { outputs: outputs.map(({ name }) => name), inputs: free.map(({ name }) => name) },
      hint: 'Give a denoiser that was exported with inputs for its residuals, of their names or in their order, and what else it takes with --feed.',
    },
  );

export const handOverNever = (
  from: { readonly step: number } | { readonly timestep: number },
  start: number,
  timesteps: readonly number[],
) => {
  const last = start + timesteps.length - 1;
  const said = 'step' in from ? `step ${from.step}` : `timesteps below ${from.timestep}`;
  return new StepfoldError(
    'HAND_OVER_NEVER',
    `The second model is to take over at ${said}, and the loop goes from step ${start} (timestep ${timesteps[0]}) to step ${last} (timestep ${timesteps.at(-1)}).`,
    {
      data: { from, start, last },
      hint: 'Choose a step behind its first and up to its last, so that both models make some.',
    },
  );
};
