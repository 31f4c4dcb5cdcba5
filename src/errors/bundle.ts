/** Errors about writing a bundle. */
import { StepfoldError } from './base.js';
import { causeOf, type SystemFailure } from './causes.js';

export const outputNotEmpty = (folder: string) =>
  new StepfoldError('OUTPUT_NOT_EMPTY', `The folder "${folder}" is not empty.`, {
    file: folder,
    hint: 'Choose another folder, or replace the bundle in it with --force.',
  });

export const outputNotABundle = (folder: string, example: string) =>
  new StepfoldError(
    'OUTPUT_NOT_A_BUNDLE',
    `The folder "${folder}" holds "${example}", which is not part of a bundle, so --force does not replace it.`,
    { file: folder, hint: 'Choose another folder.' },
  );

/** @param option that names the file */
export const outputExists = (file: string, option = 'output') =>
  new StepfoldError('OUTPUT_EXISTS', `"${file}" is there already.`, {
    file,
    hint: `Choose another name with --${option}, or replace it with --force.`,
  });

export const picturesExist = (file: string) =>
  new StepfoldError('OUTPUT_EXISTS', `"${file}" is there already, of an earlier run.`, {
    file,
    hint: 'Choose another folder with --output, or replace it with --force.',
  });

export const outputIsAFile = (path: string) =>
  new StepfoldError('OUTPUT_IS_A_FILE', `"${path}" is a file, not a folder.`, {
    file: path,
    hint: 'Choose another name for the folder.',
  });

/** @param aside where the bundle is now, and who moved it there */
export const bundleInterrupted = (
  folder: string,
  aside: { readonly path: string; readonly host: string; readonly pid: number },
) =>
  new StepfoldError(
    'BUNDLE_INTERRUPTED',
    `The bundle "${folder}" is being replaced by process ${aside.pid} on "${aside.host}"; what was there before is in "${aside.path}".`,
    {
      file: folder,
      hint: 'Try again when that process is done; if it is no more, rename that folder back.',
      data: aside,
    },
  );

export const weightsElsewhere = (file: string) =>
  new StepfoldError(
    'WEIGHTS_ELSEWHERE',
    `"${file}" was not opened from a disk, so its weights cannot be linked or copied into a folder.`,
    {
      file,
      hint: 'Load the model with loadModel, or take the files of bundleFiles and write them.',
    },
  );

export const outputUnnamed = () =>
  new StepfoldError('OUTPUT_UNNAMED', 'The name of the output folder is empty.', {
    hint: 'Say where to write, such as -o bundle.',
  });

export const outputHoldsSource = (folder: string, source: string) =>
  new StepfoldError(
    'OUTPUT_HOLDS_SOURCE',
    `"${source}" is part of the bundle in "${folder}", which --force would replace.`,
    { file: source, hint: 'Choose another folder.' },
  );

export const writeFailed = (folder: string, cause: SystemFailure) => {
  const { why, hint } = causeOf(cause, 'Choose another place.');
  const error = new StepfoldError(
    'WRITE_FAILED',
    `Writing "${folder}" failed: ${why}. Nothing unfinished was left there.`,
    { file: folder, hint },
  );
  error.cause = cause;
  return error;
};

export const noElementType = (value: string, type: string) =>
  new StepfoldError(
    'SCHEDULE_ELEMENT_TYPE',
    `"${value}" has elements of type ${type}, which onnxruntime's JavaScript interface cannot carry.`,
    { value, hint: 'Export the model in float32 or float16.' },
  );
