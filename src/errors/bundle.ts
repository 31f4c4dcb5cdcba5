/** Errors about writing a bundle. */
import { StepfoldError } from './base.js';

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

export const outputIsAFile = (path: string) =>
  new StepfoldError('OUTPUT_IS_A_FILE', `"${path}" is a file, not a folder.`, {
    file: path,
    hint: 'Choose another name for the folder.',
  });

export const writeFailed = (folder: string, why: string) =>
  new StepfoldError('WRITE_FAILED', `Writing "${folder}" failed: ${why}. Nothing was left there.`, {
    file: folder,
    hint: 'Free space or choose another place, and run the command again.',
  });

export const noElementType = (value: string, type: string) =>
  new StepfoldError(
    'SCHEDULE_ELEMENT_TYPE',
    `"${value}" has elements of type ${type}, which onnxruntime's JavaScript interface cannot carry.`,
    { value, hint: 'Export the model with float32 or float16 inputs and outputs.' },
  );
