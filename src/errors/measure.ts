/** Errors about running bundles for checks, measurements and images. */
import { StepfoldError } from './base.js';
import { inOneLine } from './in-one-line.js';
import { didYouMean } from './nearest.js';

/** @param isLatent what the sampler provides cannot be given as a file */
export const feedShapeUnknown = (input: string, axis: number, isLatent = false) =>
  new StepfoldError(
    'FEED_SHAPE_UNKNOWN',
    `No values can be made up for input "${input}": the size of its dimension ${axis} or its type is not known.`,
    {
      value: input,
      hint: isLatent
        ? 'Say the shape of the latent, such as --latent-shape 1x4x64x64.'
        : `Where the command takes arrays, give it as a file (--feed ${input}=file.npy); else fix its shape when the model is transformed (--shape).`,
    },
  );

/** @param inputs that cannot be made up, all of a model */
export const feedsUnknown = (inputs: readonly (NamedShape & { readonly type: string })[]) => {
  const names = inputs.map(({ name }) => name);
  return new StepfoldError(
    'FEED_SHAPE_UNKNOWN',
    `No values can be made up for the inputs ${inputs.map(({ name, type, shape }) => `"${name}" (${type} ${shapeText(shape)})`).join(', ')}: sizes or types of them are not known.`,
    {
      data: { inputs: names },
      hint: `Give them: ${names.map((name) => `--feed ${name}=${name}.npy`).join(' ')}.`,
    },
  );
};

export const feedTooLarge = (input: string, dims: readonly number[]) =>
  new StepfoldError(
    'FEED_TOO_LARGE',
    `Input "${input}" would be ${dims.join('x')}, more elements than an array can hold.`,
    { value: input, hint: 'Choose smaller sizes.' },
  );

export const feedUnknown = (input: string, known: readonly string[]) =>
  new StepfoldError('FEED_UNKNOWN', `The model has no input "${input}".`, {
    value: input,
    hint: `${didYouMean(input, known)}Its inputs: ${known.join(', ')}.`,
  });

export const feedType = (input: string, has: string, wants: string) =>
  new StepfoldError('FEED_TYPE', `Input "${input}" takes ${wants}, but the file holds ${has}.`, {
    value: input,
    hint: `Convert the array to ${wants} and save it again.`,
  });

const shapeText = (shape: readonly (number | string | null)[]) =>
  `[${shape.map((d) => d ?? '?').join(', ')}]`;

export const feedNumbers = (
  { name, type }: { readonly name: string; readonly type: string },
  dims: readonly number[],
  numbers: readonly number[],
) =>
  new StepfoldError(
    'FEED_NUMBERS',
    `Input "${name}" takes ${type} of ${shapeText(dims)}, which ${numbers.length === 1 ? `the number ${numbers[0]} is` : `${numbers.length} numbers written out are`} not.`,
    {
      value: name,
      data: { dims, numbers },
      hint: `Write out one number for all, those of one row, or all of them, such as --feed ${name}=${exampleOf(type, dims)}; or give a file.`,
    },
  );

/** Numbers for one row of an input. */
function exampleOf(type: string, dims: readonly number[]): string {
  const count = dims.slice(1).reduce((product, size) => product * size, 1);
  const one = type === 'bool' ? '1' : /^float/.test(type) ? '0.5' : '1';
  return count > 8 ? one : Array(count).fill(one).join(',');
}

const sizesText = (sizes: ReadonlyMap<string, number>) =>
  [...sizes].map(([symbol, size]) => `${symbol} is ${size}`).join(', ');

export const feedShape = (
  input: string,
  has: readonly number[],
  wants: readonly (number | string | null)[],
  sizes: ReadonlyMap<string, number>,
  guidancePair: boolean,
) =>
  new StepfoldError(
    'FEED_SHAPE',
    `Input "${input}" takes ${shapeText(wants)}${sizes.size ? `, where ${sizesText(sizes)}` : ''}, but is given ${shapeText(has)}.`,
    {
      value: input,
      data: { has, wants },
      hint: guidancePair
        ? 'Give arrays whose sizes agree; each half of the guidance pair is half of the batch.'
        : 'Give arrays whose sizes agree.',
    },
  );

export const shapeMisfit = (
  input: string,
  given: readonly number[],
  wants: readonly (number | string | null)[],
  sizes: ReadonlyMap<string, number>,
) =>
  new StepfoldError(
    'SHAPE_MISFIT',
    `Input "${input}" takes ${shapeText(wants)}${sizes.size ? `, where ${sizesText(sizes)}` : ''}, so it cannot be ${given.join('x')}.`,
    { value: input, data: { given, wants }, hint: 'Give sizes that agree with the model.' },
  );

export const oddGuidanceBatch = (input: string, batch: number) =>
  new StepfoldError(
    'GUIDANCE_BATCH',
    `Input "${input}" has a fixed batch of ${batch}, which does not hold both halves of a guidance pair.`,
    {
      value: input,
      hint: 'Use --guidance-mode two-calls, or a model whose batch is even or of any size.',
    },
  );

export const notABundle = (folder: string) =>
  new StepfoldError('NOT_A_BUNDLE', `"${folder}" is not a bundle: it has no schedule.json.`, {
    file: folder,
    hint: 'Give the folder that `stepfold transform` wrote.',
  });

export const otherSource = (model: string, source: string) =>
  new StepfoldError(
    'SOURCE_DIFFERS',
    `"${model}" is not the model that this bundle was made from ("${source}"): its SHA-256 differs.`,
    { file: model, hint: 'Give the source model, or transform this one.' },
  );

export const sourceNotFound = (bundle: string, file: string, tried: readonly string[]) =>
  new StepfoldError(
    'RUN_SOURCE',
    `The model that "${bundle}" was made from ("${file}") is not there: looked at ${tried.map((place) => `"${place}"`).join(', ')}.`,
    { file: bundle, hint: 'Give it with --source, or leave out --yardstick.' },
  );

export const yardstickOfModel = (file: string) =>
  new StepfoldError(
    'RUN_YARDSTICK',
    `"${file}" is a plain model, which runs every call in full: there is nothing to hold fewer steps against.`,
    { file, hint: 'Give a bundle, or leave out --yardstick.' },
  );

export const stepsDiffer = (steps: number, made: number, callsPerStep: number) =>
  new StepfoldError(
    'RUN_STEPS',
    `The sampler takes ${steps} steps, but the schedule is made for ${made}.`,
    {
      hint: `Use --steps ${made}, or transform the model again, with --calls ${steps * callsPerStep} or for any loop (without --fixed-loop).`,
    },
  );

/** @param listed the first step of the loop that it lists calls for */
export const bundleFromMiddle = (what: string, start: number, listed: number) =>
  new StepfoldError(
    'RUN_START',
    start > 0
      ? `The loop leaves out its first ${start} steps, and ${what} is made for calls from ${listed > 0 ? `step ${listed}` : 'the first'} on.`
      : `The loop takes all of its steps, and ${what} is made for those from step ${listed} on.`,
    {
      data: { start, listed },
      hint: `Run the source model from there, the bundle from ${
        listed > 0 ? `step ${listed} on (--strength)` : 'the first step on (without --strength)'
      }, or make one that serves any loop (\`stepfold transform\` without \`--fixed-loop\`).`,
    },
  );

interface NamedShape {
  readonly name: string;
  readonly shape: readonly (number | string | null)[];
}

/** @param further channels that are fed beside the latent; `fed` as many as there are, if any */
export const latentChannels = (
  input: NamedShape,
  output: NamedShape,
  further: number,
  fed: number | undefined,
) => {
  const wants = input.shape.with(1, further).map((dim) => dim ?? '?');
  const file = `${input.name}.npy`;
  return new StepfoldError(
    'RUN_LATENT_CHANNELS',
    `Input "${input.name}" has ${input.shape[1]} channels and the prediction "${output.name}" ${output.shape[1]}, so ${further} of them are no latent, such as the mask and the masked latents of inpainting; ${fed === undefined ? 'they are not given' : `${fed} are given`}.`,
    {
      value: input.name,
      data: { further, fed },
      hint: `Give them, in the order in which they follow the latent, as one array of [${wants.join(', ')}]: --feed ${input.name}=${file}.`,
    },
  );
};

interface Pair {
  readonly order: string;
  readonly mode: string;
}

export const otherGuidance = (made: Pair, found: Pair | undefined) =>
  new StepfoldError(
    'RUN_GUIDANCE',
    `The schedule has calls for guidance ${made.order}, ${made.mode}; the loop does ${found ? `${found.order}, ${found.mode}` : 'none'}.`,
    {
      hint: `Run it with --guidance ${made.order} --guidance-mode ${made.mode}${found ? '' : ', --guidance-scale and --unconditional'}, or transform the model again${found ? '' : ' without --guidance'}.`,
    },
  );

/** @param roles that no input is known to have */
export const rolesUnknown = (roles: readonly string[], inputs: readonly string[]) =>
  new StepfoldError(
    'ROLE_UNKNOWN',
    `Which input is the ${roles.join(', and which the ')} was not found.`,
    {
      data: { roles, inputs },
      hint: `Say it with ${roles.map((role) => `--${role} INPUT`).join(' and ')}; the inputs are ${inputs.join(', ')}.`,
    },
  );

export const engineMissing = (why: string) =>
  new StepfoldError('ENGINE_MISSING', `onnxruntime-node could not be loaded: ${inOneLine(why)}`, {
    hint: 'Install it beside stepfold; it has no build for every system.',
  });

export const engineRefused = (file: string, why: string) =>
  new StepfoldError('ENGINE_REFUSED', `onnxruntime cannot load "${file}": ${inOneLine(why)}`, {
    file,
    hint: 'The model must run in onnxruntime before it can be checked, measured or run here.',
  });

/** Whether onnxruntime says that it had no memory left. */
export const isOutOfMemory = (why: string): boolean =>
  /failed to allocate memory|bad.?alloc|out of memory/i.test(why);

export const engineFailed = (what: string, why: string) =>
  new StepfoldError('ENGINE_FAILED', `onnxruntime could not ${what}: ${inOneLine(why)}`, {
    hint: isOutOfMemory(why)
      ? 'Memory does not suffice: choose smaller sizes (--shape, --latent-shape or --feed, as the command has them), or end other programs.'
      : 'Where it says that sizes do not go together, give others: --shape, --latent-shape or --feed, as the command has them.',
  });

export const nothingToFill = (file: string) =>
  new StepfoldError('FILL_NOTHING', `"${file}" has no external weights to fill in.`, {
    file,
    hint: 'Only models whose weights lie in an external file that is missing can be filled.',
  });

export const fillsItself = (file: string, tensor: string) =>
  new StepfoldError(
    'FILL_ITSELF',
    `Tensor "${tensor}" of "${file}" names the model file itself as its weights file.`,
    { file, value: tensor, hint: 'The file is damaged; export it again.' },
  );
