/** Errors about arrays and pictures read from or written to files. */
import { StepfoldError } from './base.js';

export const notNpy = (file: string, why: string) =>
  new StepfoldError('NPY_INVALID', `"${file}" is not a .npy file: ${why}.`, {
    file,
    hint: 'Write the array with numpy.save.',
  });

export const npyTruncated = (file: string, needs: number, has: number) =>
  new StepfoldError(
    'NPY_TRUNCATED',
    `"${file}" ends at byte ${has}, but its array lies up to byte ${needs}.`,
    {
      file,
      hint: 'The file is incomplete; copy or write it again.',
    },
  );

export const npyType = (file: string, descr: string) =>
  new StepfoldError(
    'NPY_TYPE',
    `"${file}" holds elements of type ${descr}, which a denoiser cannot take.`,
    {
      file,
      hint: 'Convert the array to a boolean, integer or floating point type of at most 64 bits first.',
    },
  );

export const npyLength = (found: number, dims: readonly number[]) =>
  new StepfoldError(
    'NPY_LENGTH',
    `An array of shape [${dims.join(', ')}] cannot have ${found} elements.`,
    {
      data: { found, dims },
      hint: 'Give as many elements as the shape has.',
    },
  );

export const notPicture = (dims: readonly number[]) =>
  new StepfoldError(
    'IMAGE_SHAPE',
    `A tensor of shape [${dims.join(', ')}] is no batch of pictures.`,
    {
      data: { dims },
      hint: 'Pictures are [batch, channels, height, width] with 1, 3 or 4 channels; save other latents as .npy.',
    },
  );

export const picturesDiffer = (found: string, expected: string) =>
  new StepfoldError('IMAGE_GRID', `A grid of ${expected} pictures cannot hold one of ${found}.`, {
    hint: 'Give pictures of one size and one number of channels.',
  });

export const gridEmpty = () =>
  new StepfoldError('IMAGE_GRID_EMPTY', 'A grid needs at least one picture.', {
    hint: 'Give some pictures.',
  });

export const gridOption = (option: string, found: number, least: number) =>
  new StepfoldError(
    'IMAGE_GRID_OPTION',
    `The grid option ${option} is ${found}; it must be an integer from ${least} up.`,
    {
      data: { option, found },
      hint: `Give an integer of ${least} or more.`,
    },
  );

export const notPng = (file: string, why: string) =>
  new StepfoldError('PNG_INVALID', `"${file}" is not a PNG file that can be read: ${why}.`, {
    file,
    hint: 'Give a complete PNG file.',
  });

export const noImages = (folder: string) =>
  new StepfoldError('IMAGES_NONE', `"${folder}" holds no pictures in pairs.`, {
    file: folder,
    hint: 'Name them NAME-source.png and NAME-bundle.png.',
  });

export const imagesUnpaired = (file: string) =>
  new StepfoldError('IMAGES_UNPAIRED', `"${file}" is missing beside its other half.`, {
    file,
    hint: 'Give both pictures of each pair: NAME-source.png and NAME-bundle.png.',
  });
