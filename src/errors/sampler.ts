/** Errors about sampling: noise schedules, samplers, guidance and the denoising loop. */
import { ResultError, StepfoldError } from './base.js';
import { didYouMean } from './nearest.js';

const list = (words: readonly string[]) => words.map((word) => `"${word}"`).join(', ');

export const unknownSamplerChoice = (option: string, found: string, known: readonly string[]) =>
  new StepfoldError('SAMPLER_UNKNOWN_CHOICE', `There is no ${option} "${found}".`, {
    value: found,
    data: { known },
    hint: `${didYouMean(found, known)}Choose one of ${list(known)}.`,
  });

/** @param of whose options they are: `The sampler "ddim"` */
export const unknownSamplerOption = (of: string, found: string, known: readonly string[]) =>
  new StepfoldError('SAMPLER_OPTION_UNKNOWN', `${of} has no option "${found}".`, {
    value: found,
    data: { known },
    hint: `${didYouMean(found, known)}Leave it out; there are ${list(known)}.`,
  });

export const samplerOptionOutOfRange = (option: string, found: unknown, expected: string) =>
  new StepfoldError(
    'SAMPLER_OPTION_RANGE',
    `The sampler option ${option} is ${found}; it must be ${expected}.`,
    {
      data: { option, found },
      hint: `Give ${option} ${expected}.`,
    },
  );

export const timestepsNotDescending = (index: number, timestep: number, before: number) =>
  new StepfoldError(
    'SAMPLER_TIMESTEPS_ORDER',
    `Timestep ${index} is ${timestep} and follows ${before}; timesteps go from the noisiest down.`,
    { data: { index, timestep, before }, hint: 'Sort the timesteps in descending order.' },
  );

export const levelsWithTimesteps = (levels: string) =>
  new StepfoldError(
    'SAMPLER_LEVELS_TIMESTEPS',
    `Noise levels that are placed (${levels}) determine the timesteps, so a list of timesteps cannot be given too.`,
    { hint: 'Leave out either one.' },
  );

export const shiftNeedsTokens = () =>
  new StepfoldError(
    'SAMPLER_SHIFT_TOKENS',
    'The steps are shifted by the size of the picture, and its number of tokens is not known.',
    {
      hint: 'Say it with --tokens (`tokens` of the schedule): 4096 for 1024 x 1024 pixels in FLUX and SD 3; or leave the dynamic shift out and give --shift.',
    },
  );

export const noSuchCalls = (sampler: string, calls: number, fewer: number, more: number) =>
  new StepfoldError(
    'SAMPLER_CALLS',
    `No number of steps with ${sampler} makes ${calls} calls of the denoiser.`,
    {
      data: { sampler, calls },
      hint: `Make the bundle for ${fewer === more ? more : `${fewer} or ${more}`} calls, or choose another sampler.`,
    },
  );

export const stepOutOfRange = (step: number, steps: number) =>
  new StepfoldError('SAMPLER_STEP_RANGE', `There is no step ${step}; the sampler has ${steps}.`, {
    data: { step, steps },
    hint: `Steps are numbered from 0 to ${steps - 1}.`,
  });

export const cleanMissing = (start: number) =>
  new StepfoldError(
    'SAMPLER_CLEAN_MISSING',
    `The loop starts at step ${start}, from a picture covered with noise, and got no picture.`,
    { data: { start }, hint: 'Give the clean latent that it starts from, or leave `start` out.' },
  );

export const strengthOfNothing = (strength: number, steps: number, least: number) =>
  new StepfoldError(
    'SAMPLER_STRENGTH',
    `A strength of ${strength} leaves none of ${steps} steps, so that nothing would change.`,
    {
      data: { strength, steps },
      hint: `Give a strength of at least ${least}, or more steps.`,
    },
  );

export const trialMissing = (step: number) =>
  new StepfoldError(
    'SAMPLER_TRIAL_MISSING',
    `Step ${step} ends what the step before it has tried, and that is not in its trajectory.`,
    {
      data: { step },
      hint: 'Hand on the whole trajectory that step() returns, not its latent alone.',
    },
  );

/** @param sampler by its title */
export const noiseMissing = (sampler: string) =>
  new StepfoldError(
    'SAMPLER_NOISE_MISSING',
    `${sampler} draws fresh noise at each step and got none.`,
    { hint: 'Pass a noise function to step(), or choose a sampler that draws none (eta 0).' },
  );

export const nothingLeft = (timestep: number) =>
  new StepfoldError(
    'SAMPLER_NO_SIGNAL',
    `No signal is left at timestep ${timestep}, and from the noise that a denoiser predicts there no picture follows.`,
    {
      data: { timestep },
      hint: 'Say what else it predicts (v or sample), use timesteps below that one (--spacing leading), or train without a terminal signal of zero (leave zeroSnr out).',
    },
  );

export const latentLength = (what: string, found: number, expected: number) =>
  new StepfoldError(
    'SAMPLER_LATENT_LENGTH',
    `${what} has ${found} elements; the latent has ${expected}.`,
    {
      data: { found, expected },
      hint: 'Check the latent shape and which output holds the prediction.',
    },
  );

export const toldInWholes = (input: string, type: string, told: number) =>
  new StepfoldError(
    'DENOISE_TIMESTEP_TYPE',
    `Input "${input}" takes timesteps as ${type}, and would be told ${told}, which is no training timestep.`,
    {
      value: input,
      data: { type, told },
      hint: 'Leave the timestep scale out (--timestep-scale training), or whole: whole numbers are training timesteps.',
    },
  );

export const outputMissing = (output: string, outputs: readonly string[]) =>
  new StepfoldError('DENOISE_OUTPUT_MISSING', `The denoiser returned no output "${output}".`, {
    value: output,
    data: { outputs },
    hint: outputs.length ? `It returned ${list(outputs)}.` : 'It returned nothing.',
  });

export const outputShape = (
  output: string,
  found: readonly number[],
  expected: readonly number[],
) =>
  new StepfoldError(
    'DENOISE_OUTPUT_SHAPE',
    `Output "${output}" is [${found.join(', ')}]; the latent is [${expected.join(', ')}].`,
    {
      value: output,
      data: { found, expected },
      hint: 'The prediction has the shape of the latent, or twice its channels where the variance is learned.',
    },
  );

export const outputElementType = (output: string, type: string) =>
  new StepfoldError(
    'DENOISE_OUTPUT_TYPE',
    `Output "${output}" holds ${type}, not floating point numbers.`,
    {
      value: output,
      hint: 'Check which output holds the prediction.',
    },
  );

export const guidanceFeedMissing = (input: string) =>
  new StepfoldError(
    'GUIDANCE_FEED_MISSING',
    `Input "${input}" is given for the unconditional half of the guidance pair only.`,
    { value: input, hint: 'Give the conditional value too: in `feeds`, or with --feed.' },
  );

export const guidanceFeedMismatch = (input: string, conditional: string, unconditional: string) =>
  new StepfoldError(
    'GUIDANCE_FEED_MISMATCH',
    `Input "${input}" is ${conditional} in the conditional half and ${unconditional} in the unconditional one.`,
    { value: input, hint: 'Both halves must agree in type and in every dimension but the first.' },
  );

export const guidanceInterval = (from: number, to: number) =>
  new StepfoldError(
    'GUIDANCE_INTERVAL',
    `The interval of guidance is from ${from} to ${to}, which is no part of a loop.`,
    {
      data: { from, to },
      hint: 'Give two fractions of the loop, the smaller one first, such as 0.1 and 0.8 (--guidance-interval 0.1-0.8).',
    },
  );

export const roleFed = (input: string, role: string) =>
  new StepfoldError(
    'DENOISE_ROLE_FED',
    `Input "${input}" is the ${role}, which the sampler provides.`,
    {
      value: input,
      hint: `Leave "${input}" out of the feeds, or name another input as the ${role}.`,
    },
  );

/** Where in a loop, all counted from 0. */
export interface LoopPlace {
  readonly step: number;
  readonly steps: number;
  readonly call: number;
  readonly timestep: number;
}

/**
 * @param what `Output "out_sample" of the denoiser`, or another subject of a sentence
 * @param count values that are not finite, of how many
 */
export const loopNotFinite = (
  what: string,
  { step, steps, call, timestep }: LoopPlace,
  count: { readonly bad: number; readonly of: number },
) =>
  new ResultError(
    'DENOISE_NOT_FINITE',
    `${what} holds NaN or infinity in ${count.bad} of ${count.of} values, first at step ${step} of ${steps}, which is call ${call}, at timestep ${timestep}; steps and calls are counted from 0.`,
    {
      data: { step, steps, call, timestep, ...count },
      hint: 'Check the inputs, the sampler and the guidance scale; where only a bundle gives this and not its source, compare both call by call with `stepfold verify`.',
    },
  );
