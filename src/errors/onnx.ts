/** Errors about files: what is not ONNX, is cut short, or points where it must not. */
import { StepfoldError } from './base.js';

export const fileNotFound = (file: string) =>
  new StepfoldError('FILE_NOT_FOUND', `There is no file "${file}".`, {
    file,
    hint: 'Check the path.',
  });

export const isAFolder = (path: string) =>
  new StepfoldError('FILE_IS_A_FOLDER', `"${path}" is a folder, not a file.`, {
    file: path,
    hint: 'Give the .onnx file itself.',
  });

/** @param path of what is to be written */
export const outputIsAFolder = (path: string) =>
  new StepfoldError('FILE_IS_A_FOLDER', `"${path}" is a folder, and a file is to be written.`, {
    file: path,
    hint: 'Name a file, in that folder or elsewhere.',
  });

export const notOnnx = (file: string, why: string) =>
  new StepfoldError('ONNX_INVALID', `"${file}" is not an ONNX model: ${why}.`, {
    file,
    hint: 'Give the .onnx file that an exporter wrote.',
  });

export const truncatedOnnx = (file: string, at: number) =>
  new StepfoldError(
    'ONNX_TRUNCATED',
    `"${file}" ends in the middle of a field that starts at byte ${at}.`,
    {
      file,
      hint: 'The file is incomplete; copy or download it again.',
    },
  );

export const tensorDataMissing = (tensor: string, location?: string) =>
  new StepfoldError(
    'TENSOR_DATA_MISSING',
    `Tensor "${tensor}" has no data${location ? ` (its file is "${location}")` : ''}.`,
    {
      value: tensor,
      file: location,
      hint:
        location === undefined
          ? 'The file does not hold it; export the model again.'
          : 'Load the model from its folder, with its weights beside it.',
    },
  );

export const tensorDataSize = (tensor: string, needs: number, has: number) =>
  new StepfoldError(
    'TENSOR_DATA_SIZE',
    `Tensor "${tensor}" needs ${needs} bytes for its type and dimensions, but has ${has} bytes.`,
    { value: tensor, hint: 'The file is damaged or was edited by hand; export it again.' },
  );

export const negativeDimension = (tensor: string, dim: number) =>
  new StepfoldError('TENSOR_DIMENSION', `Tensor "${tensor}" has a dimension of ${dim}.`, {
    value: tensor,
    hint: 'The file is not a valid ONNX model; export it again.',
  });

/** @param where in which folder, or beside which file */
export const externalDataMissing = (tensor: string, location: string, where: string) =>
  new StepfoldError(
    'EXTERNAL_DATA_MISSING',
    `The weights file "${location}" of tensor "${tensor}" is not ${where}.`,
    {
      value: tensor,
      file: location,
      hint: 'Put the file beside the model, or fill a stripped model with `stepfold fill`.',
    },
  );

export const externalDataEscapes = (tensor: string, location: string, why: string) =>
  new StepfoldError(
    'EXTERNAL_DATA_ESCAPES',
    `The weights file "${location}" of tensor "${tensor}" ${why}; onnxruntime refuses such paths too.`,
    { value: tensor, file: location, hint: "Keep external data inside the model's own folder." },
  );

export const externalDataShort = (tensor: string, location: string, needs: number, has: number) =>
  new StepfoldError(
    'EXTERNAL_DATA_SHORT',
    `The weights file "${location}" ends at byte ${has}, but tensor "${tensor}" lies up to byte ${needs}.`,
    {
      value: tensor,
      file: location,
      hint: 'The weights file is incomplete; copy or download it again.',
    },
  );

export const fileChanged = (file: string, why: string) =>
  new StepfoldError('FILE_CHANGED', `"${file}" can no longer be read: ${why}.`, {
    file,
    hint: 'It was written, moved or removed since it was chosen; choose it again.',
  });

export const rangesRefused = (url: string) =>
  new StepfoldError('FETCH_RANGES', `The server of "${url}" sends no parts of files.`, {
    file: url,
    hint: 'Serve it with range requests, and Content-Range exposed to other origins; or fetch it whole and pass it as a Blob.',
  });

export const modelTooDeep = () =>
  new StepfoldError(
    'ONNX_TOO_DEEP',
    'The graphs of the model lie deeper in one another than a protobuf file can say (100 messages).',
    { hint: 'Export the model with fewer If, Loop and Scan nodes inside one another.' },
  );

export const modelTooLarge = (file: string, bytes: number) =>
  new StepfoldError(
    'ONNX_TOO_LARGE',
    `"${file}" would hold ${bytes} bytes; a protobuf file ends at 2 GiB.`,
    { file, hint: 'Write the weights to an external file.' },
  );
