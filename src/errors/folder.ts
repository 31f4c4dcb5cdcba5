/** Errors about folders that models are found in. */
import { StepfoldError } from './base.js';

const list = (files: readonly string[]) => files.map((file) => `"${file}"`).join(', ');

export const folderWithoutModel = (folder: string) =>
  new StepfoldError(
    'FOLDER_NO_MODEL',
    `"${folder}" holds no .onnx file, neither itself nor in a unet or transformer folder.`,
    { file: folder, hint: 'Export the pipeline to ONNX first, or give the .onnx file itself.' },
  );

export const severalModels = (folder: string, files: readonly string[]) =>
  new StepfoldError('FOLDER_SEVERAL_MODELS', `"${folder}" holds several models: ${list(files)}.`, {
    file: folder,
    hint: 'Give the one that is meant by its file.',
    data: { files },
  });

export const severalDenoisers = (folder: string, files: readonly string[]) =>
  new StepfoldError(
    'FOLDER_SEVERAL_DENOISERS',
    `"${folder}" holds several denoisers: ${list(files)}.`,
    { file: folder, hint: 'Give the one that is meant by its file.', data: { files } },
  );

export const vaeConfig = (file: string, why: string) =>
  new StepfoldError('FOLDER_VAE', `"${file}" does not say how latents are scaled: ${why}.`, {
    file,
    hint: 'Mend the file, or run without pictures: --no-decode, and latents with --init.',
  });

export const vaePorts = (file: string, why: string) =>
  new StepfoldError('FOLDER_VAE', `"${file}" is no model between latents and pictures: ${why}.`, {
    file,
    hint: 'Export it as optimum does, or run without pictures: --no-decode, and latents with --init.',
  });

export const vaeNeeded = (picture: string, channels: number | string) =>
  new StepfoldError(
    'VAE_NEEDED',
    `"${picture}" is a picture, and the model works on latents of ${channels} channels.`,
    {
      file: picture,
      hint: 'Give a pipeline folder that has vae_encoder/model.onnx, or its latents as .npy.',
    },
  );

export const pictureShape = (picture: string, has: string, wants: string) =>
  new StepfoldError('PICTURE_SHAPE', `"${picture}" is ${has}, and the model takes ${wants}.`, {
    file: picture,
    hint: 'Scale the picture, or choose the size with --latent-shape.',
  });

export const folderIsBundle = (folder: string, bundle: string) =>
  new StepfoldError(
    'FOLDER_IS_A_BUNDLE',
    `"${folder}" is no source: "${bundle}" is a bundle that \`stepfold transform\` wrote.`,
    { file: folder, hint: 'Give the model, or the folder, that it was made from.' },
  );

export const severalBundles = (folder: string, bundles: readonly string[]) =>
  new StepfoldError(
    'FOLDER_SEVERAL_BUNDLES',
    `"${folder}" holds several bundles: ${list(bundles)}.`,
    { file: folder, hint: 'Give the one that is meant.', data: { bundles } },
  );

export const linkLeavesFolder = (link: string, folder: string) =>
  new StepfoldError(
    'FOLDER_LINK_ESCAPES',
    `"${link}" is a link out of the folder "${folder}", so what it leads to is not passed on.`,
    { file: link, hint: 'Put the file itself there, or take the link away.' },
  );

export const bundleNameTaken = (file: string) =>
  new StepfoldError(
    'FOLDER_NAME_TAKEN',
    `The bundle needs the name of "${file}", which the pipeline has already.`,
    { file, hint: 'Rename that file, or transform the .onnx file by itself.' },
  );

export const outputInSource = (output: string, source: string) =>
  new StepfoldError(
    'OUTPUT_HOLDS_SOURCE',
    `The folders "${output}" and "${source}" lie one inside the other.`,
    { file: output, hint: 'Choose another folder.' },
  );

export const dumpInOutput = (dump: string, output: string) =>
  new StepfoldError(
    'OUTPUT_HOLDS_DUMP',
    `The folders "${dump}" of --dump and "${output}" lie one inside the other.`,
    { file: dump, hint: 'Choose another folder for one of them.' },
  );

const SCHEDULER_HINTS = {
  file: 'Mend the file, or point at the denoiser itself, such as pipeline/unet.',
  class:
    'Where the model goes by a schedule of betas all the same, say it: --betas, --beta-start, --beta-end, --prediction.',
  sampler: 'Choose one of these with --sampler, or point at the denoiser itself.',
  field:
    'Take it out of the file if it says nothing of the noise, or point at the denoiser itself and say its noise with --betas, --beta-start, --beta-end, --prediction.',
  option:
    'Say it on the command line (--betas, --beta-start, --beta-end, --prediction, --spacing, --clip), which comes before the file, or point at the denoiser itself.',
} as const;

/** @param fault what of the file is not understood */
export const schedulerUnreadable = (
  file: string,
  why: string,
  fault: keyof typeof SCHEDULER_HINTS,
) =>
  new StepfoldError('FOLDER_SCHEDULER', `"${file}" cannot be used: ${why}.`, {
    file,
    hint: SCHEDULER_HINTS[fault],
  });
